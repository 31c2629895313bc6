"""How much of physical memory a dump holds, over its whole span, in a bounded number of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from volplugins.dumpfile.physical_memory import PhysicalMemory

MOST_STEPS = 2048
_MOST_PAGES = 1 << 34  # 64 TiB: beyond that only the first part is drawn


def memory_map(memory: PhysicalMemory | None) -> list[list[int]]:
    """``[first page, pages of RAM, pages in the file]``, ascending; empty where there are no pages.

    What lies between runs of RAM is left out. Where the header describes none, everything between the lowest page and
    the highest may be RAM.
    """
    if memory is None or not memory.pages_indexed:
        return []
    ram = memory.described or ((memory.lowest_pfn, memory.highest_pfn - memory.lowest_pfn + 1),)
    low = min(memory.lowest_pfn, ram[0][0])
    high = min(max(memory.highest_pfn, ram[-1][0] + ram[-1][1] - 1), low + _MOST_PAGES)
    step = -(-(high - low + 1) // MOST_STEPS)
    there, meant = (np.zeros((high - low) // step + 1, np.int64) for _ in range(2))
    for base, pages, _ in memory.runs(low, high):
        _spread(there, base - low, pages, step)
    for base, pages in ram:
        if base <= high:
            _spread(meant, base - low, min(pages, high + 1 - base), step)
    meant = np.maximum(meant, there)
    return [[low + place * step, int(meant[place]), int(there[place])] for place in np.flatnonzero(meant).tolist()]


def _spread(counts: np.ndarray, start: int, pages: int, step: int) -> None:
    """Add a run to the steps that it lies in."""
    end = start + pages
    first, last = start // step, (end - 1) // step
    if first == last:
        counts[first] += pages
        return
    counts[first] += (first + 1) * step - start
    counts[first + 1 : last] += step
    counts[last] += end - last * step
