"""Bits that the processor wants clear in a valid entry: one table, for single entries and for whole arrays of them.

Source: Intel SDM 3A, tables 4-4 to 4-20. Physical addresses have 52 bits at most; a processor with fewer (MAXPHYADDR)
faults at more bits than these, but a dump does not say how many its processor has. The no-execute bit counts as
allowed: Windows sets it only where the processor has it switched on.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from volplugins.paging.mode import Level, PagingMode

_VALID, _LARGE = 1, 1 << 7
_PAE_HIGH = 0x7FF0_0000_0000_0000
_RESERVED = {
    (PagingMode.PAE, "PDPE"): 0xFFF0_0000_0000_01E6,
    (PagingMode.PAE, "PDE"): _PAE_HIGH,
    (PagingMode.PAE, "PTE"): _PAE_HIGH,
    (PagingMode.X64, "PML4E"): _LARGE,
    (PagingMode.X64_LA57, "PML4E"): _LARGE,
    (PagingMode.X64_LA57, "PML5E"): _LARGE,
}
_Words = npt.NDArray[np.uint64]


def reserved_mask(mode: PagingMode, level: Level, large: bool) -> int:
    """The bits that must be clear in a valid entry of ``level``; ``large``: one that maps a large page itself."""
    mask = _RESERVED.get((mode, level.name), 0)
    if large and level.may_be_large:
        # from the bit above PAT up to the page's own size; x86 without PAE uses them for PSE-36 but for the last
        low, high = (21, 22) if mode is PagingMode.X86 else (13, level.shift)
        mask |= (1 << high) - (1 << low)
    return mask


def reserved_bits(entry: int, mode: PagingMode, level: Level) -> int:
    """The reserved bits that are set in a valid entry; 0 where it is as the processor wants it."""
    return entry & reserved_mask(mode, level, bool(entry & _LARGE))


def would_fault(entries: _Words, mode: PagingMode, level: Level) -> npt.NDArray[np.bool_]:
    """Which of these entries of one level are valid and have reserved bits set."""
    small = reserved_mask(mode, level, False)
    bad: npt.NDArray[np.bool_] = (entries & np.uint64(small)) != 0
    if level.may_be_large:
        large = np.uint64(reserved_mask(mode, level, True))
        bad |= ((entries & np.uint64(_LARGE)) != 0) & ((entries & large) != 0)
    bad &= (entries & np.uint64(_VALID)) != 0
    return bad


def fault_text(bits: int) -> str:
    """The sentence for an entry whose reserved ``bits`` are set."""
    return f"reserved bits {bits:#x} are set: the processor would fault"
