"""Which pages are in the file and where: as sorted runs, or as a bitmap with running counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

PAGE_SIZE = 0x1000
Run = tuple[int, int, int]  # base PFN, page count, file offset of the first page

_BITS_SET = np.array([bin(value).count("1") for value in range(256)], dtype=np.uint8)
_BLOCK = 64  # bitmap bytes per running count
_CHUNK = 1 << 13  # bitmap bytes looked at in one go


class PageIndex(Protocol):
    """Where pages are in the file, before it is known how long the file really is."""

    @property
    def count(self) -> int:
        """How many pages the index puts into the file."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def lowest(self) -> int:
        """Lowest PFN, 0 where there is none."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def highest(self) -> int:
        """Highest PFN, 0 where there is none."""
        ...  # pragma: no cover - a protocol has no body

    def offsets(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """File offset of each page, -1 for those the index does not have."""
        ...  # pragma: no cover - a protocol has no body

    def offset(self, pfn: int) -> int:
        """File offset of one page, -1 where the index does not have it."""
        ...  # pragma: no cover - a protocol has no body

    def within(self, size: int) -> int:
        """How many of the pages lie wholly in a file of ``size`` bytes."""
        ...  # pragma: no cover - a protocol has no body

    def next_run(self, pfn: int) -> Run | None:
        """The run from ``pfn`` on that holds it, or the next one after it."""
        ...  # pragma: no cover - a protocol has no body

    def runs(self) -> Iterator[Run]:
        """All runs, ascending."""
        ...  # pragma: no cover - a protocol has no body


class RunIndex:
    """Runs of pages. The file holds them in the order given; where two overlap, the earlier one's pages count."""

    def __init__(self, bases: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], first_offset: int) -> None:
        offsets = first_offset + (np.cumsum(counts) - counts) * PAGE_SIZE
        order = np.argsort(bases, kind="stable")
        self._bases, self._counts, self._offsets, self.overlapping = _disjoint(
            bases[order], counts[order], offsets[order]
        )
        self._ends = self._bases + self._counts
        self.count = int(self._counts.sum())
        self.lowest = int(self._bases[0]) if len(self._bases) else 0
        self.highest = int(self._ends[-1]) - 1 if len(self._bases) else 0

    def offsets(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """File offset of each page, -1 for absent ones."""
        if not len(self._bases):
            return np.full(len(pfns), -1, dtype=np.int64)
        which = np.searchsorted(self._bases, pfns, side="right") - 1
        inside = (which >= 0) & (pfns < self._ends[which])
        return np.where(inside, self._offsets[which] + (pfns - self._bases[which]) * PAGE_SIZE, -1)

    def offset(self, pfn: int) -> int:
        """File offset of one page, or -1."""
        which = int(np.searchsorted(self._bases, pfn, side="right")) - 1
        if which < 0 or pfn >= self._ends[which]:
            return -1
        return int(self._offsets[which]) + (pfn - int(self._bases[which])) * PAGE_SIZE

    def within(self, size: int) -> int:
        """Pages that lie wholly in a file of ``size`` bytes."""
        return int(np.clip((size - self._offsets) // PAGE_SIZE, 0, self._counts).sum())

    def next_run(self, pfn: int) -> Run | None:
        """The run that holds ``pfn``, from it on, or the next one."""
        which = int(np.searchsorted(self._ends, pfn, side="right"))
        if which >= len(self._bases):
            return None
        skipped = max(pfn - int(self._bases[which]), 0)
        return self._run(which, skipped)

    def runs(self) -> Iterator[Run]:
        """All runs."""
        return (self._run(which, 0) for which in range(len(self._bases)))

    def _run(self, which: int, skipped: int) -> Run:
        base, count, offset = int(self._bases[which]), int(self._counts[which]), int(self._offsets[which])
        return base + skipped, count - skipped, offset + skipped * PAGE_SIZE


def _disjoint(
    bases: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Sorted runs without what the ones before them hold already; and how many overlapped."""
    reach = np.maximum.accumulate(bases + counts) if len(bases) else bases
    before = np.concatenate([bases[:1], reach[:-1]]) if len(bases) else bases
    cut = np.clip(before - bases, 0, counts)
    kept = (counts - cut) > 0
    return (bases + cut)[kept], (counts - cut)[kept], (offsets + cut * PAGE_SIZE)[kept], int((cut > 0).sum())


class BitmapIndex:
    """A bitmap: bit n of byte b is page 8 b + n; pages lie in the file in order of their number."""

    def __init__(self, bitmap: npt.NDArray[np.uint8], first_offset: int) -> None:
        self._bitmap = bitmap
        self._first_offset = first_offset
        padded = np.zeros(-(-len(bitmap) // _BLOCK) * _BLOCK, dtype=np.uint8)
        padded[: len(bitmap)] = _BITS_SET[bitmap]
        per_block = padded.reshape(-1, _BLOCK).sum(axis=1, dtype=np.int64)
        self._before = np.cumsum(per_block) - per_block
        self.count = int(per_block.sum())
        used = np.flatnonzero(bitmap)
        first, last = (int(bitmap[used[0]]), int(bitmap[used[-1]])) if len(used) else (0, 0)
        self.lowest = int(used[0]) * 8 + (first & -first).bit_length() - 1 if len(used) else 0
        self.highest = int(used[-1]) * 8 + last.bit_length() - 1 if len(used) else 0

    def offset(self, pfn: int) -> int:
        """File offset of one page, or -1."""
        byte, bit = pfn >> 3, pfn & 7
        if not 0 <= byte < len(self._bitmap) or not self._bitmap[byte] >> bit & 1:
            return -1
        return self._first_offset + self._rank(pfn) * PAGE_SIZE

    def _rank(self, pfn: int) -> int:
        """How many pages with lower numbers are in the file."""
        byte, bit = pfn >> 3, pfn & 7
        block = byte // _BLOCK
        inside = int(_BITS_SET[self._bitmap[block * _BLOCK : byte]].sum())
        return int(self._before[block]) + inside + (int(self._bitmap[byte]) & ((1 << bit) - 1)).bit_count()

    def offsets(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """File offset of each page, -1 for absent ones."""
        found = np.full(len(pfns), -1, dtype=np.int64)
        valid = (pfns >= 0) & (pfns < len(self._bitmap) * 8)
        bytes_at, bits = pfns[valid] >> 3, (pfns[valid] & 7).astype(np.uint8)
        present = (self._bitmap[bytes_at] >> bits) & 1 == 1
        bytes_at, bits = bytes_at[present], bits[present]
        counts = np.concatenate([[0], np.cumsum(_BITS_SET[self._bitmap], dtype=np.int64)])
        below = self._bitmap[bytes_at] & ((np.uint16(1) << bits.astype(np.uint16)) - 1).astype(np.uint8)
        ranks = counts[bytes_at] + _BITS_SET[below]
        places = np.flatnonzero(valid)[present]
        found[places] = self._first_offset + ranks * PAGE_SIZE
        return found

    def within(self, size: int) -> int:
        """Pages that lie wholly in a file of ``size`` bytes."""
        return min(self.count, max(0, (size - self._first_offset) // PAGE_SIZE))

    def next_run(self, pfn: int) -> Run | None:
        """The run that holds ``pfn``, from it on, or the next one."""
        start = self._next_bit(max(pfn, 0), True)
        if start is None:
            return None
        end = self._next_bit(start, False)
        count = (end if end is not None else len(self._bitmap) * 8) - start
        return start, count, self._first_offset + self._rank(start) * PAGE_SIZE

    def _next_bit(self, pfn: int, wanted: bool) -> int | None:
        """Number of the first page from ``pfn`` on whose bit is ``wanted``."""
        byte = pfn >> 3
        if byte >= len(self._bitmap):
            return None
        value = int(self._bitmap[byte]) if wanted else ~int(self._bitmap[byte]) & 0xFF
        value &= 0xFF << (pfn & 7)
        size = _BLOCK
        while not value:
            byte += 1
            chunk = self._bitmap[byte : byte + size]
            if not len(chunk):
                return None
            hits = np.flatnonzero(chunk if wanted else chunk != 0xFF)
            byte += int(hits[0]) if len(hits) else len(chunk) - 1
            value = int(self._bitmap[byte]) if wanted else ~int(self._bitmap[byte]) & 0xFF
            size = _CHUNK
        return byte * 8 + (value & -value).bit_length() - 1

    def runs(self) -> Iterator[Run]:
        """All runs, found chunk by chunk."""
        offset, pending = self._first_offset, None
        for start in range(0, len(self._bitmap), _CHUNK):
            bits = np.unpackbits(self._bitmap[start : start + _CHUNK], bitorder="little")
            edges = np.flatnonzero(np.diff(np.concatenate([[0], bits, [0]]))).reshape(-1, 2) + start * 8
            for base, end in edges.tolist():
                if pending and pending[0] + pending[1] == base:
                    pending = (pending[0], pending[1] + end - base, pending[2])
                else:
                    if pending:
                        yield pending
                    pending = (base, end - base, offset)
                offset += (end - base) * PAGE_SIZE
        if pending:
            yield pending
