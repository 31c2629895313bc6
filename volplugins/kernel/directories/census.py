"""All tables of a directory's user half, level by level: how many are there, missing or paged out, and their pages.

Whole tables are gathered at once as numpy arrays; each distinct table is read once, so that tables that lead to
themselves or upwards end the walk like any other table seen before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from volplugins.paging.mode import PagingMode

VALID, LARGE, PROTOTYPE, TRANSITION = 1, 1 << 7, 1 << 10, 1 << 11
_BATCH = 1024  # tables gathered in one go: 4 MiB
MAX_TABLES = 1 << 20
# entries of the top table that belong to user space, by mode (PAE: of the pointer table)
_USER_ENTRIES = {PagingMode.X86: 512, PagingMode.PAE: 2, PagingMode.X64: 256, PagingMode.X64_LA57: 256}


class Pages(Protocol):
    """Physical memory by page number."""

    def read_pages(self, pfns: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Pages (n, 4096) and whether each is in the dump."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True, slots=True)
class Hole:
    """A table that is not there: the level of the entry that leads to it, the entry's address and contents."""

    level: str
    entry_physical: int
    entry: int


@dataclass(slots=True)
class Census:
    """Counts of a directory's user half.

    Attributes:
        tables_present, tables_missing, tables_paged_out: by the level of the entry that leads to the table.
        pages: pages of memory mapped, in units of 4 KiB, large ones included.
        first_missing, first_paged_out: the first such table in address order, or None.
        capped: whether the walk stopped at its limit.
    """

    tables_present: dict[str, int] = field(default_factory=dict)
    tables_missing: dict[str, int] = field(default_factory=dict)
    tables_paged_out: dict[str, int] = field(default_factory=dict)
    pages: int = 0
    first_missing: Hole | None = None
    first_paged_out: Hole | None = None
    capped: bool = False

    @property
    def present(self) -> int:
        """Tables that are in the dump, without the top one."""
        return sum(self.tables_present.values())

    @property
    def missing(self) -> int:
        """Tables that valid entries lead to and that are not in the dump."""
        return sum(self.tables_missing.values())


def take_census(pages: Pages, mode: PagingMode, top: npt.NDArray[np.uint64], top_physical: int) -> Census:
    """Count the user half of the directory whose top entries are ``top`` (at ``top_physical``)."""
    census = Census()
    entries = top[: _USER_ENTRIES[mode]].astype(np.uint64)
    addresses = top_physical + np.arange(len(entries), dtype=np.uint64) * np.uint64(mode.facts.entry_size)
    seen: set[int] = set()
    for level in mode.facts.levels:
        if level.shift == 12:
            census.pages += int(np.count_nonzero(entries & np.uint64(VALID)))
            break
        tables = _tables(census, mode, level.name, level.may_be_large, level.shift, entries, addresses)
        entries, addresses = _gather(census, pages, mode, level.name, tables, seen)
    return census


_Tables = tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64], npt.NDArray[np.uint64]]


def _tables(
    census: Census,
    mode: PagingMode,
    name: str,
    may_be_large: bool,
    shift: int,
    entries: npt.NDArray[np.uint64],
    addresses: npt.NDArray[np.uint64],
) -> _Tables:
    """Page numbers of the tables that ``entries`` lead to, with the entries; large pages and holes are counted."""
    valid = (entries & np.uint64(VALID)) != 0
    if may_be_large:
        large = valid & ((entries & np.uint64(LARGE)) != 0)
        census.pages += int(np.count_nonzero(large)) << (shift - 12)
        valid &= ~large
    soft = (entries != 0) & ((entries & np.uint64(VALID | PROTOTYPE)) == 0)
    moving = soft & ((entries & np.uint64(TRANSITION)) != 0)
    high = entries >> np.uint64(12 if mode is PagingMode.X86 else 32)
    paged = soft & ~moving & (high != 0)
    _note_paged_out(census, name, entries, addresses, paged)
    wanted = valid | moving
    frames = ((entries[wanted] & np.uint64(mode.facts.frame_mask)) >> np.uint64(12)).astype(np.int64)
    return frames, entries[wanted], addresses[wanted]


def _note_paged_out(
    census: Census,
    name: str,
    entries: npt.NDArray[np.uint64],
    addresses: npt.NDArray[np.uint64],
    paged: npt.NDArray[np.bool_],
) -> None:
    count = int(np.count_nonzero(paged))
    if count:
        census.tables_paged_out[name] = census.tables_paged_out.get(name, 0) + count
        first = int(np.flatnonzero(paged)[0])
        census.first_paged_out = census.first_paged_out or Hole(name, int(addresses[first]), int(entries[first]))


def _gather(
    census: Census, pages: Pages, mode: PagingMode, name: str, tables: _Tables, seen: set[int]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Entries of the tables and their physical addresses, each distinct table once."""
    frames, entries, addresses = tables
    _, first = np.unique(frames, return_index=True)
    first = np.sort(first)
    fresh = np.array([index for index in first if int(frames[index]) not in seen], dtype=np.int64)
    if len(seen) + len(fresh) > MAX_TABLES:
        census.capped = True
        fresh = fresh[: MAX_TABLES - len(seen)]
    seen.update(int(frame) for frame in frames[fresh])
    kind = np.dtype("<u4") if mode.facts.entry_size == 4 else np.dtype("<u8")
    found_entries, found_addresses = [], []
    for start in range(0, len(fresh), _BATCH):
        batch = fresh[start : start + _BATCH]
        data, there = pages.read_pages(frames[batch])
        _count(census, name, entries[batch], addresses[batch], there)
        rows = data[there].view(kind).astype(np.uint64)
        bases = frames[batch][there].astype(np.uint64) << np.uint64(12)
        slots = np.arange(rows.shape[1], dtype=np.uint64) * np.uint64(kind.itemsize)
        used = rows != 0
        found_entries.append(rows[used])
        found_addresses.append((bases[:, None] + slots[None, :])[used])
    if not found_entries:
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    return np.concatenate(found_entries), np.concatenate(found_addresses)


def _count(
    census: Census,
    name: str,
    entries: npt.NDArray[np.uint64],
    addresses: npt.NDArray[np.uint64],
    there: npt.NDArray[np.bool_],
) -> None:
    present, missing = int(np.count_nonzero(there)), int(np.count_nonzero(~there))
    if present:
        census.tables_present[name] = census.tables_present.get(name, 0) + present
    if missing:
        census.tables_missing[name] = census.tables_missing.get(name, 0) + missing
        first = int(np.flatnonzero(~there)[0])
        census.first_missing = census.first_missing or Hole(name, int(addresses[first]), int(entries[first]))
