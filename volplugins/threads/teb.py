"""The thread environment block (TEB): the members that !teb prints, at offsets that hold from Windows XP to 11."""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader
from volplugins.memory.structure import Layout, read_structure

_SOURCE = "built-in, builds 2600 to 22000"
TEB = {
    64: Layout("_TEB", 0x70, {
        "ExceptionList": (0x0, 8), "StackBase": (0x8, 8), "StackLimit": (0x10, 8), "SubSystemTib": (0x18, 8),
        "Self": (0x30, 8), "EnvironmentPointer": (0x38, 8), "ClientId.UniqueProcess": (0x40, 8),
        "ClientId.UniqueThread": (0x48, 8), "ProcessEnvironmentBlock": (0x60, 8), "LastErrorValue": (0x68, 4),
    }, _SOURCE),
    32: Layout("_TEB", 0x38, {
        "ExceptionList": (0x0, 4), "StackBase": (0x4, 4), "StackLimit": (0x8, 4), "SubSystemTib": (0xC, 4),
        "Self": (0x18, 4), "EnvironmentPointer": (0x1C, 4), "ClientId.UniqueProcess": (0x20, 4),
        "ClientId.UniqueThread": (0x24, 4), "ProcessEnvironmentBlock": (0x30, 4), "LastErrorValue": (0x34, 4),
    }, _SOURCE),
}  # fmt: skip


def teb_fields(memory: MemoryReader, address: int, bits: int) -> dict[str, int]:
    """The members by WinDbg's names; raises ReadError."""
    structure = read_structure(memory, address, TEB[bits])
    return {name: structure.unsigned(name) for name in structure.layout.members}
