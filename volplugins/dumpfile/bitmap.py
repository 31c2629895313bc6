"""A bitmap as it lies in a file: read piece by piece, and counted by blocks of 65,536 pages.

Only the counts stay in memory, 8 bytes for 256 MiB of the machine's RAM: a file can say with a few bytes of its own
that it describes 64 TiB.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.bit_counts import Words, as_words, bits_set
from volplugins.dumpfile.source import ByteSource

WORD_BITS = 64
BLOCK_WORDS = 1 << 10
BLOCK_PAGES = BLOCK_WORDS * WORD_BITS
_PIECE = 32 * BLOCK_WORDS  # words read at once: 256 KiB


class Bitmap:
    """``bits`` bits at ``offset``: bit n of word w is page 64 w + n. What the file ends before reads as zeros.

    Attributes:
        words: how many words of it are in the file, the last one perhaps in part.
        before: pages in the blocks before each block, and as the last item in all of them.
    """

    def __init__(self, source: ByteSource, offset: int, bits: int) -> None:
        self._source = source
        self._offset = offset
        self._bits = bits
        held = max(min(-(-bits // 8), source.size - offset), 0)
        self.words = -(-held // 8)
        self.before = self._count()

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self.before) - 1

    @property
    def count(self) -> int:
        """How many bits are set."""
        return int(self.before[-1])

    def read(self, word: int, count: int) -> Words:
        """Up to ``count`` words from number ``word`` on, without bits past the bitmap's end; fewer at its end."""
        count = max(min(count, self.words - word), 0)
        size = min(8 * count, -(-self._bits // 8) - 8 * word)
        words = as_words(self._source.read(self._offset + 8 * word, size).ljust(8 * count, b"\0"))
        if count and self._bits < (word + count) * WORD_BITS:
            words = words.copy()
            words[-1] &= np.uint64((1 << self._bits % WORD_BITS) - 1)
        return words

    def block(self, number: int) -> Words:
        """The words of a block."""
        return self.read(number * BLOCK_WORDS, BLOCK_WORDS)

    def _count(self) -> npt.NDArray[np.int64]:
        counts = np.zeros(-(-self.words // BLOCK_WORDS), dtype=np.int64)
        for start in range(0, self.words, _PIECE):
            words = self.read(start, _PIECE)
            if words.any():
                sums = np.add.reduceat(bits_set(words), np.arange(0, len(words), BLOCK_WORDS))
                counts[start // BLOCK_WORDS : start // BLOCK_WORDS + len(sums)] = sums
        return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
