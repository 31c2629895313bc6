"""Every page that a directory maps, in address order, gathered as numpy arrays a batch of tables at a time.

The lowest tables hold nearly all of the work. They are looked at through views of their low words, in batches that
stay in the processor's cache, and copied only where entries have to be left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.kernel.claims import Owner
from volplugins.kernel.directories.census import (
    LARGE,
    PROTOTYPE,
    TRANSITION,
    VALID,
    Pages,
    table_frames,
)
from volplugins.kernel.directories.places import Gap, Table
from volplugins.kernel.directories.seen_tables import SeenTables, SharedTables, joined
from volplugins.kernel.directories.top import X86_SELF_MAP, Top
from volplugins.paging.invalid_entries import in_page_file, in_transition, unmasked
from volplugins.paging.mode import Level, PagingMode
from volplugins.paging.reserved import reserved_bits, reserved_mask, would_fault

_PAE_DIRECTORY = 21  # the lowest address bit that an entry of a page directory covers
_BATCH = 64  # tables gathered in one go: with more, the system gives and takes the memory of each batch anew
MAX_TABLES = 1 << 20
MOST_GAPS = 1 << 16  # tables that are not there, listed one by one
_Words = npt.NDArray[np.uint64]
_U = np.uint64


@dataclass(frozen=True, slots=True)
class Leaves:
    """Pages of one size: virtual addresses (canonical), their entries, and the size in bytes."""

    virtual: _Words
    entries: _Words
    size: int


class PageMap:
    """One walk from the top table down.

    Args:
        mask: the kernel's InvalidPteMask, where it has one.
        limit: how many tables are read at most; a dump of n pages holds no more than n, and tables that lead to
            themselves or upwards would never end.
        every: give all entries of the lowest tables that are not zero, not only those that lead to a page.
        sought: page frames that are looked for among the tables themselves.
        seen: the tables of other walks, which are not walked again; ``owner`` is whose directory this one is.

    Attributes:
        tables: those of the sought frames that are tables of this map, at each of their places; MOST_GAPS at most.
        capped: whether the walk stopped at its limit.
        gaps: tables that are not there, and entries with reserved bits set, in the order in which they were met;
            MOST_GAPS at most.
        more_gaps: how many more there were.
    """

    def __init__(
        self,
        pages: Pages,
        top: Top,
        mask: int = 0,
        limit: int = MAX_TABLES,
        every: bool = False,
        sought: Sequence[int] = (),
        seen: SeenTables | None = None,
        owner: Owner | None = None,
    ) -> None:
        self._pages, self._top, self._mode, self._mask, self._every = pages, top, top.mode, mask, every
        self._sought = np.array(sought, np.int64)
        self.gaps: list[Gap] = []
        self.tables: list[Table] = []
        self.more_gaps = 0
        self._shared: list[SharedTables] = []
        self.owner = owner
        self._seen = seen if seen is not None else SeenTables()
        self._number = self._seen.begin(owner)
        self._left = min(limit, MAX_TABLES)
        self._hidden: list[tuple[int, int]] = []  # PAE: addresses whose page directory entries are left out
        self._kind = np.dtype("<u4") if top.mode.facts.entry_size == 4 else np.dtype("<u8")
        width = top.mode.facts.address_bits
        self._high = None if width == 32 else (_U(1 << (width - 1)), _U((1 << 64) - (1 << width)))
        self.capped = False

    @property
    def mode(self) -> PagingMode:
        """How the processor translates."""
        return self._mode

    @property
    def shared(self) -> list[SharedTables]:
        """Tables that were walked before, in the order of the addresses where they came again; MOST_GAPS at most."""
        found: list[SharedTables] = []
        for each in sorted(self._shared, key=lambda each: each.virtual):
            joined(found, each)
        return found

    def user(self) -> Iterator[Leaves]:
        """The pages of the user half: valid ones, large ones, and those in transition."""
        entries = self._top.entries.copy()
        entries[self._top.user_entries :] = 0
        if self._top.split is not None:
            self._hidden = [self._top.split]
        yield from self._below_top(entries)

    def kernel(self, slot: int | None) -> Iterator[Leaves]:
        """The pages of the kernel half, without the self-map.

        Args:
            slot: x64: number of the self-map entry.
        """
        entries = self._top.entries.copy()
        entries[: self._top.user_end >> self._mode.facts.levels[0].shift] = 0
        if self._mode is PagingMode.X86:
            entries[X86_SELF_MAP] = 0
        elif self._mode is PagingMode.PAE:
            self._hidden = [(0xC0000000, 0xC0800000), (0, self._top.user_end)]
        elif slot is not None:
            entries[slot] = 0
        yield from self._below_top(entries)

    def _below_top(self, top: _Words) -> Iterator[Leaves]:
        levels = self._mode.facts.levels
        used = np.flatnonzero(top)
        virtual = used.astype(_U) << _U(levels[0].shift)
        yield from self._below(0, self._canonical(virtual), top[used])

    def _below(self, depth: int, virtual: _Words, entries: _Words) -> Iterator[Leaves]:
        """Pages and tables that ``entries`` of one level lead to; recursion is as deep as the mode has levels."""
        level = self._mode.facts.levels[depth]
        for low, high in self._hidden if level.shift == _PAE_DIRECTORY else ():
            shown = (virtual < _U(low)) | (virtual >= _U(high))
            virtual, entries = virtual[shown], entries[shown]
        faulting = would_fault(entries, self._mode, level)
        if faulting.any():
            self._note_faulting(level, virtual[faulting], entries[faulting])
        valid = ((entries & _U(VALID)) != 0) & ~faulting
        large = np.zeros(0, np.int64)
        if level.may_be_large:
            is_large = valid & ((entries & _U(LARGE)) != 0)
            large = np.flatnonzero(is_large)
            valid &= ~is_large
        wanted = np.flatnonzero(valid | in_transition(entries))
        paged = in_page_file(entries, self._mode, self._mask)
        self._note_gaps(depth, virtual[paged], entries[paged], True)
        # tables up to each group of large pages, then the group: address order
        cuts = np.searchsorted(wanted, large)
        done = 0
        for cut in np.unique(cuts).tolist():
            yield from self._in_batches(depth, virtual, entries, wanted[done:cut])
            group = large[cuts == cut]
            yield Leaves(virtual[group], entries[group], 1 << level.shift)
            done = cut
        yield from self._in_batches(depth, virtual, entries, wanted[done:])

    def _in_batches(
        self, depth: int, virtual: _Words, entries: _Words, wanted: npt.NDArray[np.int64]
    ) -> Iterator[Leaves]:
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            frames, batch = self._not_seen(depth, virtual, entries, batch)
            if len(batch) > self._left:
                frames, batch, self.capped = frames[: self._left], batch[: self._left], True
            self._left -= len(batch)
            if len(batch):
                yield from self._tables(depth, virtual[batch], entries[batch], frames)
            if self.capped:
                return

    def _not_seen(
        self, depth: int, virtual: _Words, entries: _Words, batch: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The batch without tables that were walked before, and the frames of its tables."""
        frames = table_frames(self._mode, entries[batch], self._mask)
        again = self._seen.again(self._number, depth, frames, virtual[batch])
        if not again:
            return frames, batch
        level = self._mode.facts.levels[depth]
        for place, (first, owner) in again.items():
            if len(self._shared) >= MOST_GAPS:
                self.more_gaps += 1
                continue
            at, entry, size = int(virtual[batch[place]]), int(entries[batch[place]]), 1 << level.shift
            joined(self._shared, SharedTables(at, size, size, level.name, entry, int(frames[place]), first, owner))
        return np.delete(frames, list(again)), np.delete(batch, list(again))

    def _tables(self, depth: int, virtual: _Words, entries: _Words, frames: npt.NDArray[np.int64]) -> Iterator[Leaves]:
        """One batch of tables: read at once, their entries that are not zero taken in address order."""
        if len(self._sought):
            self._note_tables(depth, virtual, entries, frames)
        data, there = self._pages.read_pages(frames)
        if not there.all():
            self._note_gaps(depth, virtual[~there], entries[~there], False)
            data, virtual = data[there], virtual[there]
        following = self._mode.facts.levels[depth + 1]
        rows = data.view(self._kind)
        if following.shift == 12:
            yield from self._leaves(following, virtual, rows)
            return
        row, column = np.nonzero(rows)
        below = virtual[row] + (column.astype(_U) << _U(following.shift))
        yield from self._below(depth + 1, self._canonical(below), rows[row, column].astype(_U))

    def _note_tables(self, depth: int, virtual: _Words, entries: _Words, frames: npt.NDArray[np.int64]) -> None:
        name = self._mode.facts.levels[depth + 1].name
        for index in np.flatnonzero(np.isin(frames, self._sought)).tolist()[: MOST_GAPS - len(self.tables)]:
            self.tables.append(Table(int(frames[index]), int(virtual[index]), name, int(entries[index])))

    def _note_gaps(self, depth: int, virtual: _Words, entries: _Words, paged_out: bool) -> None:
        level = self._mode.facts.levels[depth]
        room = MOST_GAPS - len(self.gaps)
        self.more_gaps += max(len(virtual) - room, 0)
        for address, entry in zip(virtual[:room].tolist(), entries[:room].tolist(), strict=True):
            self.gaps.append(Gap(address, 1 << level.shift, level.name, entry, paged_out))

    def _note_faulting(self, level: Level, virtual: _Words, entries: _Words) -> None:
        room = MOST_GAPS - len(self.gaps)
        for address, entry in zip(virtual[:room].tolist(), entries[:room].tolist(), strict=True):
            bits = reserved_bits(entry, self._mode, level)
            self.gaps.append(Gap(address, 1 << level.shift, level.name, entry, False, bits))

    def _leaves(self, level: Level, virtual: _Words, rows: npt.NDArray[np.generic]) -> Iterator[Leaves]:
        """The pages of whole tables of the lowest level."""
        low = rows.view("<u2").reshape(-1, self._kind.itemsize // 2)[:, 0]
        mapped = (low & VALID) != 0
        flat = rows.reshape(-1)
        per_table = rows.shape[1]
        step = _U(1 << level.shift)
        faulting = None
        if reserved_mask(self._mode, level, False):
            found = would_fault(flat.astype(_U, copy=False), self._mode, level)
            faulting = found if found.any() else None
        if mapped.all() and faulting is None:
            inside = np.arange(per_table, dtype=_U) * step
            yield Leaves((virtual[:, None] + inside).reshape(-1), flat.astype(_U, copy=False), 1 << level.shift)
            return
        mapped |= flat != 0 if self._every else (low & (VALID | PROTOTYPE | TRANSITION)) == TRANSITION
        if faulting is not None:
            table, inside = np.divmod(np.flatnonzero(faulting), per_table)
            self._note_faulting(level, virtual[table] + inside.astype(_U) * step, flat[faulting].astype(_U))
            mapped &= ~faulting
        places = np.flatnonzero(mapped)
        if len(places):
            table, inside = np.divmod(places, per_table)
            yield Leaves(virtual[table] + inside.astype(_U) * step, flat[places].astype(_U), 1 << level.shift)

    def absent(self) -> list[Gap]:
        """What this walk did not go through: tables that are not there, and those that were walked before."""
        again = [
            Gap(each.virtual, each.size, each.level, each.entry, False, why=each.text(self.owner))
            for each in self.shared
        ]
        return self.gaps + again

    def notes(self, with_shared: bool = True) -> list[str]:
        """What was not walked or listed, on the whole; ``with_shared``: tables that were walked before, too."""
        notes = []
        shared = self.shared if with_shared else []
        if shared:
            count = sum(each.size // each.each for each in shared)
            notes.append(f"{count} entries lead to page tables that were met before: {shared[0].text(self.owner)}")
        if self.more_gaps:
            notes.append(f"{self.more_gaps} more absent page tables are not told one by one")
        if self.capped:
            notes.append("the walk was stopped: more page tables than the dump has pages")
        return notes

    def _canonical(self, virtual: _Words) -> _Words:
        """Upper bits copied from the highest one of the address."""
        if self._high is None:
            return virtual
        sign, extension = self._high
        return np.where(virtual & sign, virtual | extension, virtual)


def physical_of(mode: PagingMode, leaves: Leaves, mask: int = 0) -> _Words:
    """Physical addresses of the pages."""
    frames: _Words = unmasked(leaves.entries, mask) & _U(mode.facts.frame_mask & ~(leaves.size - 1))
    if mode is PagingMode.X86 and leaves.size > 0x1000:
        frames = frames | (((leaves.entries >> _U(13)) & _U(0xFF)) << _U(32))
    return frames
