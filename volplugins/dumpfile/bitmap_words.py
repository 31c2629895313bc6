"""The words of a bitmap whose pages are in the file, kept for fast questions; the rest stays in the file.

A dump may describe far more pages than its file can hold. Words are kept up to the block in which the file ends, all of
them where that is little or where the pages lie close together, else those alone that have a bit set: 24 bytes at most
for each page that is there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.bit_counts import Words, bits_set
from volplugins.dumpfile.bitmap import BLOCK_WORDS, WORD_BITS, Bitmap

_ALL = (1 << WORD_BITS) - 1
_KEPT_WHOLE = 1 << 20  # words, of 256 GiB of RAM: 8 MiB, and as much for the counts before them
_PAGES_PER_WORD = 8  # so many on average make a word worth keeping even where it is empty
_Counts = npt.NDArray[np.int64]


class BitmapWords:
    """Words by slot: number of the word, the word, and how many pages are in words before it.

    Args:
        bitmap: where they are from.
        in_file: how many pages, the lowest of the bitmap, are in the file.

    Attributes:
        words, before: the word in each slot, and the pages in those before it.
        numbers: number of the word in each slot; None where it is the slot's own.
        limit: the first page of which nothing is known here.
    """

    def __init__(self, bitmap: Bitmap, in_file: int) -> None:
        blocks = int(np.searchsorted(bitmap.before[:-1], in_file))
        whole = min(blocks * BLOCK_WORDS, bitmap.words)
        self.limit = whole * WORD_BITS
        self.numbers: _Counts | None = None
        if whole <= max(_KEPT_WHOLE, in_file // _PAGES_PER_WORD):
            self.words = bitmap.read(0, whole)
        else:
            self.numbers, self.words = _with_pages(bitmap, blocks)
        counts = bits_set(self.words)
        self.count = int(counts.sum())
        self.before: _Counts = np.cumsum(counts)
        self.before -= counts

    def number(self, slot: int) -> int:
        """Number of the word in a slot."""
        return slot if self.numbers is None else int(self.numbers[slot])

    def at_or_behind(self, word: int) -> int:
        """The first slot whose word is number ``word`` or one behind it."""
        return min(word, len(self.words)) if self.numbers is None else int(np.searchsorted(self.numbers, word))

    def slots(self, numbers: _Counts) -> tuple[_Counts, npt.NDArray[np.bool_]]:
        """The slot of each word, and whether it has one; ``numbers`` are below the limit."""
        if self.numbers is None:
            return numbers, np.ones(len(numbers), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self.numbers, numbers), max(len(self.words) - 1, 0))
        return places, self.numbers[places] == numbers if len(self.words) else np.zeros(len(numbers), dtype=np.bool_)

    def rank(self, pfn: int) -> int:
        """How many pages with lower numbers are here."""
        word, bit = divmod(pfn, WORD_BITS)
        slot = self.at_or_behind(word)
        if slot == len(self.words):
            return self.count
        below = int(self.words[slot]) & (1 << bit) - 1 if self.number(slot) == word else 0
        return int(self.before[slot]) + below.bit_count()

    def page(self, rank: int) -> int:
        """The page that has ``rank`` pages before it, fewer than ``count``."""
        slot = int(np.searchsorted(self.before, rank, side="right")) - 1
        value = int(self.words[slot])
        for _ in range(rank - int(self.before[slot])):
            value &= value - 1  # without its lowest bit
        return self.number(slot) * WORD_BITS + _lowest(value)

    def gap(self, pfn: int) -> int:
        """The first page behind ``pfn``, which is set, that is not; or the limit of what is known."""
        word, bit = divmod(pfn, WORD_BITS)
        slot = self.at_or_behind(word)
        rest = (int(self.words[slot]) ^ _ALL) >> bit << bit
        last = slot if rest else self._last_unbroken(slot)
        if last > slot:
            rest = int(self.words[last]) ^ _ALL
        return self.number(last) * WORD_BITS + (_lowest(rest) if rest else WORD_BITS)

    def _last_unbroken(self, slot: int) -> int:
        """The last slot before whose word every page since the one in ``slot`` is set: itself, or one behind it."""
        low, high = slot, len(self.words)
        clear = (self.number(slot) + 1) * WORD_BITS - int(self.before[slot]) - int(self.words[slot]).bit_count()
        while high - low > 1:
            middle = (low + high) // 2
            unbroken = self.number(middle) * WORD_BITS - int(self.before[middle]) == clear
            low, high = (middle, high) if unbroken else (low, middle)
        return low


def _lowest(value: int) -> int:
    return (value & -value).bit_length() - 1


def _with_pages(bitmap: Bitmap, blocks: int) -> tuple[_Counts, Words]:
    """The words of the first blocks that have a bit set: their numbers and themselves."""
    numbers, words = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.uint64)]
    for block in np.flatnonzero(np.diff(bitmap.before[: blocks + 1])).tolist():
        read = bitmap.block(block)
        places = np.flatnonzero(read)
        numbers.append(places + block * BLOCK_WORDS)
        words.append(read[places])
    return np.concatenate(numbers), np.concatenate(words)
