"""Layouts of a triage (small) dump: its own header, driver entries and unloaded drivers, 32- and 64-bit.

Sources: rizin's format description, and the real dumps that the tests compare with.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.dumpfile.header_fields import FieldLayout

_COMMON = (
    "ServicePackBuild", "SizeOfDump", "ValidOffset", "ContextOffset", "ExceptionOffset", "MmOffset",
    "UnloadedDriversOffset", "PrcbOffset", "ProcessOffset", "ThreadOffset", "CallStackOffset", "SizeOfCallStack",
    "DriverListOffset", "DriverCount", "StringPoolOffset", "StringPoolSize", "BrokenDriverOffset", "TriageOptions",
)  # fmt: skip
_TAIL = (
    "DataPageOffset", "DataPageSize", "DebuggerDataOffset", "DebuggerDataSize", "DataBlocksOffset", "DataBlocksCount",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TriageLayout:
    """Offsets within the triage header, and within one driver, unloaded driver and data block entry; sizes in bytes."""

    base: int
    size: int
    fields: tuple[FieldLayout, ...]
    pointer: int
    driver_size: int
    driver_base: int
    driver_entry_point: int
    driver_image_size: int
    driver_flags: int
    driver_load_count: int
    driver_checksum: int
    driver_timestamp: int
    unloaded_size: int
    unloaded_first: int
    unloaded_name: int
    unloaded_start: int
    data_block_size: int


def _layout(base: int, middle: tuple[tuple[str, int], ...], tail_at: int) -> tuple[FieldLayout, ...]:
    common = tuple(FieldLayout(name, base + 4 * i, 4) for i, name in enumerate(_COMMON))
    made, at = list(common), base + 4 * len(_COMMON)
    for name, size in middle:
        made.append(FieldLayout(name, at, size))
        at += size
    made.extend(FieldLayout(name, base + tail_at + 4 * i, 4) for i, name in enumerate(_TAIL))
    return tuple(made)


TRIAGE64 = TriageLayout(
    base=0x2000,
    size=0x80,
    fields=_layout(
        0x2000,
        (("TopOfStack", 8), ("BStoreOffset", 4), ("SizeOfBStore", 4), ("LimitOfBStore", 8), ("DataPageAddress", 8)),
        0x68,
    ),
    pointer=8,
    # DriverNameOffset, padding, then a loader entry
    driver_size=0x90,
    driver_base=0x38,
    driver_entry_point=0x40,
    driver_image_size=0x48,
    driver_flags=0x70,
    driver_load_count=0x74,
    driver_checksum=0x80,
    driver_timestamp=0x88,
    # UNICODE_STRING, twelve characters, start and end
    unloaded_size=0x38,
    unloaded_first=8,
    unloaded_name=0x10,
    unloaded_start=0x28,
    data_block_size=16,
)
TRIAGE32 = TriageLayout(
    base=0x1000,
    size=0x68,
    fields=_layout(0x1000, (("TopOfStack", 4), ("DataPageAddress", 4)), 0x50),
    pointer=4,
    driver_size=0x4C,
    driver_base=0x1C,
    driver_entry_point=0x20,
    driver_image_size=0x24,
    driver_flags=0x38,
    driver_load_count=0x3C,
    driver_checksum=0x44,
    driver_timestamp=0x48,
    unloaded_size=0x28,
    unloaded_first=4,
    unloaded_name=0x8,
    unloaded_start=0x20,
    data_block_size=12,
)
