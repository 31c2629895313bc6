"""Pages as a bitmap: one bit per PFN, pages in the file in order of their numbers (types 2, 5 and 6).

Opening counts the bits of each 64-bit word once; everything else is found from the running counts, so that the map of
a 64 GiB machine (2 MiB) is ready in milliseconds, each question takes a binary search at most, and no list of runs is
ever made.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.bit_counts import Words, bits_set
from volplugins.dumpfile.page_index import PAGE_SIZE, Run

_BITS = 64
_ALL = (1 << _BITS) - 1
_CHUNK = 1 << 10  # words looked at in one go when runs are listed


class BitmapIndex:
    """A bitmap as 64-bit words: bit n of word w is page 64 w + n.

    Args:
        words: the bitmap; bits past the end of the map are zeros.
        first_offset: file offset of the first page.
        size: size of the file in bytes.
    """

    def __init__(self, words: Words, first_offset: int, size: int) -> None:
        self._words = words
        self._first_offset = first_offset
        counts = bits_set(words)
        self._before = np.cumsum(counts) - counts  # pages in words before each
        self.count = int(counts.sum())
        self._gaps = len(words) * _BITS - self.count
        self.in_file = min(self.count, max(0, (size - first_offset) // PAGE_SIZE))
        self.lowest = self._nth(0, True) if self.count else 0
        self.highest = self._nth(self.count - 1, True) if self.count else 0
        self.alignment = first_offset % PAGE_SIZE
        # the file ends before this page; all pages behind it are lost as well
        self._end = len(words) * _BITS if self.in_file == self.count else self._nth(self.in_file, True)

    def offset(self, pfn: int) -> int:
        """File offset of one page, or -1."""
        word, bit = divmod(pfn, _BITS)
        if not 0 <= word < len(self._words) or not int(self._words[word]) >> bit & 1:
            return -1
        return self._first_offset + self._rank(pfn) * PAGE_SIZE

    def offsets(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """File offset of each page, -1 for absent ones."""
        found = np.full(len(pfns), -1, dtype=np.int64)
        places = np.flatnonzero((pfns >= 0) & (pfns < len(self._words) * _BITS))
        at, bits = pfns[places] // _BITS, (pfns[places] % _BITS).astype(np.uint64)
        words, one = self._words[at], np.uint64(1)
        below = bits_set(words & ((one << bits) - one))
        present = words >> bits & one == one
        found[places[present]] = self._first_offset + (self._before[at] + below)[present] * PAGE_SIZE
        return found

    def next_run(self, pfn: int) -> Run | None:
        """The whole pages in the file from ``pfn`` on, or the next run of them."""
        start = self._next(max(pfn, 0), True)
        if start >= self._end:
            return None
        count = min(self._next(start, False), self._end) - start
        return start, count, self._first_offset + self._rank(start) * PAGE_SIZE

    def runs(self, first: int, last: int) -> Iterator[Run]:
        """All runs between two PFNs, found chunk by chunk."""
        start, end = self._next(max(first, 0), True), min(last + 1, self._end)
        if start >= end:
            return
        offset, pending = self._first_offset + self._rank(start) * PAGE_SIZE, None
        for word in range(start // _BITS, -(-end // _BITS), _CHUNK):
            for base, count in self._edges(word, start, end):
                if pending and pending[0] + pending[1] == base:
                    pending = (pending[0], pending[1] + count, pending[2])
                else:
                    if pending:
                        yield pending
                    pending = (base, count, offset)
                offset += count * PAGE_SIZE
        if pending:
            yield pending

    def _edges(self, word: int, first: int, end: int) -> list[list[int]]:
        """Runs of set bits (base PFN, count) in one chunk, within [first, end)."""
        chunk = self._words[word : word + _CHUNK].astype("<u8", copy=False)
        bits = np.unpackbits(chunk.view(np.uint8), bitorder="little")
        bits[: max(first - word * _BITS, 0)] = 0
        bits[max(end - word * _BITS, 0) :] = 0
        edges = np.flatnonzero(np.diff(bits.view(np.int8), prepend=0, append=0)).reshape(-1, 2)
        edges[:, 1] -= edges[:, 0]
        edges[:, 0] += word * _BITS
        listed: list[list[int]] = edges.tolist()
        return listed

    def _rank(self, pfn: int) -> int:
        """How many pages with lower numbers the dump holds."""
        word, bit = divmod(pfn, _BITS)
        return int(self._before[word]) + (int(self._words[word]) & (1 << bit) - 1).bit_count()

    def _next(self, pfn: int, wanted: bool) -> int:
        """The first page from ``pfn`` on that is in the dump, or that is not; past the end where there is none."""
        word, bit = divmod(pfn, _BITS)
        if word >= len(self._words):
            return len(self._words) * _BITS
        value = int(self._words[word]) ^ (0 if wanted else _ALL)
        value = value >> bit << bit
        if value:
            return word * _BITS + (value & -value).bit_length() - 1
        rank = self._rank_of_word(word + 1, wanted)
        return self._nth(rank, wanted) if rank < (self.count if wanted else self._gaps) else len(self._words) * _BITS

    def _rank_of_word(self, word: int, wanted: bool) -> int:
        """How many pages before ``word`` are in the dump, or are not."""
        pages = int(self._before[word]) if word < len(self._words) else self.count
        return pages if wanted else word * _BITS - pages

    def _nth(self, rank: int, wanted: bool) -> int:
        """The page that has ``rank`` pages of its kind before it."""
        low, high = 0, len(self._words)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._rank_of_word(middle, wanted) <= rank else (low, middle)
        value = int(self._words[low]) ^ (0 if wanted else _ALL)
        for _ in range(rank - self._rank_of_word(low, wanted)):
            value &= value - 1  # without its lowest bit
        return low * _BITS + (value & -value).bit_length() - 1
