"""Tables of a directory read in parts, where reading costs: over a wire a page takes 25 ms, and most of it is zeros.

A process maps what its ranges (VADs) describe. Of each table that lies over a range only the pieces are read whose
entries may map something of it. A table that lies over none is read whole: something led to it all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from volplugins.kernel.directories.census import table_frames
from volplugins.kernel.directories.top import Top
from volplugins.memory.reader import MemoryReader, ReadError

PAGE = 0x1000
_FOLLOWED = 1 | 1 << 11  # valid, or in transition
_Span = tuple[int, int]


class CostlyMemory(MemoryReader, Protocol):
    """Physical memory that says how much is worth reading at once."""

    grain: int

    def present(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether each page is there."""
        ...  # pragma: no cover - a protocol has no body

    def describes_each(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether the machine has RAM at each of these pages."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(slots=True)
class RangedTables:
    """The tables below one directory's top, with zeros where no range needs an entry.

    Args:
        ranges: (start, end) of what the process describes, ascending and apart.
        mask: the kernel's InvalidPteMask.
    """

    memory: CostlyMemory
    top: Top
    ranges: Sequence[_Span]
    mask: int = 0
    _places: dict[int, set[tuple[int, int]]] = field(default_factory=dict)  # by page frame: (depth, first address)
    _starts: npt.NDArray[np.uint64] = field(init=False)
    _ends: npt.NDArray[np.uint64] = field(init=False)

    def __post_init__(self) -> None:
        self._starts = np.array([start for start, _ in self.ranges], np.uint64)
        self._ends = np.array([end for _, end in self.ranges], np.uint64)
        entries = self.top.entries[: self.top.user_entries]
        self._lead_on(entries, 0, 0)

    def present(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether each page is there."""
        return self.memory.present(pfns)

    def describes_each(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether the machine has RAM at each of these pages."""
        return self.memory.describes_each(pfns)

    def read_pages(self, pfns: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Pages (n, 4096) of tables that entries of pages read before lead to, and whether each is there."""
        data = np.zeros((len(pfns), PAGE), np.uint8)
        there = self.memory.present(pfns).copy()
        for row, frame in enumerate(pfns.tolist()):
            if there[row]:
                there[row] = self._fill(data[row], frame)
        return data, there

    def _fill(self, page: npt.NDArray[np.uint8], frame: int) -> bool:
        """Read the pieces of one table that are needed, and note where its entries lead."""
        places = self._places.get(frame, set())
        pieces = sorted({piece for place in places for piece in self._pieces(*place)}) if places else [(0, PAGE)]
        for start, end in _joined(pieces):
            try:
                page[start:end] = np.frombuffer(self.memory.read(frame * PAGE + start, end - start), np.uint8)
            except ReadError:
                return False
        width = self.top.mode.facts.entry_size
        for depth, address in places:
            self._lead_on(page.view(f"<u{width}").astype(np.uint64), depth, address)
        return True

    def _pieces(self, depth: int, address: int) -> Iterator[_Span]:
        """Offsets in the table for ``address`` whose entries map something of a range; all of it where none does."""
        level = self.top.mode.facts.levels[depth]
        width, count = self.top.mode.facts.entry_size, PAGE // self.top.mode.facts.entry_size
        end = address + (count << level.shift)
        first = int(np.searchsorted(self._ends, np.uint64(address), "right"))
        last = int(np.searchsorted(self._starts, np.uint64(end), "left"))
        if first >= last:
            yield 0, PAGE
        grain = self.memory.grain
        for start, stop in self.ranges[first:last]:
            low = (max(start, address) - address >> level.shift) * width // grain * grain
            high = ((min(stop, end) - 1 - address >> level.shift) + 1) * width
            yield low, min(-(-high // grain) * grain, PAGE)

    def _lead_on(self, entries: npt.NDArray[np.uint64], depth: int, address: int) -> None:
        """Note which tables entries of level ``depth`` lead to, and from which address on these map."""
        levels = self.top.mode.facts.levels
        if depth + 1 >= len(levels):
            return
        slots = np.flatnonzero((entries & np.uint64(_FOLLOWED)) != 0)
        frames = table_frames(self.top.mode, entries[slots], self.mask)
        for slot, frame in zip(slots.tolist(), frames.tolist(), strict=True):
            place = depth + 1, address + (slot << levels[depth].shift)
            self._places.setdefault(frame, set()).add(place)


def _joined(pieces: Sequence[_Span]) -> Iterator[_Span]:
    """Ascending pieces, those that touch each other as one."""
    held: _Span | None = None
    for start, end in pieces:
        if held is not None and start <= held[1]:
            held = held[0], max(held[1], end)
            continue
        if held is not None:
            yield held
        held = start, end
    if held is not None:
        yield held
