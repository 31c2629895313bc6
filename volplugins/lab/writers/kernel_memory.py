"""Kernel virtual memory of a snapshot, for what Windows copies by virtual address."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.lab.machine.snapshot import PAGE, Snapshot


class KernelMemory:
    """Reads through ``Snapshot.virtual``; what is not mapped there gives None."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._virtual = snapshot.virtual
        self._pages = snapshot.pages
        self._mask = (1 << snapshot.bits) - 1
        self.bits = snapshot.bits
        self.word = snapshot.bits // 8

    def read(self, address: int, size: int) -> bytes | None:
        """Exactly ``size`` bytes, or None where a page of them is not mapped."""
        pieces = list(self.mapped(address, size))
        if size <= 0 or [len(data) for _, data in pieces] != [size]:
            return None
        return pieces[0][1]

    def mapped(self, address: int, size: int) -> Iterator[tuple[int, bytes]]:
        """The mapped parts of a range, each as its address and bytes; neighbouring pages are one part."""
        part_start, parts = address, [b""]
        end = min((address & self._mask) + size, self._mask + 1)
        position = address & self._mask
        while position < end:
            page = position & ~(PAGE - 1)
            stop = min(end, page + PAGE)
            content = self._page(page)
            if content is None:
                if any(parts):
                    yield part_start, b"".join(parts)
                part_start, parts = stop, []
            else:
                part_start = part_start if any(parts) else position
                parts.append(content[position - page : stop - page])
            position = stop
        if any(parts):
            yield part_start, b"".join(parts)

    def is_mapped(self, address: int) -> bool:
        """Whether the byte at ``address`` is mapped."""
        return self._page(address & self._mask & ~(PAGE - 1)) is not None

    def number(self, address: int, size: int | None = None) -> int:
        """An unsigned integer, of a pointer's size unless told otherwise; 0 where it cannot be read."""
        return int.from_bytes(self.read(address, size or self.word) or b"", "little")

    def text(self, address: int) -> str:
        """The text of the UNICODE_STRING at ``address``, empty where it cannot be read."""
        length = self.number(address, 2)
        data = self.read(self.number(address + self.word), length) or b""
        return data.decode("utf-16-le", "replace")

    def _page(self, page: int) -> bytes | None:
        pfn = self._virtual.get(page)
        return None if pfn is None else self._pages.get(pfn, bytes(PAGE))
