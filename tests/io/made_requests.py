"""Requests made of bytes, for tests without a dump: what a test sets, at the places that every build has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from volplugins.kernel.io_layouts import IoLayouts, built_in_io
from volplugins.memory.reader import SegmentReader

KERNEL = {64: 0xFFFFE000_00000000, 32: 0x8000_0000}
LAYOUTS = {64: built_in_io(64, 19041), 32: built_in_io(32, 19041)}


@dataclass(slots=True)
class MadeLocation:
    """One stack location; parameters are words of the machine."""

    major: int = 0
    minor: int = 0
    control: int = 0
    device: int = 0
    file: int = 0
    completion: int = 0
    parameters: Sequence[int] = ()


@dataclass(slots=True)
class MadeMemory:
    """Kernel memory with structures in it."""

    bits: int
    segments: dict[int, bytearray] = field(default_factory=dict)

    @property
    def layouts(self) -> IoLayouts:
        return LAYOUTS[self.bits]

    @property
    def width(self) -> int:
        return self.bits // 8

    def at(self, offset: int) -> int:
        """An address of the kernel's half."""
        return KERNEL[self.bits] + offset

    def reader(self) -> SegmentReader:
        return SegmentReader({address: bytes(data) for address, data in self.segments.items()})

    def put(self, address: int, value: int, size: int = 0) -> None:
        """Write a number into the segment that holds ``address``."""
        start = max(each for each in self.segments if each <= address)
        size = size or self.width
        self.segments[start][address - start : address - start + size] = (value & ((1 << 8 * size) - 1)).to_bytes(
            size, "little"
        )

    def block(self, address: int, size: int) -> int:
        self.segments[address] = bytearray(size)
        return address

    def link(self, *entries: int) -> None:
        """Make a circular list of these entries; the first is its head."""
        for entry, following in zip(entries, (*entries[1:], entries[0]), strict=True):
            self.put(entry, following)
            self.put(following + self.width, entry)

    def request(
        self, address: int, locations: Sequence[MadeLocation], current: int, thread: int = 0, **members: int
    ) -> int:
        """A request with these locations, lowest first."""
        irp, location = self.layouts.irp, self.layouts.stack_location
        size = irp.size + len(locations) * location.size
        self.block(address, size)
        values = {
            "Type": 6, "Size": size, "StackCount": len(locations), "CurrentLocation": current, "Thread": thread,
            "CurrentStackLocation": address + irp.size + (current - 1) * location.size, **members,
        }  # fmt: skip
        for name, value in values.items():
            at, width = irp.members[name]
            self.put(address + at, value, width)
        entry = address + irp.offset("ThreadListEntry")
        self.link(entry)
        for number, made in enumerate(locations):
            self._location(address + irp.size + number * location.size, made)
        return address

    def _location(self, address: int, made: MadeLocation) -> None:
        layout = self.layouts.stack_location
        values = {
            "MajorFunction": made.major, "MinorFunction": made.minor, "Control": made.control,
            "DeviceObject": made.device, "FileObject": made.file, "CompletionRoutine": made.completion,
        }  # fmt: skip
        for name, value in values.items():
            at, size = layout.members[name]
            self.put(address + at, value, size)
        for index, word in enumerate(made.parameters):
            self.put(address + layout.offset("Parameters") + index * self.width, word)
