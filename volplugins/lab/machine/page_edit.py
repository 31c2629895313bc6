"""Bytes of a finished snapshot changed in a copy of its pages, by kernel address."""

from __future__ import annotations

from volplugins.lab.machine.snapshot import PAGE, Snapshot


class PageEdit:
    """A copy of a snapshot's pages; ``pages`` is what the changed snapshot is made with."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._virtual = snapshot.virtual
        self.pages = dict(snapshot.pages)

    def read(self, address: int, size: int) -> bytes:
        """Bytes at a kernel address; raises KeyError where a page is not mapped."""
        parts = []
        while size > 0:
            start = address % PAGE
            part = self.pages.get(self._virtual[address - start], bytes(PAGE))[start : min(start + size, PAGE)]
            parts.append(part)
            address, size = address + len(part), size - len(part)
        return b"".join(parts)

    def number(self, address: int, size: int) -> int:
        """A little-endian number; raises KeyError as ``read``."""
        return int.from_bytes(self.read(address, size), "little")

    def write(self, address: int, data: bytes) -> None:
        """Store bytes at a kernel address; raises KeyError where a page is not mapped."""
        while data:
            start = address % PAGE
            pfn = self._virtual[address - start]
            page = bytearray(self.pages.get(pfn, bytes(PAGE)))
            part = data[: PAGE - start]
            page[start : start + len(part)] = part
            self.pages[pfn] = bytes(page)
            address, data = address + len(part), data[len(part) :]
