"""Ranges of a process cut where a use of its own begins or ends: a PEB or TEB within a larger range, say."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from volplugins.address.uses import Use
from volplugins.kernel.vads import Vad
from volplugins.memory.reader import PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Cell:
    """Pages ``start`` to ``end`` (numbers, exclusive) of one range, of one use; None: the range itself tells it."""

    vad: Vad
    start: int
    end: int
    use: Use | None


def cells_of(vads: Sequence[Vad], uses: Sequence[Use]) -> list[Cell]:
    """The cells of all ranges, ascending. Where two uses lay claim to a page, the one that begins first has it."""
    starts = [vad.start for vad in vads]
    whole: dict[int, Use] = {}
    parts: dict[int, list[Use]] = {}
    for use in uses:
        index = bisect_right(starts, use.start) - 1
        if index < 0 or use.start >= vads[index].end:
            continue
        if use.size:
            parts.setdefault(index, []).append(use)
        else:
            whole.setdefault(index, use)
    return [cell for index, vad in enumerate(vads) for cell in _cut(vad, whole.get(index), parts.get(index, ()))]


def _cut(vad: Vad, whole: Use | None, parts: Sequence[Use]) -> Iterator[Cell]:
    at, last = vad.start // PAGE_SIZE, vad.end // PAGE_SIZE
    for start, end, use in _edges(parts):
        if start > at:
            yield Cell(vad, at, start, whole)
        if max(start, at) < min(end, last):
            yield Cell(vad, max(start, at), min(end, last), use)
            at = min(end, last)
    if at < last:
        yield Cell(vad, at, last, whole)


def _edges(parts: Sequence[Use]) -> Iterator[tuple[int, int, Use]]:
    """First page and the one behind the last of each part, ascending, without overlap."""
    last = 0
    for use in sorted(parts, key=lambda use: use.start):
        start, end = use.start // PAGE_SIZE, (use.start + use.size) // PAGE_SIZE
        if start >= last:
            yield start, end, use
            last = end
