"""The process environment block (PEB): its members as WinDbg's !peb names them, its heaps.

Offsets are the same in every build from Windows XP to 11 (public symbol tables of builds 2600 to 22000 agree).
"""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_structure

MOST_HEAPS = 1024
_SOURCE = "built-in, builds 2600 to 22000"

PEB = {
    64: Layout("_PEB", 0x2C8, {
        "InheritedAddressSpace": (0x0, 1), "ReadImageFileExecOptions": (0x1, 1), "BeingDebugged": (0x2, 1),
        "ImageBaseAddress": (0x10, 8), "Ldr": (0x18, 8), "ProcessParameters": (0x20, 8), "SubSystemData": (0x28, 8),
        "ProcessHeap": (0x30, 8), "NumberOfProcessors": (0xB8, 4), "NtGlobalFlag": (0xBC, 4),
        "NumberOfHeaps": (0xE8, 4), "MaximumNumberOfHeaps": (0xEC, 4), "ProcessHeaps": (0xF0, 8),
        "OSMajorVersion": (0x118, 4), "OSMinorVersion": (0x11C, 4), "OSBuildNumber": (0x120, 2),
        "SessionId": (0x2C0, 4),
    }, _SOURCE),
    32: Layout("_PEB", 0x1D8, {
        "InheritedAddressSpace": (0x0, 1), "ReadImageFileExecOptions": (0x1, 1), "BeingDebugged": (0x2, 1),
        "ImageBaseAddress": (0x8, 4), "Ldr": (0xC, 4), "ProcessParameters": (0x10, 4), "SubSystemData": (0x14, 4),
        "ProcessHeap": (0x18, 4), "NumberOfProcessors": (0x64, 4), "NtGlobalFlag": (0x68, 4),
        "NumberOfHeaps": (0x88, 4), "MaximumNumberOfHeaps": (0x8C, 4), "ProcessHeaps": (0x90, 4),
        "OSMajorVersion": (0xA4, 4), "OSMinorVersion": (0xA8, 4), "OSBuildNumber": (0xAC, 2),
        "SessionId": (0x1D4, 4),
    }, _SOURCE),
}  # fmt: skip


def read_peb(memory: MemoryReader, address: int, bits: int) -> Structure:
    """The PEB at ``address``; raises ReadError."""
    return read_structure(memory, address, PEB[bits])


def heaps(memory: MemoryReader, peb: Structure, bits: int) -> tuple[tuple[int, ...], str]:
    """Addresses of the process's heaps by the PEB's array, and what was wrong with it."""
    count, table, width = peb.unsigned("NumberOfHeaps"), peb.unsigned("ProcessHeaps"), bits // 8
    if not count or not table:
        return (), ""
    note = ""
    if count > max(peb.unsigned("MaximumNumberOfHeaps"), 1) or count > MOST_HEAPS:
        note = f"NumberOfHeaps {count} is more than there can be"
        count = min(count, peb.unsigned("MaximumNumberOfHeaps"), MOST_HEAPS)
    found = []
    for number in range(count):
        try:
            found.append(int.from_bytes(memory.read(table + number * width, width), "little"))
        except ReadError as error:
            return tuple(found), f"ProcessHeaps breaks at {error.address:#x}: {error.reason}"
    return tuple(found), note
