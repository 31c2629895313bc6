"""A kernel's data in pieces, each byte once, and how much of it one search may look at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.image.headers import ImageHeaders
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.target.search_log import SearchLog

#: bytes looked through in all; the data of every known kernel are a tenth of it
MOST_DATA = 64 << 20
#: places that look like the start of what is sought, in all; a sound kernel has some dozen
MOST_HITS = 1 << 14
#: how far a piece reaches into the next, so that nothing of up to a page is cut in two
OVERLAP = PAGE_SIZE
_PIECE = 1 << 20


@dataclass(slots=True)
class SearchLimit:
    """What is left of one search, and why it was cut off.

    Attributes:
        log: gives the time, and is told of the cut.
        data: bytes that may still be looked at; ``hits``: places that may still be examined.
        cut: why the search ended early, in words; empty where it did not.
    """

    log: SearchLog
    data: int = MOST_DATA
    hits: int = MOST_HITS
    cut: str = ""

    def takes_data(self, size: int) -> bool:
        """Whether ``size`` bytes more may be looked at."""
        self.data -= size
        if self.data < 0:
            self._stop(f"after {MOST_DATA >> 20} MiB")
        elif self.log.over:
            self._stop("when its time was up")
        return not self.cut

    def takes_hit(self) -> bool:
        """Whether one place more may be examined."""
        self.hits -= 1
        if self.hits < 0:
            self._stop(f"after {MOST_HITS} places that look like the block")
        return not self.cut

    def _stop(self, why: str) -> None:
        if not self.cut:
            self.cut = f"the search for the debugger data block in the kernel's data stopped {why}"
            self.log.add(self.cut)


def data_pieces(memory: MemoryReader, kernel: ImageHeaders, limit: SearchLimit) -> Iterator[tuple[int, bytes]]:
    """Address and bytes of the data sections, those that may be written first; pages that are not there are zeros."""
    for first, end in _ranges(kernel):
        for at in range(first, end, _PIECE):
            size = min(_PIECE + OVERLAP, end - at)
            if not limit.takes_data(min(_PIECE, size)):
                return
            yield kernel.base + at, _padded(memory, kernel.base + at, size)


def _ranges(kernel: ImageHeaders) -> Iterator[tuple[int, int]]:
    """RVAs of data, by pages; of sections that overlap, what is not in an earlier one. The image where none is."""
    parts = [each for each in kernel.sections if not each.executable and each.virtual_size]
    parts.sort(key=lambda each: not each.passing)
    seen: list[tuple[int, int]] = []
    for part in parts:
        first, end = part.rva & -PAGE_SIZE, min(-(-(part.rva + part.virtual_size) & -PAGE_SIZE), kernel.size_of_image)
        yield from _unseen(seen, first, end)
        seen = sorted([*seen, (first, end)])
    if not parts:
        yield 0, kernel.size_of_image


def _unseen(seen: list[tuple[int, int]], first: int, end: int) -> Iterator[tuple[int, int]]:
    """What of a range lies in none of those seen, which are in order."""
    for low, high in seen:
        if first < min(low, end):
            yield first, min(low, end)
        first = max(first, high)
    if first < end:
        yield first, end


def _padded(memory: MemoryReader, start: int, size: int) -> bytes:
    data = bytearray(size)
    at = 0
    while at < size:
        step = min(PAGE_SIZE - (start + at) % PAGE_SIZE, size - at)
        with contextlib.suppress(ReadError):
            data[at : at + step] = memory.read(start + at, step)
        at += step
    return bytes(data)
