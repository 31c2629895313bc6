"""Entries whose valid bit is clear: what the memory manager stored in them, by the bits of its own structures.

Source: _MMPTE_SOFTWARE, _MMPTE_TRANSITION, _MMPTE_PROTOTYPE and _MMPTE_SUBSECTION of public symbol tables (x86: XP, 7
and 10; x64: 7 to 11). The page file's number moved from bit 1 to bit 12 with the protection against L1 terminal fault
(x64 tables of patched 7 and of every build from 8.1 on have it there; PAE from 10 on).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from volplugins.paging.mode import PagingMode
from volplugins.paging.translation import State

PROTOTYPE, TRANSITION = 1 << 10, 1 << 11
Bits = tuple[int, int]  # lowest bit, width


@dataclass(frozen=True, slots=True)
class InvalidLayout:
    """Where the members of an invalid entry are.

    Attributes:
        page_file_low, page_file_high: number of the page file, and page offset in it.
        transition_frame: page frame number of a page in transition.
        prototype_address: address of the prototype entry; its unused upper bits are copies of the highest.
        swizzle: bit that says that the address bits are stored as they are, or None where the build has none.
        in_store: bit that says that the page is in the compressed store, or None.
        source: where this layout is from.
        prototype_parts: x86 without PAE: low and high part of the prototype entry's distance from the start of
            paged pool, in units of 4 bytes; ``prototype_address`` is not used then.
        mask: the kernel's InvalidPteMask: bits that it sets in entries without the swizzle bit, so that an entry that
            is not valid never leads to real memory (L1 terminal fault); 0 where it is not known.
    """

    page_file_low: Bits
    page_file_high: Bits
    transition_frame: Bits
    prototype_address: Bits
    swizzle: int | None
    in_store: int | None
    source: str
    prototype_parts: tuple[Bits, Bits] | None = None
    mask: int = 0


@dataclass(frozen=True, slots=True)
class InvalidEntry:
    """What an invalid entry says.

    ``frame`` is set for a page in transition, ``prototype`` for an entry that leads to a prototype entry (None where
    the entry says that the VAD knows it), ``page_file`` and ``offset`` (in pages) for a page in a page file.
    """

    state: State
    frame: int | None = None
    prototype: int | None = None
    page_file: int | None = None
    offset: int | None = None
    text: str = ""


def built_in_layout(mode: PagingMode, build: int) -> InvalidLayout:
    """The layout for a kernel whose symbols are not at hand; ``source`` says how sure that is."""
    if mode is PagingMode.X86:
        return InvalidLayout((1, 4), (12, 20), (12, 20), (11, 21), None, None, "built-in, x86", ((1, 7), (11, 21)))
    if mode is PagingMode.PAE:
        low = (12, 4) if build >= 10240 else (1, 4)
        return InvalidLayout(low, (32, 32), (12, 26), (32, 32), 4 if build >= 10240 else None, None, "built-in, PAE")
    if build >= 17134:
        return InvalidLayout((12, 4), (32, 32), (12, 40), (16, 48), 4, None, "built-in, x64 since 17134")
    source = "built-in, x64 before 17134 (a patched kernel has the page file's number at bit 12)"
    return InvalidLayout((1, 4), (32, 32), (12, 36), (16, 48), None, None, source)


def from_bits(bits: Mapping[str, Bits | None], source: str) -> InvalidLayout | None:
    """The layout from bit positions by our names (those of InvalidLayout); None where an indispensable one is absent.

    ``prototype_low`` and ``prototype_high`` stand in for ``prototype_address`` on x86 without PAE.
    """
    low, high, frame = bits["page_file_low"], bits["page_file_high"], bits["transition_frame"]
    address, parts = bits["prototype_address"], (bits["prototype_low"], bits["prototype_high"])
    whole = (parts[0], parts[1]) if parts[0] is not None and parts[1] is not None else None
    if low is None or high is None or frame is None or (address is None and whole is None):
        return None
    swizzle, store = bits["swizzle"], bits["in_store"]
    return InvalidLayout(
        low, high, frame, address or (11, 21), swizzle[0] if swizzle else None, store[0] if store else None, source,
        whole if address is None else None,
    )  # fmt: skip


def _take(entry: int, bits: Bits) -> int:
    return (entry >> bits[0]) & ((1 << bits[1]) - 1)


def decode_invalid(entry: int, layout: InvalidLayout, mode: PagingMode) -> InvalidEntry:
    """Decode an entry whose valid bit is clear."""
    if entry == 0:
        return InvalidEntry(State.NOT_MAPPED, text="the entry is zero")
    if layout.swizzle is not None and not entry >> layout.swizzle & 1:
        entry &= ~layout.mask
    if entry & PROTOTYPE:
        return _prototype(entry, layout, mode)
    if entry & TRANSITION:
        frame = _take(entry, layout.transition_frame)
        return InvalidEntry(State.TRANSITION, frame=frame, text=f"in transition, still in page frame {frame:#x}")
    offset, number = _take(entry, layout.page_file_high), _take(entry, layout.page_file_low)
    if not offset:
        return InvalidEntry(State.DEMAND_ZERO, text="demand zero: no page has been given out yet")
    if layout.in_store is not None and entry >> layout.in_store & 1:
        return InvalidEntry(State.COMPRESSED, page_file=number, offset=offset, text="in the compressed store")
    text = f"in page file {number} at page {offset:#x}"
    return InvalidEntry(State.PAGEFILE, page_file=number, offset=offset, text=text)


def _prototype(entry: int, layout: InvalidLayout, mode: PagingMode) -> InvalidEntry:
    """An entry that leads to a prototype entry; a page file offset of all ones means that only the VAD has it."""
    if _take(entry, layout.page_file_high) == (1 << layout.page_file_high[1]) - 1:
        return InvalidEntry(State.PROTOTYPE, text="prototype entry in the VAD")
    if layout.prototype_parts is not None:
        low, high = (_take(entry, bits) for bits in layout.prototype_parts)
        distance = (high << layout.prototype_parts[0][1] | low) << 2
        return InvalidEntry(State.PROTOTYPE, text=f"prototype entry {distance:#x} above the start of paged pool")
    width = layout.prototype_address[1]
    value = _take(entry, layout.prototype_address)
    address = value
    if mode in (PagingMode.X64, PagingMode.X64_LA57) and value >> (width - 1) & 1:
        address |= ((1 << (64 - width)) - 1) << width
    return InvalidEntry(State.PROTOTYPE, prototype=address, text=f"prototype entry at {address:#x}")
