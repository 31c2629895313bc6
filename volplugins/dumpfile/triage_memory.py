"""The virtual memory that a triage dump holds: pieces of the file by virtual address."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import pairwise

from volplugins.dumpfile.source import ByteSource
from volplugins.memory.reader import ReadError

Segment = tuple[int, int, int]  # virtual address, file offset, size


class TriageMemory:
    """Reads virtual memory out of the pieces; where two overlap, the one named earlier wins."""

    def __init__(self, source: ByteSource, pieces: Iterable[Segment]) -> None:
        self._source = source
        self._segments = _disjoint([piece for piece in pieces if piece[2] > 0])
        self._starts = [segment[0] for segment in self._segments]

    def segments(self) -> list[Segment]:
        """The pieces, ascending and without overlap."""
        return list(self._segments)

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes; raise ReadError (not-in-dump) at the first byte that no piece holds."""
        parts: list[bytes] = []
        while size > 0:
            index = bisect_right(self._starts, address) - 1
            start, offset, length = self._segments[index] if index >= 0 else (0, 0, 0)
            take = min(size, start + length - address)
            if index < 0 or take <= 0:
                raise ReadError(address, "not-in-dump")
            data = self._source.read(offset + address - start, take)
            if len(data) < take:
                raise ReadError(address + len(data), "truncated")
            parts.append(data)
            address += take
            size -= take
        return b"".join(parts)


def _disjoint(pieces: list[Segment]) -> list[Segment]:
    """Cut later pieces by earlier ones: a sweep over all ends, each stretch given to its earliest piece."""
    events = sorted({edge for start, _, size in pieces for edge in (start, start + size)})
    by_start = sorted(range(len(pieces)), key=lambda number: pieces[number][0])
    found: list[Segment] = []
    open_pieces: list[int] = []  # a heap of numbers: the earliest piece on top, ended ones dropped when they come up
    following = 0
    for low, high in pairwise(events):
        while following < len(by_start) and pieces[by_start[following]][0] <= low:
            heappush(open_pieces, by_start[following])
            following += 1
        while open_pieces and pieces[open_pieces[0]][0] + pieces[open_pieces[0]][2] <= low:
            heappop(open_pieces)
        if open_pieces:
            start, offset, _ = pieces[open_pieces[0]]
            _extend(found, (low, offset + low - start, high - low))
    return found


def _extend(found: list[Segment], segment: Segment) -> None:
    """Append ``segment``, joined with the last one where both address and file offset go on."""
    if found:
        address, offset, size = found[-1]
        if address + size == segment[0] and offset + size == segment[1]:
            found[-1] = (address, offset, size + segment[2])
            return
    found.append(segment)
