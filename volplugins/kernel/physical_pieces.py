"""Physical memory piece by piece, as scans look at it: each with some bytes of the next, where that follows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

_PIECE = 16 << 20

Progress = Callable[[float], None]


class Scannable(MemoryReader, Protocol):
    """Physical memory whose pages can be listed."""

    def runs(self, first_pfn: int = 0, last_pfn: int | None = None) -> Iterator[tuple[int, int, int]]:
        """(base PFN, page count, file offset) of the pages that are there."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def pages_in_file(self) -> int:
        """How many pages are there."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes from the physical address ``start`` on; those behind the first ``size`` are the next piece's too."""

    start: int
    size: int
    data: bytes


def pieces(physical: Scannable, beyond: int = 0, progress: Progress | None = None) -> Iterator[Piece]:
    """All that is there, ascending, in pieces of 16 MiB at most; pages that cannot be read split them.

    Args:
        beyond: how many bytes of the next piece are wanted with each.
    """
    done = 0
    for base, count, _ in physical.runs():
        end = (base + count) << 12
        for start in range(base << 12, end, _PIECE):
            size = min(_PIECE, end - start)
            yield from _read(physical, start, size, min(beyond, end - start - size))
            done += size >> 12
            if progress is not None:
                progress(100.0 * done / max(physical.pages_in_file, 1))


def _read(physical: MemoryReader, start: int, size: int, beyond: int) -> Iterator[Piece]:
    try:
        yield Piece(start, size, physical.read(start, size + beyond))
        return
    except ReadError:
        if size <= PAGE_SIZE and not beyond:
            return
    half = size // 2 & -PAGE_SIZE
    if not half:
        yield from _read(physical, start, size, 0)
        return
    yield from _read(physical, start, half, min(beyond, size - half))
    yield from _read(physical, start + half, size - half, beyond)
