"""Pages as a bitmap: one bit per PFN, pages in the file in order of their numbers (types 2, 5 and 6).

Opening counts the bits once; everything else is found from running counts, so that the map of a 64 GiB machine (2 MiB)
is ready in milliseconds, each question takes a binary search at most, and no list of runs is ever made. Pages behind
the file's end are counted, and looked up in the bitmap where they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.bit_counts import Words, bits_set
from volplugins.dumpfile.bitmap import BLOCK_PAGES, BLOCK_WORDS, WORD_BITS, Bitmap
from volplugins.dumpfile.bitmap_words import BitmapWords
from volplugins.dumpfile.page_index import PAGE_SIZE, Run

_CHUNK = 1 << 12  # words looked at in one go when runs are listed
_Array = npt.NDArray[np.int64]


class BitmapIndex:
    """A bitmap as a map of pages.

    Args:
        bitmap: the bitmap.
        first_offset: file offset of the first page.
        size: size of the file in bytes.
    """

    def __init__(self, bitmap: Bitmap, first_offset: int, size: int) -> None:
        self._bitmap = bitmap
        self._first_offset = first_offset
        self.count = bitmap.count
        self.in_file = min(self.count, max(0, (size - first_offset) // PAGE_SIZE))
        self._kept = BitmapWords(bitmap, self.in_file)
        self.lowest = self._outermost(0, 0) if self.count else 0
        self.highest = self._outermost(self.count - 1, -1) if self.count else 0
        self.alignments = (first_offset % PAGE_SIZE,)
        # behind the last page of the file: all pages from here on are lost
        self._end = self._kept.page(self.in_file - 1) + 1 if self.in_file else 0

    def offset(self, pfn: int) -> int:
        """File offset of one page, or -1."""
        if pfn >= self._kept.limit:
            return self._offset_of_lost(pfn)
        word, bit = divmod(pfn, WORD_BITS)
        slot = self._kept.at_or_behind(word) if pfn >= 0 else len(self._kept.words)
        if slot == len(self._kept.words) or self._kept.number(slot) != word:
            return -1
        value = int(self._kept.words[slot])
        below = value & (1 << bit) - 1
        rank = int(self._kept.before[slot]) + below.bit_count()
        return self._first_offset + rank * PAGE_SIZE if value >> bit & 1 else -1

    def offsets(self, pfns: _Array) -> _Array:
        """File offset of each page, -1 for absent ones."""
        found = np.full(len(pfns), -1, dtype=np.int64)
        places = np.flatnonzero((pfns >= 0) & (pfns < self._kept.limit))
        slots, known = self._kept.slots(pfns[places] // WORD_BITS)
        places, slots = places[known], slots[known]
        found[places] = self._located(self._kept.words[slots], self._kept.before[slots], pfns[places])
        lost = np.flatnonzero((pfns >= self._kept.limit) & (pfns < self._bitmap.words * WORD_BITS))
        blocks = pfns[lost] // BLOCK_PAGES
        for block in np.unique(blocks).tolist():
            here = lost[blocks == block]
            words, before = self._block(block)
            slots = pfns[here] // WORD_BITS % BLOCK_WORDS
            found[here] = self._located(words[slots], before[slots], pfns[here])
        return found

    def _located(self, words: Words, before: _Array, pfns: _Array) -> _Array:
        """File offset of each page by its word and the pages before that, or -1."""
        bits, one = (pfns % WORD_BITS).astype(np.uint64), np.uint64(1)
        ranks = before + bits_set(words & ((one << bits) - one))
        return np.where(words >> bits & one == one, self._first_offset + ranks * PAGE_SIZE, -1)

    def next_run(self, pfn: int) -> Run | None:
        """The whole pages in the file from ``pfn`` on, or the next run of them."""
        rank = self._kept.rank(max(pfn, 0))
        if rank >= self.in_file:
            return None
        start = self._kept.page(rank)
        return start, min(self._kept.gap(start), self._end) - start, self._first_offset + rank * PAGE_SIZE

    def runs(self, first: int, last: int) -> Iterator[Run]:
        """All runs between two PFNs, found chunk by chunk."""
        rank, end = self._kept.rank(max(first, 0)), min(last + 1, self._end)
        if rank >= self.in_file:
            return
        start, offset = self._kept.page(rank), self._first_offset + rank * PAGE_SIZE
        pending: Run | None = None
        for slot in range(self._kept.at_or_behind(start // WORD_BITS), len(self._kept.words), _CHUNK):
            if self._kept.number(slot) * WORD_BITS >= end:
                break
            bases, counts = self._pieces(slot, start, end)
            if not len(bases):
                continue
            offsets = offset + (np.cumsum(counts) - counts) * PAGE_SIZE
            offset = int(offsets[-1] + counts[-1] * PAGE_SIZE)
            found: list[Run] = list(zip(bases.tolist(), counts.tolist(), offsets.tolist(), strict=True))
            if pending is not None and pending[0] + pending[1] == found[0][0]:
                found[0] = (pending[0], pending[1] + found[0][1], pending[2])
            elif pending is not None:
                yield pending
            pending = found.pop()
            yield from found
        if pending is not None:
            yield pending

    def _pieces(self, slot: int, first: int, end: int) -> tuple[_Array, _Array]:
        """Runs of set bits in one chunk, within [first, end): their first pages and how many pages each has."""
        words = self._kept.words[slot : slot + _CHUNK]
        if self._kept.numbers is None:
            numbers = np.arange(slot, slot + len(words) + 1)
        else:
            numbers = self._kept.numbers[slot : slot + _CHUNK]
            gaps = np.flatnonzero(np.diff(numbers) > 1) + 1
            words = np.insert(words, gaps, 0)  # an empty word behind each word that the next does not follow
            numbers = np.insert(numbers, gaps, numbers[gaps - 1] + 1)
            numbers = np.append(numbers, numbers[-1] + 1)
        edges = np.clip(_changes(words, numbers), first, end).reshape(-1, 2)
        bases, counts = edges[:, 0], edges[:, 1] - edges[:, 0]
        there = counts > 0
        return bases[there], counts[there]

    def _offset_of_lost(self, pfn: int) -> int:
        """File offset of a page of which no word is kept, or -1."""
        block, inside = divmod(pfn, BLOCK_PAGES)
        if block >= self._bitmap.blocks or self._bitmap.before[block] == self._bitmap.before[block + 1]:
            return -1
        words, before = self._block(block)
        slot = inside // WORD_BITS
        if slot >= len(words):
            return -1
        return int(self._located(words[slot : slot + 1], before[slot : slot + 1], np.array([pfn]))[0])

    def _block(self, block: int) -> tuple[Words, _Array]:
        """The words of a block, and the pages before each."""
        words = self._bitmap.block(block)
        counts = bits_set(words)
        return words, int(self._bitmap.before[block]) + np.cumsum(counts) - counts

    def _outermost(self, rank: int, side: int) -> int:
        """The first or last page that the dump says it holds: its rank, and the side of its block it is on."""
        block = int(np.searchsorted(self._bitmap.before, rank, side="right")) - 1
        words = self._bitmap.block(block)
        place = int(np.flatnonzero(words)[side])
        value = int(words[place])
        bit = value.bit_length() - 1 if side else (value & -value).bit_length() - 1
        return block * BLOCK_PAGES + place * WORD_BITS + bit


def _changes(words: Words, numbers: _Array) -> _Array:
    """The pages at which runs begin and end, by turns; ``numbers`` has the number of the word behind the last, too."""
    one = np.uint64(1)
    changed = words ^ (words << one)
    changed[1:] ^= words[:-1] >> np.uint64(WORD_BITS - 1)
    used = np.flatnonzero(changed)  # words within a run, or between two, have none
    bits = np.unpackbits(changed[used].astype("<u8", copy=False).view(np.uint8), bitorder="little")
    places = np.flatnonzero(bits.view(np.bool_))
    pages = numbers[used[places // WORD_BITS]] * WORD_BITS + places % WORD_BITS
    return np.append(pages, numbers[-1] * WORD_BITS) if len(pages) % 2 else pages
