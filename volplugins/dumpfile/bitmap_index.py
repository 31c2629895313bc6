"""Pages as a bitmap: one bit per PFN, pages in the file in order of their numbers (types 2, 5 and 6).

Opening counts the set bits once, 64 bytes at a time; everything else is found from these running counts, so that the
map of a 64 GiB machine (2 MiB) is ready in milliseconds and no list of runs is ever made.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.page_index import PAGE_SIZE, Run

_BITS_SET = np.array([value.bit_count() for value in range(256)], dtype=np.uint8)
_BLOCK = 64  # bitmap bytes per running count
_CHUNK = 1 << 13  # bitmap bytes looked at in one go when runs are listed
_COUNTED = 1 << 20  # bitmap bytes counted in one go
_GATHERED = 1 << 14  # pages looked up in one go: their blocks are a megabyte


class BitmapIndex:
    """A bitmap: bit n of byte b is page 8 b + n.

    Args:
        bitmap: its bytes, bits past the end of the map cleared.
        first_offset: file offset of the first page.
        size: size of the file in bytes.
    """

    def __init__(self, bitmap: npt.NDArray[np.uint8], first_offset: int, size: int) -> None:
        self._bitmap = bitmap
        self._first_offset = first_offset
        per_block = _counts_by_block(bitmap)
        self._before = np.cumsum(per_block) - per_block
        self.count = int(per_block.sum())
        self.in_file = min(self.count, max(0, (size - first_offset) // PAGE_SIZE))
        self.lowest = self._next_bit(0, True) or 0
        self.highest = self._nth_page(self.count - 1) if self.count else 0
        self.alignment = first_offset % PAGE_SIZE
        # PFN of the first page that the file ends before; all pages behind it are lost as well
        self._end = len(bitmap) * 8 if self.in_file == self.count else self._nth_page(self.in_file)

    def offset(self, pfn: int) -> int:
        """File offset of one page, or -1."""
        byte, bit = pfn >> 3, pfn & 7
        if not 0 <= byte < len(self._bitmap) or not int(self._bitmap[byte]) >> bit & 1:
            return -1
        return self._first_offset + self._rank(pfn) * PAGE_SIZE

    def offsets(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """File offset of each page, -1 for absent ones."""
        found = np.full(len(pfns), -1, dtype=np.int64)
        for start in range(0, len(pfns), _GATHERED):
            part = pfns[start : start + _GATHERED]
            inside = np.flatnonzero((part >= 0) & (part < len(self._bitmap) * 8))
            known = part[inside]
            present = self._bitmap[known >> 3] >> (known & 7).astype(np.uint8) & 1 == 1
            found[start + inside[present]] = self._first_offset + self._ranks(known[present]) * PAGE_SIZE
        return found

    def next_run(self, pfn: int) -> Run | None:
        """The whole pages in the file from ``pfn`` on, or the next run of them."""
        start = self._next_bit(max(pfn, 0), True)
        if start is None or start >= self._end:
            return None
        end = self._next_bit(start, False)
        count = (self._end if end is None else min(end, self._end)) - start
        return start, count, self._first_offset + self._rank(start) * PAGE_SIZE

    def runs(self, first: int, last: int) -> Iterator[Run]:
        """All runs between two PFNs, found chunk by chunk."""
        first, end = max(first, 0), min(last + 1, self._end)
        start = self._next_bit(first, True) if first < end else None
        if start is None:
            return
        offset, pending = self._first_offset + self._rank(start) * PAGE_SIZE, None
        for byte in range(start >> 3, -(-end // 8), _CHUNK):
            for base, count in self._edges(byte, start, end):
                if pending and pending[0] + pending[1] == base:
                    pending = (pending[0], pending[1] + count, pending[2])
                else:
                    if pending:
                        yield pending
                    pending = (base, count, offset)
                offset += count * PAGE_SIZE
        if pending:
            yield pending

    def _edges(self, byte: int, first: int, end: int) -> list[list[int]]:
        """Runs of set bits (base PFN, count) in one chunk, within [first, end)."""
        bits = np.unpackbits(self._bitmap[byte : byte + _CHUNK], bitorder="little")
        bits[: max(first - byte * 8, 0)] = 0
        bits[max(end - byte * 8, 0) :] = 0
        changes = np.diff(bits.astype(np.int8), prepend=0, append=0)
        edges = np.flatnonzero(changes).reshape(-1, 2)
        edges[:, 1] -= edges[:, 0]
        edges[:, 0] += byte * 8
        listed: list[list[int]] = edges.tolist()
        return listed

    def _rank(self, pfn: int) -> int:
        """How many pages with lower numbers the dump holds."""
        byte, bit = pfn >> 3, pfn & 7
        block = byte // _BLOCK
        inside = int(_BITS_SET[self._bitmap[block * _BLOCK : byte]].sum())
        return int(self._before[block]) + inside + (int(self._bitmap[byte]) & ((1 << bit) - 1)).bit_count()

    def _ranks(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The same for many pages."""
        bytes_at = pfns >> 3
        blocks = bytes_at // _BLOCK
        columns = np.arange(_BLOCK)
        where = np.minimum(blocks[:, None] * _BLOCK + columns, len(self._bitmap) - 1)
        counts = _BITS_SET[self._bitmap[where]] * (columns < (bytes_at - blocks * _BLOCK)[:, None])
        below = ((1 << (pfns & 7)) - 1).astype(np.uint8)
        partial = _BITS_SET[self._bitmap[bytes_at] & below].astype(np.int64)
        ranks: npt.NDArray[np.int64] = self._before[blocks] + counts.sum(axis=1, dtype=np.int64) + partial
        return ranks

    def _nth_page(self, rank: int) -> int:
        """PFN of the page with ``rank`` pages before it."""
        block = int(np.searchsorted(self._before, rank, side="right")) - 1
        bits = np.unpackbits(self._bitmap[block * _BLOCK : (block + 1) * _BLOCK], bitorder="little")
        return block * _BLOCK * 8 + int(np.flatnonzero(bits)[rank - int(self._before[block])])

    def _next_bit(self, pfn: int, wanted: bool) -> int | None:
        """Number of the first page from ``pfn`` on whose bit is ``wanted``."""
        byte = pfn >> 3
        if byte >= len(self._bitmap):
            return None
        value = self._byte(byte, wanted) & 0xFF << (pfn & 7)
        size = _BLOCK
        while not value:
            byte += 1
            chunk = self._bitmap[byte : byte + size]
            if not len(chunk):
                return None
            hits = np.flatnonzero(chunk if wanted else chunk != 0xFF)
            byte += int(hits[0]) if len(hits) else len(chunk) - 1
            value = self._byte(byte, wanted)
            size = _CHUNK
        return byte * 8 + (value & -value).bit_length() - 1

    def _byte(self, at: int, wanted: bool) -> int:
        """A byte of the bitmap, or of its complement."""
        value = int(self._bitmap[at])
        return value if wanted else ~value & 0xFF


def _counts_by_block(bitmap: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Set bits in each block."""
    counts = np.zeros(-(-len(bitmap) // _BLOCK), dtype=np.int64)
    for start in range(0, len(bitmap), _COUNTED):
        chunk = _BITS_SET[bitmap[start : start + _COUNTED]]
        chunk = np.pad(chunk, (0, -len(chunk) % _BLOCK))
        first = start // _BLOCK
        sums = chunk.reshape(-1, _BLOCK).sum(axis=1, dtype=np.int64)
        counts[first : first + len(sums)] = sums
    return counts
