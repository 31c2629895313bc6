"""Entries as WinDbg shows them: flag letters, and the self-map address at which the kernel itself sees an entry.

Letters (public documentation of !pte): C copy-on-write, G global, L large, D dirty, A accessed, N not cached, T write
through, U user or K kernel, W writable or R read-only, E executable, V valid; a dash where a bit is clear.
"""

from __future__ import annotations

from typing import NamedTuple

from volplugins.paging.mode import PagingMode

_LETTERS = ((9, "C"), (8, "G"), (7, "L"), (6, "D"), (5, "A"), (4, "N"), (3, "T"))
_NO_EXECUTE = 1 << 63
_PTE_BASE_32 = 0xC0000000
_PTES_32 = 1 << 20  # pages of 4 GiB
_PDE_BASE = {PagingMode.X86: 0xC0300000, PagingMode.PAE: 0xC0600000}


class EntryPlace(NamedTuple):
    """What an entry is by its address: its level, and the first address that it translates."""

    level: str
    virtual: int


def flag_letters(entry: int, mode: PagingMode, level: str) -> str:
    """The letters of a valid entry; empty for one whose valid bit is clear."""
    if not entry & 1:
        return ""
    # bit 7 of a lowest-level entry is an attribute of caching, not a size
    letters = "".join(
        letter if entry >> bit & 1 and not (bit == 7 and level == "PTE") else "-" for bit, letter in _LETTERS
    )
    wide = mode is not PagingMode.X86
    executable = "E" if not (wide and entry & _NO_EXECUTE) else "-"
    return f"{letters}{'U' if entry & 4 else 'K'}{'W' if entry & 2 else 'R'}{executable}V"


def entry_virtual(virtual: int, level: str, mode: PagingMode, slot: int | None) -> int | None:
    """Address at which the kernel sees the entry of ``level`` for ``virtual`` through its self-map.

    Args:
        slot: x64, with four levels or five: number of the self-map entry in the top-level table; None where unknown.
    """
    if mode in _PDE_BASE:
        size = 4 if mode is PagingMode.X86 else 8
        if level == "PTE":
            return _PTE_BASE_32 + (virtual >> 12) * size
        if level == "PDE":
            return _PDE_BASE[mode] + (virtual >> (22 if size == 4 else 21)) * size
        return None
    if slot is None:
        return None
    width = mode.facts.address_bits
    high = ((1 << 64) - (1 << width)) if slot & 0x100 else 0
    base = high | slot << (width - 9)
    names = [each.name for each in mode.facts.levels]
    address = virtual
    for _ in range(len(names) - names.index(level)):
        address = base | ((address & ((1 << width) - 1)) >> 9 & ~7)
    return address


def place_of_entry(address: int, mode: PagingMode, slot: int | None) -> EntryPlace | None:
    """What the entry that the kernel sees at ``address`` is of; None where that is not in the self-map.

    Args:
        slot: as above. Which directory's entry it is depends on whose tables are in use.
    """
    facts = mode.facts
    if mode not in _PDE_BASE and slot is None:
        return None
    base = _PTE_BASE_32 if slot is None else entry_virtual(0, "PTE", mode, slot) or 0
    size = _PTES_32 * facts.entry_size if mode in _PDE_BASE else 1 << facts.address_bits - 9
    names = [each.name for each in facts.levels]
    if mode is PagingMode.PAE:
        names = names[1:]  # its top table is not in the self-map
    found = None
    while base <= address < base + size and names:
        address = (address - base) // facts.entry_size << 12
        if facts.address_bits > 32 and address >> facts.address_bits - 1:
            address |= (1 << 64) - (1 << facts.address_bits)
        found = EntryPlace(names.pop(), address)
    return found
