"""Physical memory of a dump: pages by number, read from the file, and why one is not there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.page_index import PAGE_SIZE, PageIndex, Run
from volplugins.dumpfile.source import ByteSource
from volplugins.memory.reader import ReadError

Described = tuple[tuple[int, int], ...]  # (base PFN, page count), ascending


class PhysicalMemory:
    """Reads physical memory.

    Args:
        source: the dump file.
        index: which pages the dump says are in the file.
        described: RAM as the header describes it; empty where it does not.
    """

    def __init__(self, source: ByteSource, index: PageIndex, described: Described) -> None:
        self._source = source
        self._index = index
        self._described = described
        self._end = source.size
        self.pages_indexed = index.count
        self.lowest_pfn = index.lowest
        self.highest_pfn = index.highest
        self.pages_in_file = index.within(source.size)
        self.pages_described = sum(count for _, count in described) or index.count

    def read(self, physical: int, size: int) -> bytes:
        """Return ``size`` bytes; raise ReadError (not-in-dump, truncated, outside-memory) at the first absent byte."""
        parts: list[bytes] = []
        while size > 0:
            start = physical % PAGE_SIZE
            take = min(size, PAGE_SIZE - start)
            offset = self._index.offset(physical // PAGE_SIZE)
            data = self._source.read(offset + start, take) if offset >= 0 else b""
            if len(data) < take:
                raise ReadError(physical + len(data), self._why_absent(physical // PAGE_SIZE, offset))
            parts.append(data)
            physical += take
            size -= take
        return b"".join(parts)

    def _why_absent(self, pfn: int, offset: int) -> str:
        if offset >= 0:
            return "truncated"
        return "not-in-dump" if self.describes(pfn) else "outside-memory"

    def file_offset(self, physical: int) -> int | None:
        """Offset in the file of the byte at ``physical``, or None where it is not there."""
        offset = self._index.offset(physical // PAGE_SIZE)
        at = offset + physical % PAGE_SIZE
        return at if offset >= 0 and at < self._end else None

    def has(self, pfn: int) -> bool:
        """Whether the whole page is in the file."""
        offset = self._index.offset(pfn)
        return 0 <= offset <= self._end - PAGE_SIZE

    def describes(self, pfn: int) -> bool:
        """Whether the machine has RAM at this page, as far as the dump says."""
        if not self._described:
            return self._index.offset(pfn) >= 0 or pfn <= self.highest_pfn
        return any(base <= pfn < base + count for base, count in self._described)

    def next_run(self, pfn: int) -> Run | None:
        """(base PFN, page count, file offset) of the whole pages in the file from ``pfn`` on, or of the next ones."""
        while (run := self._index.next_run(pfn)) is not None:
            base, count, offset = run
            whole = min(count, (self._end - offset) // PAGE_SIZE)
            if whole > 0:
                return base, whole, offset
            pfn = base + count
        return None

    def runs(self) -> Iterator[Run]:
        """All runs of whole pages in the file, ascending, found as they are asked for."""
        for base, count, offset in self._index.runs():
            whole = min(count, (self._end - offset) // PAGE_SIZE)
            if whole > 0:
                yield base, whole, offset

    def read_pages(self, pfns: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Many pages at once.

        Returns:
            pages: array (n, 4096); absent pages are zeros.
            present: array (n,), whether each is in the file.
        """
        offsets = self._index.offsets(pfns)
        present = (offsets >= 0) & (offsets <= self._end - PAGE_SIZE)
        pages = np.zeros((len(pfns), PAGE_SIZE), dtype=np.uint8)
        view = self._source.view()
        for row in np.flatnonzero(present):
            offset = int(offsets[row])
            data = view[offset : offset + PAGE_SIZE] if view is not None else self._source.read(offset, PAGE_SIZE)
            pages[row] = np.frombuffer(data, dtype=np.uint8)
        return pages, present
