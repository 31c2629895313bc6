"""Whether a page at the top of a directory holds unrelated bytes: taken while it was given to something else.

One bad entry is a damaged entry. Where most of what is not zero makes no sense as entries that lead to tables, the page
is no table: reserved bits, page frames that the machine does not have, forms that entries of tables never have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from volplugins.kernel.directories.census import LARGE, PROTOTYPE, TRANSITION, VALID, table_frames
from volplugins.kernel.directories.top import Top, same_entry
from volplugins.paging.invalid_entries import page_file_places
from volplugins.paging.mode import Level, PagingMode
from volplugins.paging.reserved import would_fault

_FEWEST = 4  # entries without sense that make a smear, if they are more than half
_MOST_PAGE_FILE = 1 << 28  # pages: 1 TiB, more than any page file whose machine is dumped whole
_PROTECTION_AND_FILE = 0xFFE  # of _MMPTE_SOFTWARE, before the page file's number moved to bit 12 and since
_OPEN = 0x6  # the bits for writing and for user mode: pages' own entries restrict
_MOST_PAGE_FILES = 3  # that the tables of one process are in
_U = np.uint64
_Words = npt.NDArray[np.uint64]


class Ram(Protocol):
    """The RAM of a machine by page number."""

    def describes(self, pfn: int) -> bool:
        """Whether the machine has RAM at this page."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True, slots=True)
class Sense:
    """How many entries of a page are not zero, and how many of these make no sense, by kind."""

    used: int
    reserved: int
    outside: int
    formless: int

    @property
    def is_smear(self) -> bool:
        """Whether the page can be no table."""
        bad = self.reserved + self.outside + self.formless
        return bad >= _FEWEST and bad * 2 > self.used

    @property
    def text(self) -> str:
        """The counts in words."""
        return (
            f"of {self.used} entries that are not zero {self.reserved} have reserved bits set, {self.outside} lead "
            f"outside of the machine's memory, {self.formless} have no form or order that entries of tables have"
        )


def smear(memory: Ram, top: Top, system: Top | None, mask: int) -> str:
    """Evidence that a page of the top holds something else than entries; empty where it may hold entries.

    Args:
        system: entries of the kernel half that equal those of System's are not looked at.
        mask: the kernel's InvalidPteMask.
    """
    for name, level, entries, user in _parts(top, system):
        sense = sense_of(memory, top.mode, level, entries, mask, user)
        if sense.is_smear:
            return f"{name} holds unrelated bytes: {sense.text}"
    return ""


def stray_pointers(memory: Ram, top: Top) -> str:
    """Evidence that the four words of a PAE pointer table are no pointers, most of them; empty where they may be."""
    level = top.mode.facts.levels[0]
    faulting = would_fault(top.entries, top.mode, level)
    unset = (top.entries & _U(VALID)) == 0
    frames = table_frames(top.mode, top.entries[~faulting & ~unset], 0)
    outside = sum(not memory.describes(frame) for frame in frames.tolist())
    absent, reserved = int(np.count_nonzero(unset)), int(np.count_nonzero(faulting))
    if (absent + reserved + outside) * 2 <= len(top.entries):
        return ""
    return (
        f"of the four pointers at {top.physical:#x} {absent} are not valid, {reserved} have reserved bits set, "
        f"{outside} lead outside of the machine's memory"
    )


def _parts(top: Top, system: Top | None) -> Iterator[tuple[str, Level, _Words, bool]]:
    """The pages to look at, and whether they are user space's: x64, x86 half of the top table; PAE four directories."""
    levels = top.mode.facts.levels
    if top.mode is not PagingMode.PAE:
        entries = top.entries[: top.user_entries]
        yield f"the user half of the top table at {top.physical:#x}", levels[0], entries, True
        return
    for number, directory in enumerate(top.directories):
        if directory is None:
            continue
        name = f"page directory {number} at {int(top.entries[number]) & top.mode.facts.frame_mask:#x}"
        first = top.kernel_from(number)
        theirs = system.directories[number] if system is not None else None
        if first:
            yield name, levels[1], directory[:first], True
        kernel = directory[first:]
        if theirs is not None:
            pairs = zip(kernel.tolist(), theirs[first:].tolist(), strict=True)
            kernel = kernel[[not same_entry(mine, its) for mine, its in pairs]]
        if len(kernel):
            yield name, levels[1], kernel, False


def sense_of(memory: Ram, mode: PagingMode, level: Level, entries: _Words, mask: int, user: bool) -> Sense:
    """What the entries of one page say, taken as entries of ``level`` that lead to tables or large pages.

    Args:
        user: they are of the user half, whose tables are all open to user mode and to writing.
    """
    used = entries[entries != 0].astype(_U)
    valid = (used & _U(VALID)) != 0
    faulting = would_fault(used, mode, level)
    soft = ~valid
    prototype = soft & ((used & _U(PROTOTYPE)) != 0)  # tables are never shared through prototype entries
    moving = soft & ~prototype & ((used & _U(TRANSITION)) != 0)
    far = np.zeros(len(used), np.bool_)
    if mode is not PagingMode.X86:
        offset = page_file_places(used, mode, mask)
        far = soft & ~prototype & ~moving & (offset >= _U(_MOST_PAGE_FILE))
    large = valid & ((used & _U(LARGE)) != 0) if level.may_be_large else np.zeros(len(used), np.bool_)
    stray = _without_order(used[soft & ~prototype & ~moving & ~far])
    closed = valid & ~faulting & ~large & ((used & _U(_OPEN)) != _U(_OPEN)) & user
    leading = (valid & ~faulting & ~closed) | moving
    frames = table_frames(mode, used[leading], mask)
    outside = sum(not memory.describes(frame) for frame in frames.tolist())
    formless = int(np.count_nonzero(prototype | far | closed)) + stray
    return Sense(len(used), int(np.count_nonzero(faulting)), outside, formless)


def _without_order(entries: _Words) -> int:
    """How many entries of tables that are written out differ from the rest: those share protection and page file."""
    if not len(entries):
        return 0
    _, counts = np.unique(entries & _U(_PROTECTION_AND_FILE), return_counts=True)
    return int(len(entries) - np.sort(counts)[-_MOST_PAGE_FILES:].sum())
