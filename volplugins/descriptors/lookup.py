"""From a selector to its descriptor, and what a processor would say on the way."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.descriptors.descriptor import NULL, Descriptor, decode_descriptor, is_long_system
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.table import LARGEST_LIMIT, TableRegister
from volplugins.memory.reader import MemoryReader, ReadError

VALID, NULL_SELECTOR, NO_TABLE = "valid", "null-selector", "no-table"
BEYOND_TABLE, UNREADABLE, EMPTY = "beyond-table", "unreadable", "empty"
_ADDRESSES = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Found:
    """What a selector leads to.

    Attributes:
        state: ``valid``, or why there is no descriptor: ``null-selector``, ``no-table`` (no LDT), ``beyond-table``,
            ``unreadable``, ``empty``.
        address: of the entry; None where there is none.
        note: the reason in words.
    """

    state: str
    address: int | None = None
    descriptor: Descriptor | None = None
    note: str = ""


def look_up(
    memory: MemoryReader, selector: Selector, gdt: TableRegister | None, ldt: TableRegister | None, virtual_bits: int
) -> Found:
    """The descriptor of a selector; never raises."""
    if selector.is_null:
        return Found(NULL_SELECTOR, note="the first entry of the GDT is never used: a null selector is no segment")
    table = ldt if selector.local else gdt
    name = "LDT" if selector.local else "GDT"
    if table is None:
        return Found(NO_TABLE, note=f"there is no {name}")
    limit = min(table.limit, LARGEST_LIMIT)
    if selector.offset + 7 > limit:
        return Found(BEYOND_TABLE, note=f"the {name} ends at {limit:#x}")
    return _entry(memory, table.base + selector.offset, limit - selector.offset, virtual_bits)


def _entry(memory: MemoryReader, address: int, rest: int, virtual_bits: int) -> Found:
    address &= _ADDRESSES
    try:
        data = memory.read(address, 8)
        if is_long_system(int.from_bytes(data, "little"), virtual_bits) and rest >= 15:
            data = memory.read(address, 16)
    except ReadError as error:
        return Found(UNREADABLE, address, note=error.reason)
    descriptor = decode_descriptor(data, virtual_bits)
    if descriptor.kind == NULL:
        return Found(EMPTY, address, descriptor, "the entry is zero")
    return Found(VALID, address, descriptor)
