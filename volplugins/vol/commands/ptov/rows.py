"""Rows of windows.kd.ptov: PID, Process, Physical, Virtual, Size, Flags, State, Note."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from volplugins.kernel.claims import Owner
from volplugins.kernel.directories.map_runs import runs
from volplugins.kernel.directories.page_map import Leaves, PageMap, physical_of
from volplugins.kernel.directories.places import Gap, Table
from volplugins.kernel.directories.seen_tables import SeenTables, SharedTables
from volplugins.kernel.directories.top import Top, read_top
from volplugins.kernel.process import Process
from volplugins.memory.address_text import parse_address
from volplugins.paging.entry_text import flag_letters
from volplugins.paging.mode import PagingMode
from volplugins.paging.translation import State
from volplugins.vol.commands.ptov.row import PtovRow, failure_row
from volplugins.vol.commands.ptov.tables import own_tables, seen_tables, why_unseen
from volplugins.vol.scene.directory_verdicts import WALKABLE, DirectoryJudge, judge_of
from volplugins.vol.scene.given_directory import select
from volplugins.vol.scene.owned_structures import owner_of
from volplugins.vol.scene.process_selection import Progress, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

KERNEL = "kernel"
SHARED = "shared-table"
_THE_KERNEL = Owner(0, KERNEL)


def ptov_rows(
    scene: CrashScene,
    physical: Sequence[str],
    who: Sequence[str],
    scan: bool | None = None,
    progress: Progress | None = None,
    dirbase: str | None = None,
) -> Iterator[PtovRow]:
    """With addresses: who maps those bytes. Without: the map of the chosen processes, neighbours joined.

    Args:
        dirbase: the directory that they are read through, or that is meant alone.
    """
    if scene.space is None:
        why = "; ".join(scene.notes) or "this dump holds no page tables (a small dump has none)"
        yield failure_row(why)
        return
    gathered = gather(scene, scan, progress)
    selection = select(gathered.processes, who, dirbase)
    chosen = selection.mapped()
    for problem in (*selection.problems, *gathered.notes):
        yield failure_row(problem)
    court = judge_of(scene, gathered.processes)
    if not physical:
        seen = SeenTables()
        for process, note in chosen:
            yield from _whole_map(court, process, note, seen)
        return
    wanted = []
    for text in physical:
        address = parse_address(text)
        if address is None:
            yield failure_row(f"{text}: not an address (hexadecimal, sixteen digits at most)")
        else:
            wanted.append(address)
    yield from _owners(court, wanted, chosen, with_kernel=not who and dirbase is None)


def _top(scene: CrashScene, process: Process) -> Top | None:
    assert scene.space is not None
    space, base = scene.space.space, process.directory_table_base
    return read_top(space.physical, space.mode, base, space.user_end) if base else None


def _unusable(court: DirectoryJudge, process: Process, note: str) -> PtovRow | None:
    """A row that says why the process's pages cannot be listed; None where they can."""
    verdict = court.verdict(process)
    if verdict.word in WALKABLE:
        return None
    why = "; ".join(part for part in (verdict.evidence, note) if part)
    return PtovRow(process.pid, process.name, None, None, None, "", f"page-directory:{verdict.word}", why)


def _whole_map(court: DirectoryJudge, process: Process, note: str, seen: SeenTables) -> Iterator[PtovRow]:
    memory, top = court.scene.target.memory, _top(court.scene, process)
    assert memory is not None
    bad = _unusable(court, process, note)
    if bad is not None:
        yield bad
    elif top is not None:
        walk = PageMap(memory, top, court.mask, memory.pages_in_file, seen=seen, owner=owner_of(process))
        for run in runs(top.mode, walk.user(), court.mask):
            flags = flag_letters(run.entry, top.mode, _level(run.page_size))
            state = _state(run.entry, run.page_size)
            yield PtovRow(process.pid, process.name, run.physical, run.virtual, run.size, flags, state, note)
        for gap in walk.gaps:
            if gap.reserved:
                yield _faulting(process, top.mode, gap)
        for shared in walk.shared:
            text = shared.text(walk.owner)
            yield PtovRow(process.pid, process.name, None, shared.virtual, shared.size, "", SHARED, text)
        yield from _left_out(process, walk)


def _faulting(process: Process, mode: PagingMode, gap: Gap) -> PtovRow:
    """A row for an entry at which the processor would fault: nothing below it is mapped."""
    flags = flag_letters(gap.entry, mode, gap.level)
    why = f"{gap.text}, nothing here is mapped"
    return PtovRow(process.pid, process.name, None, gap.virtual, gap.size, flags, State.RESERVED_BITS.value, why)


def _left_out(process: Process, walk: PageMap) -> Iterator[PtovRow]:
    """Rows for what the walk did not go through, but for shared tables."""
    for why in walk.notes(with_shared=False):
        yield PtovRow(process.pid, process.name, None, None, None, "", "", why)


def _level(page_size: int) -> str:
    return {0x1000: "PTE", 1 << 30: "PDPE"}.get(page_size, "PDE")


def _state(entry: int, page_size: int) -> str:
    if not entry & 1:
        return "transition"
    return "valid" if page_size == 0x1000 else "large"


