"""The driver list and the unloaded drivers of a triage dump."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource
from volplugins.dumpfile.triage_fields import TriageLayout

DRIVER_NOTES = ("DriverCount", "DriverNames")  # fields of the notes on the list of drivers
MAX_DRIVERS = 4096
MAX_UNLOADED = 64  # Windows keeps 50
_LONGEST_NAME = 32767  # characters that a counted string of Windows can have
_UNLOADED_CHARACTERS = 12
_MOST_TEXT = 1 << 23  # characters of all names together, as of the kernel's own list


@dataclass(frozen=True, slots=True)
class TriageDriver:
    """A loaded driver.

    Attributes:
        name: path or file name as the string pool has it; empty where that is not in the file.
        base, size: where its image is, bytes.
        entry_point, flags, load_count: as the loader's entry has them; Windows 10 writes zeros.
        checksum, timestamp: of its PE header.
        note: what was odd.
    """

    name: str
    base: int
    entry_point: int
    size: int
    flags: int
    load_count: int
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
    entries = (data[at : at + layout.driver_size] for at in range(0, len(data), layout.driver_size))
    names = _Names(source)
    drivers = tuple(_driver(names, layout, entry) for entry in entries)
    if names.left_out:
        why = f"{names.left_out} names are left out: all together have more than {_MOST_TEXT:,} characters"
        notes.append(Note("DriverNames", why))
    return drivers


@dataclass(slots=True)
class _Names:
    """The names of one list of drivers: each place of the string pool is read once, and all together are capped.

    A hostile dump may give one long name to each of thousands of drivers, or to each another that begins inside it.

    Attributes:
        left_out: drivers whose names there was no room for; those names are not kept.
    """

    source: ByteSource
    left_out: int = 0
    _length: int = 0
    _kept: dict[int, str] = field(default_factory=dict)
    _left_out: set[int] = field(default_factory=set)

    def at(self, offset: int) -> tuple[str, str]:
        """The name there, and what is odd about it."""
        name = self._kept.get(offset)
        if name is None and offset not in self._left_out:
            name = read_pool_string(self.source, offset)
        if name is None or self._length + len(name) > _MOST_TEXT:
            self._left_out.add(offset)  # what is kept only grows: there will be no room for it later either
            self.left_out += 1
            return "", "its name is left out: too much text"
        self._kept[offset] = name
        self._length += len(name)
        return name, "" if name else "its name is not in the file"


def _driver(names: _Names, layout: TriageLayout, entry: bytes) -> TriageDriver:
    def number(at: int, size: int) -> int:
        return int.from_bytes(entry[at : at + size], "little")

    name, note = names.at(number(0, 4))
    return TriageDriver(
        name,
        number(layout.driver_base, layout.pointer),
        number(layout.driver_entry_point, layout.pointer),
        number(layout.driver_image_size, 4),
        number(layout.driver_flags, 4),
        number(layout.driver_load_count, 2),
        number(layout.driver_checksum, 4),
        number(layout.driver_timestamp, 4),
        note,
    )


def read_pool_string(source: ByteSource, offset: int) -> str:
    """A counted string of the string pool: number of characters, then UTF-16; empty where it is not in the file."""
    head = source.read(offset, 4) if offset else b""
    if len(head) < 4:
        return ""
    length = min(int.from_bytes(head, "little"), _LONGEST_NAME)
    return source.read(offset + 4, 2 * length).decode("utf-16-le", "replace").split("\0", 1)[0]


def read_unloaded(
    source: ByteSource, layout: TriageLayout, offset: int, notes: list[Note]
) -> tuple[UnloadedDriver, ...]:
    """Read the unloaded drivers at ``offset``: a count, then entries; those without a range are left out."""
    if not offset:
        return ()
    head = source.read(offset, 4)
    count = int.from_bytes(head, "little")
    if len(head) < 4:
        notes.append(Note("UnloadedDriversOffset", f"points past the end of the file ({offset:#x})"))
    if count > MAX_UNLOADED:
        notes.append(Note("UnloadedDrivers", f"{count} unloaded drivers are claimed; Windows keeps no more than 50"))
    wanted = min(count, MAX_UNLOADED) * layout.unloaded_size
    data = source.read(offset + layout.unloaded_first, wanted)
    if len(data) < wanted:
        notes.append(Note("UnloadedDrivers", "the file ends inside the list"))
    starts = range(0, len(data) - layout.unloaded_size + 1, layout.unloaded_size)
    found = [_unloaded(layout, data[at : at + layout.unloaded_size]) for at in starts]
    sane = tuple(driver for driver in found if driver.end > driver.start)
    if len(sane) < len(found):
        notes.append(Note("UnloadedDrivers", f"{len(found) - len(sane)} entries have no range of addresses", "info"))
    return sane


def _unloaded(layout: TriageLayout, entry: bytes) -> UnloadedDriver:
    length = min(int.from_bytes(entry[:2], "little") // 2, _UNLOADED_CHARACTERS)
    name = entry[layout.unloaded_name : layout.unloaded_name + 2 * length].decode("utf-16-le", "replace")
    start, end = (
        int.from_bytes(entry[at : at + layout.pointer], "little")
        for at in (layout.unloaded_start, layout.unloaded_start + layout.pointer)
    )
    return UnloadedDriver(name.split("\0", 1)[0], start, end)
