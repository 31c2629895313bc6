"""Lists of offsets by build, as text: ``## _IRP x64``, a head line of builds, then a line per member in hexadecimal."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

# a list's column: the first build that the column describes
_FIRST_BUILDS = {6002: 6000, 7601: 7600}


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
            if columns.startswith("field"):
                lists[structure, 64 if machine == "x64" else 32] = _list(columns, lines)
    return lists


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
