"""Where in physical memory the pages of each process are: how many of them lie in each of a few equal shares of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

COLUMNS = 256
MOST_PROCESSES = 1 << 12
_MOST_PAGES = 1 << 40  # 52 bits of physical address
_Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class FrameCount:
    """Pages of one process by the share of memory that their frames lie in.

    A frame that is mapped twice is counted twice; those outside of the memory that the dump describes are apart.

    Attributes:
        shares: pages in each share.
        outside: pages in none: memory of devices, and what the dump does not describe.
    """

    memory: SharedOut
    shares: _Ints
    outside: int = 0

    def take(self, frames: _Ints) -> None:
        """Count pages by the numbers of their frames."""
        columns = self.memory.columns_of(frames)
        inside = columns[columns >= 0]
        self.outside += len(columns) - len(inside)
        self.shares += np.bincount(inside, minlength=len(self.shares))


class SharedOut:
    """The described memory, one run behind the other, cut into ``columns`` shares of as many pages each.

    Args:
        runs: first page and number of pages of each; sorted here, and cut where they overlap.

    Attributes:
        starts: the first page of each share.
        sizes: pages of each share.
    """

    def __init__(self, runs: Sequence[tuple[int, int]], columns: int = COLUMNS) -> None:
        apart = _apart(runs)
        self._firsts = np.array([first for first, _ in apart], np.int64)
        counts = np.array([count for _, count in apart], np.int64)
        self._before = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        self._ends = self._firsts + counts
        self.pages = int(self._before[-1])
        # column number c begins at the first page p with p * columns // pages == c
        bounds = [-(-number * self.pages // columns) for number in range(columns + 1)] if self.pages else [0]
        bounds = sorted(set(bounds))
        self._bounds = np.array(bounds[:-1], np.int64)
        self.sizes: list[int] = np.diff(np.array(bounds, np.int64)).tolist()
        run = np.searchsorted(self._before, self._bounds, "right") - 1
        self.starts: list[int] = (self._firsts[run] + self._bounds - self._before[run]).tolist() if self.pages else []

    def columns_of(self, frames: _Ints) -> _Ints:
        """The share of each frame; -1 where it lies in none."""
        if not self.pages:
            return np.full(len(frames), -1, np.int64)
        run = np.searchsorted(self._firsts, frames, "right") - 1
        inside = (run >= 0) & (frames < self._ends[run])
        place = self._before[run] + frames - self._firsts[run]
        found = np.searchsorted(self._bounds, place, "right").astype(np.int64) - 1
        return np.where(inside, found, -1)


@dataclass(slots=True)
class FrameShares:
    """Counts of the processes whose address spaces have been walked, by EPROCESS; MOST_PROCESSES at most."""

    memory: SharedOut
    counts: dict[int, FrameCount] = field(default_factory=dict)

    def begin(self, eprocess: int) -> FrameCount | None:
        """A count for a process whose pages come next, in place of an earlier one; None where there is no room."""
        if len(self.counts) >= MOST_PROCESSES and eprocess not in self.counts:
            return None
        count = FrameCount(self.memory, np.zeros(len(self.memory.starts), np.int64))
        self.counts[eprocess] = count
        return count


def _apart(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The runs in ascending order, without what an earlier one holds, and what no processor can address."""
    found: list[tuple[int, int]] = []
    end = 0
    for first, count in sorted(runs):
        start, after = max(first, end), min(first + count, _MOST_PAGES)
        if after > start:
            found.append((start, after - start))
            end = after
    return found
