"""Pages as sorted runs that do not overlap: full dumps and dumps written by a debugger."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.page_index import HIGHEST_PFN, PAGE_SIZE, Run

_Array = npt.NDArray[np.int64]


class RunIndex:
    """Runs of pages; where two overlap, the pages of the one that starts lower count.

    Args:
        bases: first PFN of each run; less than 2**40, like all counts.
        counts: pages of each run.
        offsets: file offset of each run's first page.
        size: size of the file in bytes.

    Attributes:
        overlapping: runs that lost pages to another one.
    """

    def __init__(self, bases: _Array, counts: _Array, offsets: _Array, size: int) -> None:
        order = np.argsort(bases, kind="stable")
        self._bases, self._counts, self._offsets, self.overlapping = _disjoint(
            bases[order], counts[order], offsets[order]
        )
        self._ends = self._bases + self._counts
        # single pages are asked for one by one and often: plain numbers are found faster than through an array
        self._runs = list(zip(self._bases.tolist(), self._ends.tolist(), self._offsets.tolist(), strict=True))
        self._starts = self._bases.tolist()
        # what the file really has of each run
        whole = np.clip((size - self._offsets) // PAGE_SIZE, 0, self._counts)
        self._held = np.flatnonzero(whole)
        self._held_counts = whole[self._held]
        self._held_ends = self._bases[self._held] + self._held_counts
        self.count = int(self._counts.sum())
        self.in_file = int(whole.sum())
        self.lowest = int(self._bases[0]) if len(self._bases) else 0
        self.highest = int(self._ends[-1]) - 1 if len(self._bases) else 0
        places = np.unique(self._offsets % PAGE_SIZE).tolist()
        self.alignments = tuple(int(place) for place in places)

    def described(self) -> Iterator[tuple[int, int]]:
        """(base PFN, page count) of all runs, in the file or not, ascending."""
        yield from zip(self._bases.tolist(), self._counts.tolist(), strict=True)

    def offset(self, pfn: int) -> int:
        """File offset of one page, or -1."""
        if not 0 <= pfn < HIGHEST_PFN:
            return -1
        which = bisect_right(self._starts, pfn) - 1
        if which < 0:
            return -1
        base, end, offset = self._runs[which]
        return offset + (pfn - base) * PAGE_SIZE if pfn < end else -1

    def offsets(self, pfns: _Array) -> _Array:
        """File offset of each page, -1 for absent ones."""
        if not len(self._bases):
            return np.full(len(pfns), -1, dtype=np.int64)
        which = np.searchsorted(self._bases, pfns, side="right") - 1
        inside = (which >= 0) & (pfns < self._ends[which])
        return np.where(inside, self._offsets[which] + (pfns - self._bases[which]) * PAGE_SIZE, -1)

    def next_run(self, pfn: int) -> Run | None:
        """The whole pages in the file from ``pfn`` on, or the next run of them."""
        if pfn >= HIGHEST_PFN:
            return None
        place = int(np.searchsorted(self._held_ends, pfn, side="right"))
        return self._run(place, pfn) if place < len(self._held) else None

    def runs(self, first: int, last: int) -> Iterator[Run]:
        """All runs between two PFNs."""
        place = int(np.searchsorted(self._held_ends, max(first, 0), side="right")) if first < HIGHEST_PFN else 0
        while first < HIGHEST_PFN and place < len(self._held):
            base, count, offset = self._run(place, first)
            if base > last:
                return
            yield base, min(count, last + 1 - base), offset
            place += 1

    def _run(self, place: int, first: int) -> Run:
        """The run of whole pages number ``place``, from ``first`` on where that is inside it."""
        which = int(self._held[place])
        skipped = max(first - int(self._bases[which]), 0)
        return (
            int(self._bases[which]) + skipped,
            int(self._held_counts[place]) - skipped,
            int(self._offsets[which]) + skipped * PAGE_SIZE,
        )


def _disjoint(bases: _Array, counts: _Array, offsets: _Array) -> tuple[_Array, _Array, _Array, int]:
    """Sorted runs without what the ones before them hold already; and how many lost something."""
    if not len(bases):
        return bases, counts, offsets, 0
    reach = np.maximum.accumulate(bases + counts)
    before = np.concatenate([bases[:1], reach[:-1]])
    cut = np.clip(before - bases, 0, counts)
    kept = counts > cut
    return (bases + cut)[kept], (counts - cut)[kept], (offsets + cut * PAGE_SIZE)[kept], int((cut > 0).sum())
