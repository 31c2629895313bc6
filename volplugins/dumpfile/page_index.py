"""What every map of a dump's pages can say: which pages are in the file, and where.

Two maps implement it: sorted runs (`run_index`) and a bitmap with running counts (`bitmap_index`). Both know the size
of the file, so that "the dump put this page there" and "the file still has it" stay two different answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

PAGE_SIZE = 0x1000
HIGHEST_PFN = 1 << 40  # 52-bit physical addresses, the most that x64 knows
Run = tuple[int, int, int]  # base PFN, page count, file offset of the first page


class PageIndex(Protocol):
    """Where pages are in the file."""

    @property
    def count(self) -> int:
        """How many pages the dump says it holds."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def in_file(self) -> int:
        """How many of them lie wholly inside the file."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def lowest(self) -> int:
        """Lowest PFN of the pages the dump says it holds, 0 where there is none."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def highest(self) -> int:
        """Highest PFN of them, 0 where there is none."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def alignments(self) -> tuple[int, ...]:
        """File offsets of pages modulo the size of a page: each that occurs, once."""
        ...  # pragma: no cover - a protocol has no body

    def offset(self, pfn: int) -> int:
        """File offset of one page, -1 where the dump does not hold it; the file may end before it."""
        ...  # pragma: no cover - a protocol has no body

    def offsets(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """File offset of each page, -1 for those the dump does not hold; the file may end before them."""
        ...  # pragma: no cover - a protocol has no body

    def next_run(self, pfn: int) -> Run | None:
        """The whole pages in the file from ``pfn`` on, if it is one of them, else the next run of them."""
        ...  # pragma: no cover - a protocol has no body

    def runs(self, first: int, last: int) -> Iterator[Run]:
        """All runs of whole pages in the file between two PFNs (both included), ascending."""
        ...  # pragma: no cover - a protocol has no body
