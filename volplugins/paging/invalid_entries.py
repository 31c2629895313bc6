"""What ``invalid_entry`` decodes one by one, for whole arrays of entries: the same bits, by the same rules."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from volplugins.paging.invalid_entry import PROTOTYPE, TRANSITION
from volplugins.paging.mode import PagingMode

VALID, SWIZZLE = 1, 1 << 4
_U = np.uint64
Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]


def unmasked(entries: Words, mask: int) -> Words:
    """The entries without the kernel's InvalidPteMask, which it sets in those that are not valid and not swizzled.

    Args:
        mask: 0 where the kernel has none, or it is not known.
    """
    if not mask:
        return entries
    return np.where((entries & _U(VALID | SWIZZLE)) == 0, entries & ~_U(mask), entries)


def in_transition(entries: Words) -> Flags:
    """Which are not valid, and lead to a page that is still in memory."""
    found: Flags = (entries & _U(VALID | PROTOTYPE | TRANSITION)) == _U(TRANSITION)
    return found


def page_file_places(entries: Words, mode: PagingMode, mask: int) -> Words:
    """The offset in a page file of entries that are not valid, in pages; 0 for one that says demand zero."""
    places: Words = unmasked(entries, mask) >> _U(12 if mode is PagingMode.X86 else 32)
    return places


def in_page_file(entries: Words, mode: PagingMode, mask: int) -> Flags:
    """Which say that what they lead to is in a page file, or in the compressed store."""
    software: Flags = (entries & _U(VALID | PROTOTYPE | TRANSITION)) == 0
    placed: Flags = page_file_places(entries, mode, mask) != 0
    return software & placed