def _owners(
    court: DirectoryJudge, wanted: Sequence[int], chosen: Sequence[tuple[Process, str]], with_kernel: bool
) -> Iterator[PtovRow]:
    """Every mapping of the wanted bytes: the kernel's first, then each process's."""
    scene = court.scene
    memory = scene.target.memory
    assert memory is not None
    assert scene.space is not None
    hits = _Hits(dict.fromkeys(wanted, 0), court.mask)
    sought = sorted({address >> 12 for address in wanted})
    refused = 0
    if with_kernel:
        space = scene.space.space
        top = read_top(space.physical, space.mode, space.directory_table_base, space.user_end)
        if top is not None:
            walk = PageMap(memory, top, court.mask, memory.pages_in_file, sought=sought, owner=_THE_KERNEL)
            for leaves in walk.kernel(court.reference.slot):
                yield from hits.of(0, KERNEL, walk, leaves, "")
            # each PAE directory has four page directories of its own: those are shown with the processes
            own = [t for t in walk.tables if top.mode is not PagingMode.PAE or t.level != "PDE"]
            yield from _tables(court, 0, KERNEL, own, hits.found, "")
            yield from hits.through_shared(0, KERNEL, walk)
    seen = SeenTables()
    for process, note in chosen:
        top = _top(scene, process)
        bad = _unusable(court, process, note) if process.directory_table_base else None
        if bad is not None:
            yield bad
        elif top is not None:
            walk = PageMap(
                memory, top, court.mask, memory.pages_in_file, sought=sought, seen=seen, owner=owner_of(process)
            )  # fmt: skip
            for leaves in walk.user():
                yield from hits.of(process.pid, process.name, walk, leaves, note)
            slot = court.reference.slot
            if top.self_map(slot)[0]:
                tables = [*own_tables(top, sought, slot), *walk.tables]
                yield from _tables(court, process.pid, process.name, tables, hits.found, note)
            refused += sum(bool(gap.reserved) for gap in walk.gaps)
            yield from hits.through_shared(process.pid, process.name, walk)
            yield from _left_out(process, walk)
    for address, count in hits.found.items():
        if not count:
            yield PtovRow(None, "", address, None, None, "", "not-mapped", _why_nobody(court, address, refused))


def _why_nobody(court: DirectoryJudge, address: int, refused: int) -> str:
    """The note of an address that nothing maps.

    Args:
        refused: entries that were not followed because the processor would fault at them.
    """
    memory = court.scene.target.memory
    if memory is None or not memory.describes(address >> 12):
        return "the machine has no RAM there"
    parts = ["no page table maps it", why_unseen(court, address)]
    if refused:
        parts.append(f"{refused} entries with reserved bits set were not followed")
    return "; ".join(part for part in parts if part)


def _tables(
    court: DirectoryJudge, pid: int | None, name: str, tables: Sequence[Table], found: dict[int, int], note: str
) -> Iterator[PtovRow]:
    """The wanted bytes that lie in page tables, at the addresses where the self-map shows them."""
    mode = court.reference.mode
    for address in found:
        for seen in seen_tables(address, tables, mode, court.reference.slot):
            found[address] += 1
            text = "; ".join(part for part in (note, seen.note) if part)
            flags = flag_letters(seen.entry, mode, "PTE")
            yield PtovRow(pid, name, address, seen.virtual, 0x1000, flags, _state(seen.entry, 0x1000), text)


@dataclass(slots=True)
class _Hits:
    """Takes the mappings of the wanted bytes from every walk.

    Attributes:
        found: how often each byte is mapped.
        places: by EPROCESS (0: the kernel) and byte, the virtual addresses at which it was found, ascending.
    """

    found: dict[int, int]
    mask: int
    places: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def of(self, pid: int | None, name: str, walk: PageMap, leaves: Leaves, note: str) -> Iterator[PtovRow]:
        """The rows of one batch of a walk."""
        physical = physical_of(walk.mode, leaves, self.mask)
        owner = walk.owner.eprocess if walk.owner is not None else 0
        for address in self.found:
            page = np.uint64(address & ~(leaves.size - 1))
            for index in np.flatnonzero(physical == page).tolist():
                self.found[address] += 1
                entry = int(leaves.entries[index])
                virtual = int(leaves.virtual[index]) + (address & (leaves.size - 1))
                self.places.setdefault((owner, address), []).append(virtual)
                yield PtovRow(
                    pid, name, address, virtual, leaves.size, flag_letters(entry, walk.mode, _level(leaves.size)),
                    _state(entry, leaves.size), note,
                )  # fmt: skip

    def through_shared(self, pid: int | None, name: str, walk: PageMap) -> Iterator[PtovRow]:
        """A row per byte and run of entries that lead again to a table through which the byte was found."""
        for shared in walk.shared:
            for address in self.found:
                offset = self._found_in(shared, address)
                if offset is not None:
                    count = shared.size // shared.each
                    more = f"here and {count - 1} times more, every {shared.each:#x} bytes: " if count > 1 else ""
                    text = more + shared.text(walk.owner)
                    yield PtovRow(pid, name, address, shared.virtual + offset, None, "", SHARED, text)

    def _found_in(self, shared: SharedTables, address: int) -> int | None:
        """Where the byte was found first in the range whose table is shared, from its start; None: not there."""
        places = self.places.get((shared.owner.eprocess if shared.owner is not None else 0, address), [])
        index = bisect_left(places, shared.first)
        inside = index < len(places) and places[index] < shared.first + shared.each
        return places[index] - shared.first if inside else None
