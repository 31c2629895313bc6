"""Lists of offsets by build, as text: ``## _IRP x64``, a head line of builds, then a line per member in hexadecimal.

Or on one line, ``Member:OFFSET(BUILD-BUILD) OFFSET(BUILD); Member:OFFSET``: without builds it holds for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

# a list's column: the first build that the column describes
_FIRST_BUILDS = {6002: 6000, 7601: 7600}
# builds that lists on one line speak of
_X86 = (3790, 6002, 7601, 9200, 9600, 10240, 14393, 15063, 16299, 17134, 17763, 18362, 19041)
_COMPACT = {64: (*_X86, 22000, 22621, 22631), 32: (2600, *_X86)}


@dataclass(slots=True)
class OffsetList:
    """Offsets of one structure's members by build; members of nested unnamed structures are relative to these."""

    size: dict[int, int] = field(default_factory=dict)
    members: dict[str, dict[int, int]] = field(default_factory=dict)

    @property
    def builds(self) -> list[int]:
        """Builds of which the list knows anything."""
        return sorted(self.size)


def read_offset_lists(folder: Path) -> dict[tuple[str, int], OffsetList]:
    """The lists of all text files of a folder, by structure and bits (32 or 64)."""
    lists: dict[tuple[str, int], OffsetList] = {}
    for file in sorted(folder.glob("*.txt")):
        for block in file.read_text().split("## ")[1:]:
            head, columns, *lines = block.splitlines()
            structure, machine = head.split()[:2]
            bits = 64 if machine == "x64" else 32
            if columns.startswith("field"):
                lists[structure, bits] = _list(columns, lines)
            elif columns.startswith("@size:"):
                lists[structure, bits] = _compact(
                    columns, [_FIRST_BUILDS.get(build, build) for build in _COMPACT[bits]]
                )
    return lists


def _compact(line: str, builds: list[int]) -> OffsetList:
    found = OffsetList()
    whole = {name: text.split() for name, _, text in (part.strip().partition(":") for part in line.split(";"))}
    for name, cells in whole.items():
        values: dict[int, int] = {}
        for cell in cells:
            offset, _, span = cell.partition("(")
            first, last = _span(span.rstrip(")"), builds)
            if offset != "-":
                values.update({build: int(offset, 16) for build in builds if first <= build <= last})
        if name == "@size":
            found.size = values
        else:
            found.members[name] = values
    return found


def _span(text: str, builds: list[int]) -> tuple[int, int]:
    if not text:
        return builds[0], builds[-1]
    first, _, last = text.partition("-")
    return tuple(_FIRST_BUILDS.get(int(each), int(each)) for each in (first, last or first))  # type: ignore[return-value]


def _list(columns: str, lines: list[str]) -> OffsetList:
    found = OffsetList()
    builds = [_FIRST_BUILDS.get(int(each), int(each)) for each in columns.split()[1:]]
    for line in lines:
        name, *cells = line.split()
        values = {build: int(cell, 16) for build, cell in zip(builds, cells, strict=False) if cell != "-"}
        if name == "@size":
            found.size = values
        else:
            found.members[name] = values
    return found
