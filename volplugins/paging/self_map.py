"""Where the kernel's page tables map themselves on x64."""

from __future__ import annotations

from volplugins.memory.reader import ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode


def self_map_slot(space: AddressSpace) -> int | None:
    """x64: number of the top-level entry that leads to the table itself; None elsewhere or where there is none."""
    if space.mode not in (PagingMode.X64, PagingMode.X64_LA57):
        return None
    top = space.directory_table_base & space.mode.facts.frame_mask
    try:
        table = space.physical.read(top, 0x1000)
    except ReadError:
        return None
    for index in range(256, 512):
        entry = int.from_bytes(table[index * 8 : index * 8 + 8], "little")
        if entry & 1 and entry & space.mode.facts.frame_mask == top:
            return index
    return None
