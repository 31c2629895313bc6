"""The pages of one range, end to end: runs by the page tables, what they leave out, tables that are absent."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from volplugins.address.page_codes import RESERVED, UNTOLD, Words
from volplugins.address.page_runs import PageRun
from volplugins.address.region import COMMIT, RESERVE, UNKNOWN
from volplugins.kernel.directories.page_map import Gap
from volplugins.memory.reader import PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Piece:
    """Pages ``start`` to ``end`` (numbers, exclusive) of one state; ``run`` is what the page tables say of them."""

    start: int
    end: int
    state: str
    run: PageRun | None = None
    why: str = ""


class Gaps:
    """Tables that are absent, by page number.

    Args:
        why: the reason for all of them, where they have one in common.
    """

    def __init__(self, gaps: Sequence[Gap], why: str = "") -> None:
        self._why = why
        ordered = sorted(gaps, key=lambda gap: gap.virtual)
        self._spans = [(gap.virtual // PAGE_SIZE, (gap.virtual + gap.size) // PAGE_SIZE, gap) for gap in ordered]
        self._starts = [start for start, _, _ in self._spans]

    def within(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """The parts of absent tables between two pages, ascending, and why each is absent."""
        index = max(bisect_right(self._starts, start) - 1, 0)
        while index < len(self._spans) and self._spans[index][0] < end:
            low, high, gap = self._spans[index]
            if high > start:
                yield max(low, start), min(high, end), self._why or why_absent(gap)
                start = high
            index += 1


def why_absent(gap: Gap) -> str:
    """The sentence for a table that is not there."""
    if gap.why:
        return gap.why
    where = "in the page file" if gap.paged_out else "not in the dump"
    return f"the table that the {gap.level} {gap.entry:#x} leads to is {where}"


@dataclass(frozen=True, slots=True)
class Source:
    """What tells of the pages of one range that have no entry.

    Attributes:
        first: number of the range's first page.
        untouched: the state of pages whose entry is zero.
        prototypes: for a section that may be reserved only: its prototype entries from the first page on, which tell
            instead of ``untouched``.
    """

    first: int
    untouched: str
    gaps: Gaps
    prototypes: Words | None = None

    def pieces(self, start: int, end: int) -> Iterator[Piece]:
        """Pages without entries: those of absent tables are unknown."""
        at = start
        for low, high, why in self.gaps.within(start, end):
            if low > at:
                yield from self._by_prototypes(at, low)
            yield Piece(low, high, UNKNOWN, None, why)
            at = high
        if at < end:
            yield from self._by_prototypes(at, end)

    def _by_prototypes(self, start: int, end: int) -> Iterator[Piece]:
        at = start
        told = self.prototypes[start - self.first : end - self.first] != 0 if self.prototypes is not None else ()
        if len(told):
            cuts = [0, *(np.flatnonzero(np.diff(told)) + 1).tolist(), len(told)]
            for low, high in pairwise(cuts):
                yield Piece(start + low, start + high, COMMIT if told[low] else RESERVE)
            at = start + len(told)
        if at < end:
            yield Piece(at, end, self.untouched)


def pieces(start: int, end: int, runs: Sequence[PageRun], source: Source) -> Iterator[Piece]:
    """Pages ``start`` to ``end``, ascending and whole: the runs, and between them what ``source`` says."""
    at = start
    for run in runs:
        if run.start > at:
            yield from source.pieces(at, run.start)
        yield Piece(run.start, run.end, RESERVE if run.code == RESERVED else COMMIT, run)
        at = run.end
    if at < end:
        yield from source.pieces(at, end)


def actual_of(found: Sequence[Piece]) -> tuple[int, ...]:
    """Protection numbers that the page tables say, each once, in the order in which they come."""
    codes = dict.fromkeys(piece.run.code for piece in found if piece.run is not None)
    return tuple(code for code in codes if code not in (RESERVED, UNTOLD))
