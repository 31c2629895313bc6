"""What each entry of a lowest-level table says of its page, for whole arrays of entries.

Bits: _MMPTE_HARDWARE, _MMPTE_SOFTWARE, _MMPTE_TRANSITION and _MMPTE_PROTOTYPE of the public symbol tables of builds
2600 to 22000: Write 1 (hardware) and 11 (the kernel's own), CopyOnWrite 9, WriteThrough 3, CacheDisable 4; Protection
5 to 9 of all that are not valid. Code 0 to 31 is the memory manager's protection number (address/protection.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.address.protection import DECOMMITTED, NOCACHE, WRITECOMBINE
from volplugins.kernel.directories.census import PROTOTYPE, TRANSITION, VALID
from volplugins.paging.invalid_entries import unmasked
from volplugins.paging.mode import PagingMode

NO_EXECUTE = 1 << 63
_WRITABLE, _COPY, _THROUGH, _UNCACHED = 0x802, 1 << 9, 1 << 3, 1 << 4
# codes beyond the protection number
RESERVED = 32  # decommitted: the range is reserved only
UNTOLD = 64  # a prototype entry has the protection, and it cannot be read
WITHOUT_EXECUTION = 128  # added to a protection number: of execution the entry says nothing
_U = np.uint64
Words = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PageFacts:
    """One element for each entry: code, whether its page is in memory, its page frame (0 where not), paged out."""

    codes: Codes
    resident: Flags
    frames: npt.NDArray[np.int64]
    paged: Flags


@dataclass(frozen=True, slots=True)
class EntryReader:
    """How one process's entries are read.

    Attributes:
        mask: the kernel's InvalidPteMask, 0 where it has none.
        no_execute: whether the processor can withhold execution (x86 without PAE cannot; PAE where bit 63 is in use).
        page_file_bits: (lowest bit, width) of the place in a page file.
    """

    mode: PagingMode
    mask: int
    no_execute: bool
    page_file_bits: tuple[int, int]

    def facts(self, entries: Words) -> PageFacts:
        """The facts of entries that are not zero; those in prototype form are UNTOLD."""
        valid = (entries & _U(VALID)) != 0
        prototype = self.in_prototype_form(entries)
        transition = ~valid & ~prototype & ((entries & _U(TRANSITION)) != 0)
        soft = ((entries >> _U(5)) & _U(31)).astype(np.uint8)
        codes = np.where(valid, self._hardware(entries), soft)
        plain = unmasked(entries, self.mask)
        low, width = self.page_file_bits
        placed = ((plain >> _U(low)) & _U((1 << width) - 1)) != 0
        nothing = ~valid & ~prototype & ~transition
        codes[nothing & (soft == DECOMMITTED) & ~placed] = RESERVED
        codes[prototype] = UNTOLD
        resident = valid | transition
        frames = (plain & _U(self.mode.facts.frame_mask)) >> _U(12)
        return PageFacts(codes, resident, np.where(resident, frames, _U(0)).astype(np.int64), nothing & placed)

    def in_prototype_form(self, entries: Words) -> Flags:
        """Which entries lead to a prototype entry."""
        found: Flags = (entries & _U(VALID | PROTOTYPE)) == _U(PROTOTYPE)
        return found

    def _hardware(self, entries: Words) -> Codes:
        """Protection numbers of valid entries. Where execution cannot be withheld, it is left to the VAD to say."""
        copied = (entries & _U(_COPY)) != 0
        writable = (entries & _U(_WRITABLE)) != 0
        access = np.where(copied, 5, np.where(writable, 4, 1)).astype(np.uint8)
        if self.no_execute:
            access += np.where((entries & _U(NO_EXECUTE)) == 0, 2, 0).astype(np.uint8)
        else:
            access += np.uint8(WITHOUT_EXECUTION)
        uncached = (entries & _U(_UNCACHED)) != 0
        combined = ~uncached & ((entries & _U(_THROUGH)) != 0)
        return access + np.where(uncached, NOCACHE, np.where(combined, WRITECOMBINE, 0)).astype(np.uint8)
