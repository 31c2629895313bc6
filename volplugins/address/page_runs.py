"""The pages of a process's user half by its page tables: runs of pages of one kind, each within one range.

Tables are read in batches; what stays in memory is the runs, not the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from volplugins.address.frame_shares import FrameCount
from volplugins.address.page_codes import Codes, EntryReader, Flags, PageFacts, Words
from volplugins.kernel.directories.page_map import Leaves, PageMap, physical_of

_PAGE_BITS = 12
MOST_RUNS = 1 << 22  # of one process; whole address spaces of real processes have a few thousand
_MOST_COUNTED = 1 << 26  # pages within large pages of one process that are looked up in the dump: 256 GiB
_Ints = npt.NDArray[np.int64]
_U = np.uint64
# for the pages of one range that are in prototype form: page numbers and entries in, their facts out
Resolve = Callable[[int, _Ints, Words], PageFacts]


class Presence(Protocol):
    """Which pages of physical memory a dump holds."""

    def present(self, pfns: _Ints) -> Flags:
        """Whether each page is in the dump."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(slots=True)
class PageRun:
    """Pages that follow one another, of one code, within one range: first page and the one behind, both as numbers.

    ``resident``, ``in_dump`` and ``paged`` count pages in memory, in the dump, and in a page file.
    """

    start: int
    end: int
    code: int
    resident: int
    in_dump: int
    paged: int


@dataclass(slots=True)
class PageRuns:
    """All runs of a process, by the index of the range that holds them; -1 holds those in no range.

    ``notes``: what was left out.
    """

    by_range: dict[int, list[PageRun]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class RunCollector:
    """Takes the pages of a walk batch by batch.

    Args:
        starts, ends: the ranges, ascending, as page numbers (ends exclusive).
        frames: counts the frames of all pages that are in memory.
    """

    reader: EntryReader
    memory: Presence
    starts: _Ints
    ends: _Ints
    resolve: Resolve
    frames: FrameCount | None = None
    found: PageRuns = field(default_factory=PageRuns)
    _runs: int = 0
    _counted: int = 0

    def collect(self, walk: PageMap) -> PageRuns:
        """The runs of the user half."""
        for leaves in walk.user():
            if len(leaves.virtual):
                if leaves.size == 1 << _PAGE_BITS:
                    self._small(leaves)
                else:
                    self._big(leaves)
            if self.found.notes:
                break
        return self.found

    def _owners(self, pages: _Ints) -> _Ints:
        """Index of the range that holds each page, or -1."""
        owners = np.searchsorted(self.starts, pages, "right").astype(np.int64) - 1
        if len(self.ends):
            owners[(owners >= 0) & (pages >= self.ends[owners])] = -1
        return owners

    def _small(self, leaves: Leaves) -> None:
        pages = (leaves.virtual >> _U(_PAGE_BITS)).astype(np.int64)
        facts = self.reader.facts(leaves.entries)
        owners = self._owners(pages)
        self._resolve_prototypes(pages, owners, leaves.entries, facts)
        here = np.zeros(len(pages), np.bool_)
        held = facts.frames[facts.resident]
        here[facts.resident] = self.memory.present(held)
        if self.frames is not None:
            self.frames.take(held)
        self._add(pages, facts.codes, owners, facts.resident, here, facts.paged)

    def _resolve_prototypes(self, pages: _Ints, owners: _Ints, entries: Words, facts: PageFacts) -> None:
        waiting = np.flatnonzero(self.reader.in_prototype_form(entries))
        if not len(waiting):
            return
        waiting = waiting[np.argsort(owners[waiting], kind="stable")]
        starts = np.flatnonzero(np.diff(owners[waiting])) + 1
        for chosen in np.split(waiting, starts.tolist()):
            owner = int(owners[chosen[0]])
            told = self.resolve(owner, pages[chosen], entries[chosen])
            facts.codes[chosen], facts.resident[chosen] = told.codes, told.resident
            facts.frames[chosen], facts.paged[chosen] = told.frames, told.paged

    def _add(self, pages: _Ints, codes: Codes, owners: _Ints, resident: Flags, here: Flags, paged: Flags) -> None:
        """Cut the pages where a neighbour, a code or a range ends, and keep the runs."""
        cut = (np.diff(pages) != 1) | (np.diff(codes.astype(np.int16)) != 0) | (np.diff(owners) != 0)
        starts = np.concatenate([np.zeros(1, np.int64), np.flatnonzero(cut) + 1])
        columns: Sequence[npt.NDArray[np.generic]] = (
            pages[starts], np.diff(np.append(starts, len(pages))), codes[starts], owners[starts],
            *(np.add.reduceat(flags.astype(np.int64), starts) for flags in (resident, here, paged)),
        )  # fmt: skip
        for first, count, code, owner, *counts in zip(*(column.tolist() for column in columns), strict=True):
            self._keep(owner, PageRun(first, first + count, code, *counts))

    def _big(self, leaves: Leaves) -> None:
        """Large pages: cut where a range ends; their parts are counted, not listed."""
        frames = physical_of(self.reader.mode, leaves, self.reader.mask) >> _U(_PAGE_BITS)
        codes = self.reader.facts(leaves.entries).codes
        span = leaves.size >> _PAGE_BITS
        firsts = (leaves.virtual >> _U(_PAGE_BITS)).astype(np.int64)
        for first, frame, code in zip(firsts.tolist(), frames.tolist(), codes.tolist(), strict=True):
            self._counted += span
            if self._counted > _MOST_COUNTED:
                self.found.notes.append(f"large pages past {_MOST_COUNTED >> 18} GiB are left out, and all behind them")
                return
            for start, end, owner in self._parts(first, first + span):
                parts = np.arange(frame + start - first, frame + end - first, dtype=np.int64)
                held = int(np.count_nonzero(self.memory.present(parts)))
                if self.frames is not None:
                    self.frames.take(parts)
                self._keep(owner, PageRun(start, end, code, end - start, held, 0))

    def _parts(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """The pages from ``start`` to ``end`` cut at the ranges' edges: (start, end, range or -1)."""
        parts: list[tuple[int, int, int]] = []
        index = max(int(np.searchsorted(self.starts, start, "right")) - 1, 0)
        while start < end:
            while index < len(self.starts) and int(self.ends[index]) <= start:
                index += 1
            if index == len(self.starts) or int(self.starts[index]) >= end:
                return [*parts, (start, end, -1)]
            if int(self.starts[index]) > start:
                parts.append((start, int(self.starts[index]), -1))
                start = int(self.starts[index])
            stop = min(end, int(self.ends[index]))
            parts.append((start, stop, index))
            start = stop
        return parts

    def _keep(self, owner: int, run: PageRun) -> None:
        """Keep a run, joined to the last of its range where it goes on from it."""
        kept = self.found.by_range.setdefault(owner, [])
        last = kept[-1] if kept else None
        if last is not None and last.end == run.start and last.code == run.code:
            last.end = run.end
            last.resident, last.in_dump, last.paged = (
                last.resident + run.resident, last.in_dump + run.in_dump, last.paged + run.paged,
            )  # fmt: skip
            return
        if self._runs >= MOST_RUNS:
            self.found.notes = [f"the pages past {MOST_RUNS} runs of one kind are left out, and all behind them"]
            return
        self._runs += 1
        kept.append(run)
