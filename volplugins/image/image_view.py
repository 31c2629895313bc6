"""One image's bytes by RVA: nothing outside the image is read, and missing pages cost only themselves.

The room decodes PE structures itself instead of handing pefile a reassembled image: kernel images reach 2 GiB by
their header, most of their pages are absent from a dump, and pefile wants one contiguous buffer and fails or
misreads where a piece of it is made up. The tests hold our results against pefile's on whole images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

_KEPT_PAGES = 1024


class ImageView:
    """Reads of an image by RVA.

    Attributes:
        base: load address.
        size: bytes that the image spans (SizeOfImage); reads past it fail.
    """

    def __init__(self, memory: MemoryReader, base: int, size: int) -> None:
        self.base = base
        self.size = size
        self._memory = memory
        self._pages: dict[int, bytes] = {}

    def read(self, rva: int, size: int) -> bytes:
        """Exactly ``size`` bytes at ``rva``; raises ReadError (reason ``outside-image`` where the RVA is past it)."""
        if rva < 0 or size < 0 or rva + size > self.size:
            raise ReadError(self.base + rva, "outside-image")
        return self._memory.read(self.base + rva, size)

    def read_sparse(self, rva: int, size: int) -> tuple[bytes, npt.NDArray[np.bool_]]:
        """What there is of ``size`` bytes at ``rva``: the bytes, zeros where missing, and which bytes are real."""
        data, present = bytearray(size), np.zeros(size, dtype=np.bool_)
        at = 0
        while at < size:
            take = min(size - at, PAGE_SIZE - (self.base + rva + at) % PAGE_SIZE)
            try:
                data[at : at + take] = self.read(rva + at, take)
                present[at : at + take] = True
            except ReadError:
                pass
            at += take
        return bytes(data), present

    def text(self, rva: int, limit: int) -> bytes:
        """The NUL-terminated string at ``rva``, without its NUL; raises ReadError.

        A string with no NUL in its first ``limit`` bytes raises too, with reason ``no-terminator``.
        """
        parts: list[bytes] = []
        room = limit
        while room > 0:
            chunk = self._rest_of_page(rva)[:room]
            end = chunk.find(b"\0")
            if end >= 0:
                parts.append(chunk[:end])
                return b"".join(parts)
            parts.append(chunk)
            rva += len(chunk)
            room -= len(chunk)
        raise ReadError(self.base + rva, "no-terminator")

    def _rest_of_page(self, rva: int) -> bytes:
        """Readable bytes from ``rva`` to the end of its page or of the image, at least one; raises ReadError."""
        if not 0 <= rva < self.size:
            raise ReadError(self.base + rva, "outside-image")
        start = rva - (self.base + rva) % PAGE_SIZE
        page = self._pages.get(start)
        if page is None:
            try:
                page = self._memory.read(self.base + start, PAGE_SIZE)
            except ReadError:
                return self._part_of_page(rva, start + PAGE_SIZE)
            if len(self._pages) >= _KEPT_PAGES:
                self._pages.clear()
            self._pages[start] = page
        return page[rva - start : self.size - start]

    def _part_of_page(self, rva: int, end: int) -> bytes:
        """Bytes from ``rva`` up to the first missing one, for readers that hold less than whole pages."""
        try:
            return self._memory.read(self.base + rva, min(end, self.size) - rva)
        except ReadError as error:
            good = error.address - self.base - rva
            if not 0 < good < end - rva:
                raise
            return self._memory.read(self.base + rva, good)
