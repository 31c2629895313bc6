"""All tables of a directory's user half, level by level: how many are there, missing or paged out, and their pages.

Whole tables are gathered at once as numpy arrays; each distinct table is read once, so that tables that lead to
themselves or upwards end the walk like any other table seen before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from volplugins.kernel.directories.counts import Census, Hole
from volplugins.kernel.directories.top import PAGE, Top
from volplugins.paging.invalid_entries import in_page_file, in_transition, unmasked
from volplugins.paging.mode import Level, PagingMode
from volplugins.paging.reserved import reserved_mask, would_fault

VALID, WRITE, LARGE, PROTOTYPE, TRANSITION = 1, 1 << 1, 1 << 7, 1 << 10, 1 << 11
_NO_EXECUTE = 1 << 63
_BATCH = 128  # tables gathered in one go: 512 KiB, which stays in the processor's cache
MAX_TABLES = 1 << 20
_U = np.uint64
_Words = npt.NDArray[np.uint64]


class Pages(Protocol):
    """Physical memory by page number."""

    def read_pages(self, pfns: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Pages (n, 4096), which may be a view of the file, and whether each is in the dump."""
        ...  # pragma: no cover - a protocol has no body

    def present(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether each is in the dump."""
        ...  # pragma: no cover - a protocol has no body

    def describes_each(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether the machine has RAM at each of these pages."""
        ...  # pragma: no cover - a protocol has no body


def table_frames(mode: PagingMode, entries: _Words, mask: int) -> npt.NDArray[np.int64]:
    """Page frames of the tables that ``entries`` (valid, or in transition) lead to.

    Args:
        mask: the kernel's InvalidPteMask, which it sets in entries in transition without the swizzle bit.
    """
    frames = unmasked(entries, mask) & _U(mode.facts.frame_mask)
    numbers: npt.NDArray[np.int64] = (frames >> _U(12)).astype(np.int64)
    return numbers


def take_census(pages: Pages, top: Top, mask: int = 0, tables_only: bool = False) -> Census:
    """Count the user half of a directory.

    Args:
        mask: the kernel's InvalidPteMask, where it has one.
        tables_only: the lowest tables are counted and not read; there are no pages then but large ones.
    """
    return _CensusWalk(pages, top.mode, mask).run(top, tables_only)


@dataclass(frozen=True, slots=True)
class _Tables:
    """Tables that entries lead to: their page frames, the entries, and the entries' own addresses."""

    frames: npt.NDArray[np.int64]
    entries: _Words
    addresses: _Words


class _CensusWalk:
    """One walk, level by level."""

    def __init__(self, pages: Pages, mode: PagingMode, mask: int) -> None:
        self._pages, self._mode, self._mask = pages, mode, mask
        self._kind = np.dtype("<u4") if mode.facts.entry_size == 4 else np.dtype("<u8")
        self._seen = np.zeros(0, np.int64)
        self.census = Census()

    def run(self, top: Top, tables_only: bool) -> Census:
        entries = top.entries[: top.user_entries].astype(_U)
        slots = np.arange(len(entries), dtype=_U) * _U(self._kind.itemsize)
        addresses = _U(top.physical) + slots
        *upper, last = self._mode.facts.levels[:-1]
        for level in upper:
            entries, addresses = self._descend(level, self._distinct(self._led_to(level, entries, addresses)))
            if top.split is not None:
                entries, addresses = _without_kernel(top, entries, addresses)
        lowest = self._distinct(self._led_to(last, entries, addresses))
        if tables_only:
            self._note_presence(last, lowest, 0, self._pages.present(lowest.frames))
        else:
            self._count_pages(last, lowest)
        return self.census

    def _led_to(self, level: Level, entries: _Words, addresses: _Words) -> _Tables:
        """The tables that ``entries`` lead to; large pages and tables in a page file are counted."""
        census = self.census
        faulting = would_fault(entries, self._mode, level)
        if faulting.any():
            self._note_reserved(level, entries[faulting], addresses[faulting])
        valid = ((entries & _U(VALID)) != 0) & ~faulting
        if level.may_be_large:
            large = valid & ((entries & _U(LARGE)) != 0)
            if large.any():
                self._note_pages(1 << level.shift, np.unique(_protections(entries[large]), return_counts=True))
            valid &= ~large
        moving = in_transition(entries)
        paged = in_page_file(entries, self._mode, self._mask)
        count = int(np.count_nonzero(paged))
        if count:
            census.tables_paged_out[level.name] = census.tables_paged_out.get(level.name, 0) + count
            first = int(np.flatnonzero(paged)[0])
            census.first_paged_out = census.first_paged_out or Hole(
                level.name, int(addresses[first]), int(entries[first])
            )
        wanted = valid | moving
        frames = table_frames(self._mode, entries[wanted], self._mask)
        return _Tables(frames, entries[wanted], addresses[wanted])

    def _note_reserved(self, level: Level, entries: _Words, addresses: _Words) -> None:
        census = self.census
        census.reserved[level.name] = census.reserved.get(level.name, 0) + len(entries)
        census.first_reserved = census.first_reserved or Hole(level.name, int(addresses[0]), int(entries[0]))

    def _distinct(self, tables: _Tables) -> _Tables:
        """Each table once, and none that an earlier level had, in address order of the entries."""
        _, first = np.unique(tables.frames, return_index=True)
        first.sort()
        if len(self._seen):
            first = first[~np.isin(tables.frames[first], self._seen)]
        if len(self._seen) + len(first) > MAX_TABLES:
            self.census.capped = True
            first = first[: MAX_TABLES - len(self._seen)]
        self._seen = np.concatenate([self._seen, tables.frames[first]])
        return _Tables(tables.frames[first], tables.entries[first], tables.addresses[first])

    def _descend(self, level: Level, tables: _Tables) -> tuple[_Words, _Words]:
        """The entries of the tables that are not zero, and their physical addresses."""
        entries, addresses = [], []
        for start in range(0, len(tables.frames), _BATCH):
            rows, frames = self._read(level, tables, start)
            slots = np.arange(rows.shape[1], dtype=_U) * _U(self._kind.itemsize)
            row, column = np.nonzero(rows)
            entries.append(rows[row, column].astype(_U))
            addresses.append((frames.astype(_U) << _U(12))[row] + slots[column])
        if not entries:
            return np.zeros(0, _U), np.zeros(0, _U)
        return np.concatenate(entries), np.concatenate(addresses)

    def _read(self, level: Level, tables: _Tables, start: int) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.int64]]:
        """One batch of tables as rows of entries, with their frames; counted as present or missing."""
        part = slice(start, start + _BATCH)
        frames = tables.frames[part]
        data, there = self._pages.read_pages(frames)
        self._note_presence(level, tables, start, there)
        if not there.all():
            data, frames = data[there], frames[there]
        return data.view(self._kind), frames

    def _note_presence(self, level: Level, tables: _Tables, start: int, there: npt.NDArray[np.bool_]) -> None:
        """Count tables, from number ``start`` on, that are present or missing."""
        census, name = self.census, level.name
        present = int(np.count_nonzero(there))
        if present:
            census.tables_present[name] = census.tables_present.get(name, 0) + present
        if present < len(there):
            census.tables_missing[name] = census.tables_missing.get(name, 0) + len(there) - present
            outside = ~self._pages.describes_each(tables.frames[start : start + len(there)][~there])
            census.tables_outside += int(np.count_nonzero(outside))
            first = start + int(np.flatnonzero(~there)[0])
            hole = Hole(name, int(tables.addresses[first]), int(tables.entries[first]), bool(outside[0]))
            census.first_missing = census.first_missing or hole

    def _count_pages(self, level: Level, tables: _Tables) -> None:
        """The pages of the lowest tables, by a histogram of the entries' flag bits."""
        histogram = np.zeros(1 << 13, np.int64)
        zeros = 0
        parts = self._kind.itemsize // 2
        lowest = self._mode.facts.levels[-1]
        forbidden = reserved_mask(self._mode, lowest, False) >> 48  # none below the upper word, in every mode
        for start in range(0, len(tables.frames), _BATCH):
            rows, _ = self._read(level, tables, start)
            words = rows.view("<u2").reshape(-1, parts)
            key = words[:, 0] & np.uint16(0xFFF)
            if parts == 4:
                key |= (words[:, 3] >> np.uint16(15)) << np.uint16(12)
            if forbidden:
                key = self._without_faulting(lowest, words, key, forbidden)
            histogram += np.bincount(key, minlength=1 << 13)
            if histogram[0]:
                zeros += int(np.count_nonzero(rows.reshape(-1) == 0))
        self._note_histogram(histogram, zeros)

    def _without_faulting(
        self, level: Level, words: npt.NDArray[np.uint16], key: npt.NDArray[np.uint16], forbidden: int
    ) -> npt.NDArray[np.uint16]:
        """The keys of entries of the lowest level, but for those at which the processor would fault (PAE)."""
        bad = ((words[:, 0] & np.uint16(VALID)) != 0) & ((words[:, 3] & np.uint16(forbidden)) != 0)
        count = int(np.count_nonzero(bad))
        if not count:
            return key
        self.census.reserved[level.name] = self.census.reserved.get(level.name, 0) + count
        rest: npt.NDArray[np.uint16] = key[~bad]
        return rest

    def _note_histogram(self, histogram: npt.NDArray[np.int64], zeros: int) -> None:
        keys = np.flatnonzero(histogram)
        counts = histogram[keys]
        valid = (keys & VALID) != 0
        flags = (keys[valid] & 0xFFF).astype(_U) | ((keys[valid] >> 12).astype(_U) << _U(63))
        self._note_pages(0x1000, (_protections(flags), counts[valid]))
        states = (
            ("prototype", (keys & PROTOTYPE) != 0),
            ("transition", (keys & (PROTOTYPE | TRANSITION)) == TRANSITION),
            ("software", (keys & (PROTOTYPE | TRANSITION)) == 0),
        )
        for name, mask in states:
            count = int(counts[~valid & mask].sum()) - (zeros if name == "software" else 0)
            if count:
                self.census.invalid[name] = count

    def _note_pages(self, size: int, kinds: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]) -> None:
        census = self.census
        for kind, count in zip(kinds[0].tolist(), kinds[1].tolist(), strict=True):
            key = (size, ("W" if kind & 1 else "R") + ("E" if kind & 2 else ""))
            census.pages_by[key] = census.pages_by.get(key, 0) + count * (size >> 12)
            census.pages += count * (size >> 12)


def _without_kernel(top: Top, entries: _Words, addresses: _Words) -> tuple[_Words, _Words]:
    """PAE: entries of page directories without the kernel's, in the one that both share."""
    number = top.user_entries - 1
    directory = _U(int(top.entries[number]) & top.mode.facts.frame_mask)
    first = directory + _U(top.kernel_from(number) * top.mode.facts.entry_size)
    kernel = (addresses >= first) & (addresses < directory + _U(PAGE))
    return entries[~kernel], addresses[~kernel]


def _protections(entries: _Words) -> npt.NDArray[np.int64]:
    """Bit 0: writable; bit 1: executable."""
    writable = (entries & _U(WRITE)) != 0
    executable = (entries & _U(_NO_EXECUTE)) == 0
    kinds: npt.NDArray[np.int64] = writable.astype(np.int64) | executable.astype(np.int64) << 1
    return kinds
