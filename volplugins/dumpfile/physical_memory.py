"""Physical memory of a dump: pages by number, read from the file, and why one is not there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.page_index import HIGHEST_PFN, PAGE_SIZE, PageIndex, Run
from volplugins.dumpfile.source import ByteSource, FileSource
from volplugins.memory.reader import ReadError

_COLUMN_PAGES = 1 << 14  # pages looked at in one go
_MOST_UNREADABLE = 1 << 16  # pages that one look at a column steps over: those of damaged frames

Described = tuple[tuple[int, int], ...]  # (base PFN, page count), ascending, without overlap


class PhysicalMemory:
    """Reads physical memory.

    Args:
        source: the dump file.
        index: which pages the dump says it holds.
        described: RAM as the header describes it; empty where it does not.
        pages_described: how many pages of RAM the machine has, as far as the dump says; by default those of
            ``described``, else those of ``index``.

    Attributes:
        pages_described: pages of RAM that the machine has, as far as the dump says.
        described: the runs of RAM by the header, (base PFN, page count); empty where it says nothing of them.
        pages_indexed: pages that the dump says it holds.
        pages_in_file: pages whose every byte is in the file.
        plain: whether pages lie in the file as they are, so that they have an offset in it.
        grain: how many bytes are worth reading at once where less is wanted; a page where reading costs nothing.
        lowest_pfn, highest_pfn: of the pages that the dump says it holds; 0 where there is none.
    """

    def __init__(
        self, source: ByteSource, index: PageIndex, described: Described, pages_described: int | None = None
    ) -> None:
        self._source = source
        self._index = index
        self._described = self.described = described
        self._starts = [base for base, _ in described]
        self._end = source.size
        self.pages_indexed = index.count
        self.pages_in_file = index.in_file
        self.plain = True
        self.grain = PAGE_SIZE
        self.lowest_pfn = index.lowest
        self.highest_pfn = index.highest
        by_header = sum(count for _, count in described)
        self.pages_described = (by_header or index.count) if pages_described is None else pages_described

    def read(self, physical: int, size: int) -> bytes:
        """Return ``size`` bytes; raise ReadError at the first absent byte.

        Raises:
            ReadError: ``not-in-dump`` (RAM, but its page is not in the dump), ``truncated`` (the dump put it behind
                the end of the file), ``outside-memory`` (no RAM there).
        """
        start = physical % PAGE_SIZE
        if 0 < size <= PAGE_SIZE - start:  # within one page, as nearly all
            offset = self._index.offset(physical // PAGE_SIZE)
            data = self._source.read(offset + start, size) if offset >= 0 else b""
            if len(data) == size:
                return data
        parts: list[bytes] = []
        while size > 0:
            pfn, start = divmod(physical, PAGE_SIZE)
            offset, take = self._extent(pfn, start + size)
            data = self._source.read(offset + start, min(size, take - start)) if offset >= 0 else b""
            if not data:
                raise ReadError(physical, self._why_absent(pfn, offset))
            parts.append(data)
            physical += len(data)
            size -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _extent(self, pfn: int, wanted: int) -> tuple[int, int]:
        """File offset of a page, and how many of ``wanted`` bytes follow it there."""
        if wanted > PAGE_SIZE and (run := self._index.next_run(pfn)) is not None and run[0] == pfn:
            return run[2], run[1] * PAGE_SIZE
        return self._index.offset(pfn), PAGE_SIZE

    def _why_absent(self, pfn: int, offset: int) -> str:
        if offset >= 0:
            return "truncated"
        return "not-in-dump" if self.describes(pfn) else "outside-memory"

    def file_offset(self, physical: int) -> int | None:
        """Offset in the file of the byte at ``physical``, or None where it is not there."""
        offset = self._index.offset(physical // PAGE_SIZE)
        at = offset + physical % PAGE_SIZE
        return at if self.plain and offset >= 0 and at < self._end else None

    def has(self, pfn: int) -> bool:
        """Whether the whole page is in the file."""
        return 0 <= self._index.offset(pfn) <= self._end - PAGE_SIZE

    def present(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether each of many pages is wholly in the file."""
        offsets = self._index.offsets(pfns)
        here: npt.NDArray[np.bool_] = (offsets >= 0) & (offsets <= self._end - PAGE_SIZE)
        return here

    def describes(self, pfn: int) -> bool:
        """Whether the machine has RAM at this page, as far as the dump says.

        Where the header describes none, every page up to the highest that the dump holds may be RAM.
        """
        if self._index.offset(pfn) >= 0:
            return True
        if not self._described:
            return 0 <= pfn <= self.highest_pfn and self.pages_indexed > 0
        place = bisect_right(self._starts, pfn) - 1
        return place >= 0 and pfn < self._starts[place] + self._described[place][1]

    def describes_each(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """``describes`` of many pages at once."""
        held = self._index.offsets(pfns) >= 0
        if not self._described:
            return held | ((pfns >= 0) & (pfns <= self.highest_pfn) & (self.pages_indexed > 0))
        runs = np.array(self._described, dtype=np.int64)
        places = np.searchsorted(runs[:, 0], pfns, side="right") - 1
        inside: npt.NDArray[np.bool_] = (places >= 0) & (pfns < runs[places].sum(axis=1))
        return held | inside

    def next_run(self, pfn: int) -> Run | None:
        """(base PFN, page count, file offset) of the whole pages in the file from ``pfn`` on, or of the next ones.

        Time does not grow with the number of runs or of pages lost to truncation.
        """
        return self._index.next_run(pfn)

    def runs(self, first_pfn: int = 0, last_pfn: int | None = None) -> Iterator[Run]:
        """All runs of whole pages in the file between two PFNs (both included), ascending, found as asked for."""
        return self._index.runs(first_pfn, HIGHEST_PFN if last_pfn is None else last_pfn)

    def read_pages(self, pfns: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Many pages at once, gathered from the mapped file in one step where it is mapped.

        Returns:
            pages: array (n, 4096), not to be written to: pages that follow one another in the mapped file are a view
                of it. Absent pages are zeros.
            present: array (n,), whether each is wholly in the file.
        """
        wanted = np.asarray(pfns).astype(np.int64)
        offsets = self._index.offsets(wanted)
        present = (offsets >= 0) & (offsets <= self._end - PAGE_SIZE)
        view = self._source.view()
        if view is None:
            return self._read_each(offsets, present), present
        place = self._index.alignments[0] if len(self._index.alignments) == 1 else _one_place(offsets, present)
        if place is None:
            return self._gather_unlike(view, offsets, present), present
        whole = self._whole_pages(view, place)
        rows = offsets // PAGE_SIZE
        if len(rows) and present.all():
            if len(rows) == 1 or bool((np.diff(rows) == 1).all()):
                return whole[rows[0] : rows[0] + len(rows)], present
            return whole[rows], present
        pages = np.zeros((len(wanted), PAGE_SIZE), dtype=np.uint8)
        pages[present] = whole[rows[present]]
        return pages, present

    def _whole_pages(self, view: memoryview, skipped: int) -> npt.NDArray[np.uint8]:
        """The mapped file from ``skipped`` on, page by page."""
        count = max((self._end - skipped) // PAGE_SIZE, 0)
        return np.frombuffer(view, np.uint8, count * PAGE_SIZE, skipped).reshape(-1, PAGE_SIZE)

    def _gather_unlike(
        self, view: memoryview, offsets: npt.NDArray[np.int64], present: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.uint8]:
        """Pages of runs that begin at unlike places within a page of the file (LiME: a header before each)."""
        pages = np.zeros((len(offsets), PAGE_SIZE), dtype=np.uint8)
        places = np.where(present, offsets % PAGE_SIZE, -1)
        for place in np.unique(places[present]).tolist():
            these = places == place
            pages[these] = self._whole_pages(view, place)[(offsets[these] - place) // PAGE_SIZE]
        return pages

    def _read_each(self, offsets: npt.NDArray[np.int64], present: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """Pages of a file that is not mapped, one by one; ``present`` loses those that come short."""
        pages = np.zeros((len(offsets), PAGE_SIZE), dtype=np.uint8)
        for row in np.flatnonzero(present).tolist():
            data = self._source.read(int(offsets[row]), PAGE_SIZE)
            pages[row, : len(data)] = np.frombuffer(data, dtype=np.uint8)
            present[row] = len(data) == PAGE_SIZE
        return pages

    def words(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
        """The first eight bytes of many pages as little-endian words; zero for pages that are not in the file."""
        offsets = self._index.offsets(np.asarray(pfns).astype(np.int64))
        present = (offsets >= 0) & (offsets <= self._end - PAGE_SIZE)
        found = np.zeros(len(offsets), dtype=np.uint64)
        view = self._source.view()
        if view is None:
            for row in np.flatnonzero(present).tolist():
                found[row] = int.from_bytes(self._source.read(int(offsets[row]), 8), "little")
            return found
        data = np.frombuffer(view, np.uint8)
        eight = data[offsets[present][:, None] + np.arange(8)]
        found[present] = np.ascontiguousarray(eight).view("<u8").reshape(-1)
        return found

    def column(
        self, start: int, size: int, first_pfn: int = 0, last_pfn: int | None = None
    ) -> Iterator[tuple[int, npt.NDArray[np.uint64]]]:
        """The little-endian word of ``size`` bytes (4 or 8) at offset ``start`` of every page in the file.

        Yields (first PFN, values of that page and those behind it), ascending; nothing but these words is copied.
        Where the file is sparse, pages of its holes may be left out: they are zeros. A page that cannot be read is
        stepped over, and those behind it are not.

        Args:
            first_pfn, last_pfn: only pages from the one to the other, both included.
        """
        kind = np.dtype(f"<u{size}")
        unreadable = 0
        for base, count, offset in self.runs(first_pfn, last_pfn):
            first, most = 0, _COLUMN_PAGES
            while first < count and unreadable <= _MOST_UNREADABLE:
                first = self.first_stored(offset, first, count)
                at = offset + first * PAGE_SIZE
                asked = min(most, count - first)
                data = self._pages_from(at, asked)
                pages = len(data) // PAGE_SIZE
                if pages:
                    yield base + first, np.ndarray((pages,), kind, data, start, (PAGE_SIZE,)).astype(np.uint64)
                    first, most = first + pages, min(2 * most, _COLUMN_PAGES)
                elif at >= self._source.size or not asked:
                    break
                elif asked > 1:
                    most = asked // 2  # some sources give nothing at all where one page is bad
                else:
                    first, unreadable = first + 1, unreadable + 1

    def _pages_from(self, at: int, count: int) -> bytes | memoryview:
        """So many pages of the file, fewer where one cannot be read or the file ends."""
        view = self._source.view()
        return view[at : at + count * PAGE_SIZE] if view is not None else self._source.read(at, count * PAGE_SIZE)

    def first_stored(self, offset: int, page: int, count: int) -> int:
        """The first page from ``page`` on, of ``count`` at ``offset``, that is no hole of the file."""
        if not isinstance(self._source, FileSource):
            return page
        at = offset + page * PAGE_SIZE
        return min(page + (self._source.next_data(at) - at) // PAGE_SIZE, count)


def _one_place(offsets: npt.NDArray[np.int64], present: npt.NDArray[np.bool_]) -> int | None:
    """Where within a page of the file these pages begin, where that is the same for all that are there."""
    places = (offsets if present.all() else offsets[present]) % PAGE_SIZE
    return int(places[0]) if len(places) and bool((places == places[0]).all()) else None
