"""The driver list and the unloaded drivers of a triage dump."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource
from volplugins.dumpfile.triage_fields import TriageLayout

MAX_DRIVERS = 4096
MAX_UNLOADED = 64
_LONGEST_NAME = 1024
_UNLOADED_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class TriageDriver:
    """A loaded driver; ``name`` is a path or file name as the string pool has it."""

    name: str
    base: int
    entry_point: int
    size: int
    flags: int
    checksum: int
    timestamp: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class UnloadedDriver:
    """A driver that was unloaded: its name (twelve characters at most), first address and first address behind."""

    name: str
    start: int
    end: int


def read_drivers(
    source: ByteSource, layout: TriageLayout, offset: int, count: int, notes: list[Note]
) -> tuple[TriageDriver, ...]:
    """Read up to ``count`` entries at ``offset``; fewer where the file ends."""
    room = max(source.size - offset, 0) // layout.driver_size if offset else 0
    possible = min(count, room, MAX_DRIVERS)
    if count > possible:
        notes.append(Note("DriverCount", f"{count} drivers are claimed; {possible} can be read"))
    data = source.read(offset, possible * layout.driver_size)
    entries = (data[i * layout.driver_size : (i + 1) * layout.driver_size] for i in range(possible))
    return tuple(_driver(source, layout, entry) for entry in entries)


def _driver(source: ByteSource, layout: TriageLayout, entry: bytes) -> TriageDriver:
    def number(at: int, size: int) -> int:
        return int.from_bytes(entry[at : at + size], "little")

    name = _pool_string(source, number(0, 4))
    return TriageDriver(
        name,
        number(layout.driver_base, layout.pointer),
        number(layout.driver_entry_point, layout.pointer),
        number(layout.driver_image_size, 4),
        number(layout.driver_flags, 4),
        number(layout.driver_checksum, 4),
        number(layout.driver_timestamp, 4),
        "" if name else "its name is not in the file",
    )


def _pool_string(source: ByteSource, offset: int) -> str:
    """A counted string of the string pool: number of characters, then UTF-16."""
    head = source.read(offset, 4) if offset else b""
    if len(head) < 4:
        return ""
    length = min(int.from_bytes(head, "little"), _LONGEST_NAME)
    return source.read(offset + 4, 2 * length).decode("utf-16-le", "replace").split("\0", 1)[0]


def read_unloaded(
    source: ByteSource, layout: TriageLayout, offset: int, notes: list[Note]
) -> tuple[UnloadedDriver, ...]:
    """Read the unloaded drivers at ``offset``: a count, then entries."""
    head = source.read(offset, 4) if offset else b""
    if len(head) < 4:
        return ()
    count = int.from_bytes(head, "little")
    if count > MAX_UNLOADED:
        notes.append(Note("UnloadedDrivers", f"{count} unloaded drivers are claimed; Windows keeps no more than 50"))
    first = offset + layout.unloaded_first
    data = source.read(first, min(count, MAX_UNLOADED) * layout.unloaded_size)
    found = []
    for at in range(0, len(data) - layout.unloaded_size + 1, layout.unloaded_size):
        entry = data[at : at + layout.unloaded_size]
        length = min(int.from_bytes(entry[:2], "little") // 2, _UNLOADED_CHARACTERS)
        name = entry[layout.unloaded_name : layout.unloaded_name + 2 * length].decode("utf-16-le", "replace")
        start, end = (
            int.from_bytes(entry[at_ : at_ + layout.pointer], "little")
            for at_ in (layout.unloaded_start, layout.unloaded_start + layout.pointer)
        )
        if end > start:
            found.append(UnloadedDriver(name.split("\0", 1)[0], start, end))
    return tuple(found)
