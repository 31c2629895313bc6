"""User code of x86 that is not flat: virtual-8086 mode and code of an LDT, by the trap frame it was left with.

Offsets: _KTRAP_FRAME of the public symbol tables (x86, alike in every build); the processor pushes ES, DS, FS and GS of
virtual-8086 mode behind SS (Intel SDM 3B, 21.3.1 and figure 21-5). Flags: volume 1, 3.4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError

_SIZE = 0x8C
_OFFSETS = {
    "gs": 0x30, "es": 0x34, "ds": 0x38, "edx": 0x3C, "ecx": 0x40, "eax": 0x44, "fs": 0x50, "edi": 0x54, "esi": 0x58,
    "ebx": 0x5C, "ebp": 0x60, "eip": 0x68, "cs": 0x6C, "efl": 0x70, "esp": 0x74, "ss": 0x78,
}  # fmt: skip
_VIRTUAL_SEGMENTS = {"es": 0x7C, "ds": 0x80, "fs": 0x84, "gs": 0x88}
SELECTORS = ("cs", "ss", "ds", "es", "fs", "gs")
VIRTUAL_8086 = 1 << 17
_ALWAYS_SET, _NEVER_SET, _LARGEST_FLAGS = 2, 0x8028, 1 << 22
_LOCAL_USER = 7  # of a selector: table LDT, privilege level 3
_FLAT_STACK = 0x23


@dataclass(frozen=True, slots=True)
class SegmentedRegisters:
    """Registers of code in virtual-8086 mode or in a segment of an LDT.

    Attributes:
        values: by name, selectors (16 bits) among them; virtual: whether it is virtual-8086 mode.
    """

    values: Mapping[str, int]
    virtual: bool

    @property
    def offset(self) -> int:
        """The instruction pointer: IP in virtual-8086 mode, else EIP."""
        return self.values["eip"]


def segmented_of(values: Mapping[str, int]) -> SegmentedRegisters | None:
    """Registers by the names of context records as segmented ones; None where their code is flat or they are none."""
    flags = values.get("efl", 0)
    if not {"eip", "esp", "ebp", "cs", "ss"} <= set(values) or not flags & _ALWAYS_SET or flags & _NEVER_SET:
        return None
    if flags >= _LARGEST_FLAGS:
        return None
    kept = {name: value & 0xFFFF if name in SELECTORS else value for name, value in values.items()}
    if flags & VIRTUAL_8086:
        return SegmentedRegisters(kept, True) if kept["eip"] >> 16 == 0 else None
    stack = kept["ss"] & _LOCAL_USER == _LOCAL_USER or kept["ss"] == _FLAT_STACK
    return SegmentedRegisters(kept, False) if kept["cs"] & _LOCAL_USER == _LOCAL_USER and stack else None


def read_segmented(memory: MemoryReader, trap_frame: int) -> SegmentedRegisters | None:
    """The registers in the trap frame there; None where it cannot be read or its code is flat."""
    try:
        data = memory.read(trap_frame, _SIZE)
    except ReadError:
        return None
    values = {name: int.from_bytes(data[at : at + 4], "little") for name, at in _OFFSETS.items()}
    if values["efl"] & VIRTUAL_8086:
        values |= {name: int.from_bytes(data[at : at + 2], "little") for name, at in _VIRTUAL_SEGMENTS.items()}
    return segmented_of(values)
