"""The census of a directory whose pages are dear to read: of each table only the lines that a process's ranges use.

Windows makes page tables for ranges that a process has; what lies elsewhere in a table is not looked at, and the lowest
tables are only said to be there. Counts are those of what was looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from volplugins.kernel.directories.census import CensusWalk, Pages, Tables, user_entries
from volplugins.kernel.directories.counts import Census
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.mode import Level, PagingMode

_LINE = 512
_U = np.uint64
_Words = npt.NDArray[np.uint64]
Ranges = Sequence[tuple[int, int]]  # first address and the one behind the last, ascending


def sparse_census(
    memory: MemoryReader, pages: Pages, mode: PagingMode, top: _Words, top_physical: int, mask: int, ranges: Ranges
) -> Census:
    """Count what ``ranges`` use of the user half of the directory whose top entries are ``top``."""
    return _SparseWalk(memory, pages, mode, mask, ranges).run(top, top_physical)


class _SparseWalk(CensusWalk):
    """The walk; where each entry begins to map is remembered by the entry's physical address."""

    def __init__(self, memory: MemoryReader, pages: Pages, mode: PagingMode, mask: int, ranges: Ranges) -> None:
        super().__init__(pages, mode, mask, leaves=False)
        self._memory, self._ranges = memory, sorted(ranges)
        self._ends = [end for _, end in self._ranges]
        self._maps: dict[int, int] = {}

    def run(self, top: _Words, top_physical: int) -> Census:
        shift, size = self._mode.facts.levels[0].shift, self._kind.itemsize
        self._maps = {top_physical + slot * size: slot << shift for slot in range(user_entries(self._mode))}
        return super().run(top, top_physical)

    def _descend(self, level: Level, tables: Tables) -> tuple[_Words, _Words]:
        levels = self._mode.facts.levels
        below = levels[levels.index(level) + 1]
        there = self._pages.present(tables.frames) if len(tables.frames) else np.zeros(0, np.bool_)
        self._note_presence(level, tables, 0, there)
        found: list[_Words] = []
        places: list[_Words] = []
        for frame, address in zip(tables.frames[there].tolist(), tables.addresses[there].tolist(), strict=True):
            for place, words in self._lines(frame << 12, self._maps[address], below):
                nonzero = np.flatnonzero(words)
                found.append(words[nonzero])
                places.append(_U(place) + nonzero.astype(_U) * _U(self._kind.itemsize))
        if not found:
            return np.zeros(0, _U), np.zeros(0, _U)
        return np.concatenate(found), np.concatenate(places)

    def _lines(self, table: int, maps: int, level: Level) -> list[tuple[int, _Words]]:
        """The lines of a table that the ranges use, and their places."""
        per_line = _LINE // self._kind.itemsize
        lines: list[tuple[int, _Words]] = []
        for number in self._numbers(maps, level, per_line):
            place = table + number * _LINE
            try:
                words = np.frombuffer(self._memory.read(place, _LINE), self._kind).astype(_U)
            except ReadError:
                continue
            first = number * per_line
            for slot in range(per_line):
                self._maps[place + slot * self._kind.itemsize] = maps + (first + slot << level.shift)
            lines.append((place, words))
        return lines

    def _numbers(self, maps: int, level: Level, per_line: int) -> list[int]:
        """Which lines of the table that maps from ``maps`` on have an entry for one of the ranges, ascending."""
        end, wanted = maps + (1 << level.shift + level.bits), dict[int, None]()
        at = bisect_right(self._ends, maps)
        while at < len(self._ranges) and self._ranges[at][0] < end:
            start, stop = self._ranges[at]
            first = (max(start, maps) - maps >> level.shift) // per_line
            last = (min(stop, end) - 1 - maps >> level.shift) // per_line
            wanted.update(dict.fromkeys(range(first, last + 1)))
            at += 1
        return list(wanted)
