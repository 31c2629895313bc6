"""The protocol through which the core reads memory, its error, and readers over plain bytes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Protocol

PAGE_SIZE = 0x1000


class ReadError(Exception):
    """A byte could not be read.

    Attributes:
        address: the first address that could not be read, in the reader's own address space.
        reason: why, in the words of docs/output.md (``not-in-dump``, ``not-mapped``, ...).
    """

    def __init__(self, address: int, reason: str = "not-in-dump") -> None:
        super().__init__(f"{address:#x}: {reason}")
        self.address = address
        self.reason = reason


class MemoryReader(Protocol):
    """Anything that gives bytes at an address: physical memory, an address space, a triage dump's blocks."""

    def read(self, address: int, size: int) -> bytes:
        """Return exactly ``size`` bytes at ``address``.

        Raises:
            ReadError: naming the first byte that cannot be read.
        """
        ...  # pragma: no cover - a protocol has no body


class PageReader:
    """Memory made of whole pages: a mapping of page-aligned address to 4096 bytes. Tests and lab use it."""

    def __init__(self, pages: Mapping[int, bytes], reason: str = "not-in-dump") -> None:
        self._pages = pages
        self._reason = reason

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes at ``address``; raise ReadError at the first absent page."""
        parts: list[bytes] = []
        while size > 0:
            start = address & (PAGE_SIZE - 1)
            take = min(size, PAGE_SIZE - start)
            page = self._pages.get(address - start)
            if page is None:
                raise ReadError(address, self._reason)
            parts.append(page[start : start + take])
            address += take
            size -= take
        return b"".join(parts)


class SegmentReader:
    """Memory made of byte strings at addresses, which may be of any length and alignment."""

    def __init__(self, segments: Mapping[int, bytes]) -> None:
        self._starts = sorted(segments)
        self._segments = segments

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes at ``address``; raise ReadError at the first byte in no segment."""
        parts: list[bytes] = []
        while size > 0:
            index = bisect_right(self._starts, address) - 1
            start = self._starts[index] if index >= 0 else address
            piece = self._segments[start][address - start : address - start + size] if index >= 0 else b""
            if not piece:
                raise ReadError(address)
            parts.append(piece)
            address += len(piece)
            size -= len(piece)
        return b"".join(parts)
