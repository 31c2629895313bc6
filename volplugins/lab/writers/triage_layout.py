"""TRIAGE_DUMP and its companions: the tables of a small dump, per architecture.

Facts: rizin's dmp_specs.h, the public header wdbgexts.h for KLDR_DATA_TABLE_ENTRY and DUMP_UNLOADED_DRIVERS, and a real
small dump of build 19041.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


def _offsets(names: str, wide: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    # Fields one after the other, 4 bytes each unless named in `wide`.
    offset, fields = 0, {}
    for name in names.split():
        fields[name] = (offset, wide.get(name, 4))
        offset += wide.get(name, 4)
    return fields


_UP_TO_STACK = """
    ServicePackBuild SizeOfDump ValidOffset ContextOffset ExceptionOffset MmOffset UnloadedDriversOffset PrcbOffset
    ProcessOffset ThreadOffset CallStackOffset SizeOfCallStack DriverListOffset DriverCount StringPoolOffset
    StringPoolSize BrokenDriverOffset TriageOptions TopOfStack
"""
_FROM_DATA_PAGE = """
    DataPageAddress DataPageOffset DataPageSize DebuggerDataOffset DebuggerDataSize DataBlocksOffset DataBlocksCount
"""
_ITANIUM = "BStoreOffset SizeOfBStore LimitOfBStore"


@dataclass(frozen=True, slots=True)
class TriageLayout:
    """A small dump's tables.

    Attributes:
        fields: offset and size in bytes of each field of TRIAGE_DUMP, from its start.
        size: bytes of TRIAGE_DUMP.
        mm_size: bytes of DUMP_MM_STORAGE.
        driver_size: bytes of a driver entry.
        driver: offset and size of what Windows fills in of a driver entry.
        unloaded_size: bytes of an unloaded driver's entry.
        unloaded_name: offset of its name, 12 characters of UTF-16.
        unloaded_range: offset of its start and end address.
        kernel_unloaded_size: bytes of an entry of the kernel's own array, MmUnloadedDrivers.
    """

    fields: Mapping[str, tuple[int, int]]
    size: int
    mm_size: int
    driver_size: int
    driver: Mapping[str, tuple[int, int]]
    unloaded_size: int
    unloaded_name: int
    unloaded_range: int
    kernel_unloaded_size: int


LAYOUTS = {
    64: TriageLayout(
        fields=_offsets(
            _UP_TO_STACK + _ITANIUM + _FROM_DATA_PAGE, {"TopOfStack": 8, "LimitOfBStore": 8, "DataPageAddress": 8}
        ),
        size=0x80,
        mm_size=0x50,
        driver_size=0x90,
        driver={
            "DriverNameOffset": (0x0, 4),
            "DllBase": (0x8 + 0x30, 8),
            "SizeOfImage": (0x8 + 0x40, 4),
            "CheckSum": (0x8 + 0x78, 4),
            "TimeDateStamp": (0x8 + 0x80, 4),
        },
        unloaded_size=0x38,
        unloaded_name=0x10,
        unloaded_range=0x28,
        kernel_unloaded_size=0x28,
    ),
    32: TriageLayout(
        fields=_offsets(_UP_TO_STACK + _FROM_DATA_PAGE, {}),
        size=0x68,
        mm_size=0x34,
        driver_size=0x4C,
        driver={
            "DriverNameOffset": (0x0, 4),
            "DllBase": (0x4 + 0x18, 4),
            "SizeOfImage": (0x4 + 0x20, 4),
            "CheckSum": (0x4 + 0x40, 4),
            "TimeDateStamp": (0x4 + 0x44, 4),
        },
        unloaded_size=0x28,
        unloaded_name=0x8,
        unloaded_range=0x20,
        kernel_unloaded_size=0x18,
    ),
}
