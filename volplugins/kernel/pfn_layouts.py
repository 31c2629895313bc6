"""MMPFN of 32-bit Windows, of which a build has two: OriginalPte is an entry of a page table, 8 bytes with PAE.

Members: type listings of the kernels with PAE and without that Volatility 2 has (xp_sp2 to win10_x86_19041), and public
symbol tables of 2600, 7601 and 19041. Of 7601 both kernels are there, and differ in what lies behind OriginalPte alone;
that of XP, Server 2003 and Vista with PAE follows. Windows 8 and later run with PAE alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.memory.structure import Layout
from volplugins.paging.mode import PagingMode

_Field = tuple[int, int, int, int]  # offset and size of its word in bytes, lowest bit, width in bits
_LAST = {PagingMode.X86: 0x14, PagingMode.PAE: 0x18}  # u4, the last member, of 4 bytes
_PAE_ALONE = 9200
_U4 = -1  # the member lies in u4


@dataclass(frozen=True, slots=True)
class _Row:
    """PteAddress, PageLocation, the width of PteFrame in u4, and PrototypePte; None where service packs differ."""

    pte_address: int
    location: _Field | None
    frame_bits: int
    prototype: _Field | None


_ROWS = {
    2600: _Row(0x4, (0xC, 4, 8, 3), 26, (0xC, 4, 3, 1)),
    3790: _Row(0x4, None, 25, None),
    6000: _Row(0x8, (0xE, 1, 0, 3), 25, (_U4, 4, 27, 1)),
    9600: _Row(0x8, (0xE, 1, 0, 3), 24, (_U4, 4, 27, 1)),
    10240: _Row(0x4, (0x16, 1, 0, 3), 24, (_U4, 4, 27, 1)),
    19041: _Row(0x4, (0x16, 1, 0, 3), 24, (_U4, 4, 31, 1)),
}


def pfn_layout(chosen: Layout, mode: PagingMode, build: int) -> Layout:
    """The layout of MMPFN for the kernel that runs in ``mode``.

    Args:
        chosen: by symbols or by the build alone; kept where it is of this mode.
    """
    last = _LAST.get(mode)
    if last is None or _frame_at(chosen) == last:
        return chosen
    first = max((each for each in _ROWS if each <= build), default=None)
    if first is None or (mode is PagingMode.X86 and build >= _PAE_ALONE):
        return Layout("_MMPFN", 0, {}, f"no table for build {build}, {mode.value}")
    row = _ROWS[first]
    said = {"PageLocation": row.location, "PteFrame": (_U4, 4, 0, row.frame_bits), "PrototypePte": row.prototype}
    bits = {name: _placed(each, last) for name, each in said.items() if each is not None}
    source = f"built-in {first}, {mode.value}" + ("" if first == build else f" (nearest to {build})")
    return Layout("_MMPFN", last + 4, {"PteAddress": (row.pte_address, 4)}, source, bits)


def _placed(field: _Field, last: int) -> _Field:
    at, size, lowest, width = field
    return last if at == _U4 else at, size, lowest, width


def _frame_at(layout: Layout) -> int | None:
    """Where the word is that has PteFrame."""
    if "PteFrame" in layout.bits:
        return layout.bits["PteFrame"][0]
    return layout.members["PteFrame"][0] if "PteFrame" in layout.members else None
