"""When a user module was loaded: LDR_DATA_TABLE_ENTRY.LoadTime, which came with Windows 7.

Offsets: public symbol tables of builds 7601, 9600, 14393, 17763, 19041, 20348 and 22000.
"""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError

# by bitness: first build, offset
_OFFSETS = {64: {7600: 0xD8, 9200: 0x100}, 32: {7600: 0x70, 9200: 0x88}}


def read_load_time(memory: MemoryReader, entry: int, bits: int, build: int) -> int | None:
    """The FILETIME in the entry at ``entry``; None where the build keeps none or it cannot be read."""
    at = [offset for first, offset in _OFFSETS[bits].items() if first <= build]
    if not at:
        return None
    try:
        return int.from_bytes(memory.read(entry + at[-1], 8), "little")
    except ReadError:
        return None
