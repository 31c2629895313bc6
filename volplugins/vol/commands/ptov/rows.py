"""Rows of windows.kd.ptov: PID, Process, Physical, Virtual, Size, Flags, State, Note."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from volplugins.kernel.claims import Owner
from volplugins.kernel.directories.page_map import Leaves, PageMap, physical_of, runs
from volplugins.kernel.directories.seen_tables import SeenTables, SharedTables
from volplugins.kernel.directories.top import Top, read_top
from volplugins.kernel.process import Process
from volplugins.memory.address_text import parse_address
from volplugins.paging.entry_text import flag_letters
from volplugins.vol.scene.directory_verdicts import WALKABLE, DirectoryJudge, judge_of
from volplugins.vol.scene.owned_structures import owner_of
from volplugins.vol.scene.process_selection import Progress, choose, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene

KERNEL = "kernel"
SHARED = "shared-table"
_THE_KERNEL = Owner(0, KERNEL)


class PtovRow(NamedTuple):
    """One row."""

    pid: int | None
    process: str
    physical: int | None
    virtual: int | None
    size: int | None
    flags: str
    state: str
    note: str


def ptov_rows(
    scene: CrashScene,
    physical: Sequence[str],
    who: Sequence[str],
    scan: bool | None = None,
    progress: Progress | None = None,
) -> Iterator[PtovRow]:
    """With addresses: who maps those bytes. Without: the map of the chosen processes, neighbours joined."""
    if scene.space is None:
        why = "; ".join(scene.notes) or "this dump holds no page tables (a small dump has none)"
        yield failure_row(why)
        return
    gathered = gather(scene, scan, progress)
    chosen, problems = choose(gathered.processes, who)
    for problem in (*problems, *gathered.notes):
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
    yield from _owners(court, wanted, chosen, with_kernel=not who)


def failure_row(why: str) -> PtovRow:
    """A row that says what could not be done."""
    return PtovRow(None, "error", None, None, None, "", "", why)


def _top(scene: CrashScene, process: Process) -> Top | None:
    assert scene.space is not None
    space, base = scene.space.space, process.directory_table_base
    return read_top(space.physical, space.mode, base) if base else None


def _unusable(court: DirectoryJudge, process: Process, note: str) -> PtovRow | None:
    """A row that says why the process's pages cannot be listed; None where they can."""
    verdict = court.verdict(process)
    if verdict.word in WALKABLE:
        return None
    why = "; ".join(part for part in (verdict.evidence, note) if part)
    return PtovRow(process.pid, process.name, None, None, None, "", f"page-directory:{verdict.word}", why)


def _whole_map(court: DirectoryJudge, process: Process, note: str, seen: SeenTables) -> Iterator[PtovRow]:
    memory, top = court.scene.dump.memory, _top(court.scene, process)
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
        for shared in walk.shared:
            text = shared.text(walk.owner)
            yield PtovRow(process.pid, process.name, None, shared.virtual, shared.size, "", SHARED, text)
        yield from _left_out(process, walk)


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
    memory = scene.dump.memory
    assert memory is not None
    assert scene.space is not None
    hits = _Hits(dict.fromkeys(wanted, 0), court.mask)
    if with_kernel:
        space = scene.space.space
        top = read_top(space.physical, space.mode, space.directory_table_base)
        if top is not None:
            walk = PageMap(memory, top, court.mask, memory.pages_in_file, owner=_THE_KERNEL)
            for leaves in walk.kernel(court.reference.slot):
                yield from hits.of(0, KERNEL, walk, leaves, "")
            yield from hits.through_shared(0, KERNEL, walk)
    seen = SeenTables()
    for process, note in chosen:
        top = _top(scene, process)
        bad = _unusable(court, process, note) if process.directory_table_base else None
        if bad is not None:
            yield bad
        elif top is not None:
            walk = PageMap(memory, top, court.mask, memory.pages_in_file, seen=seen, owner=owner_of(process))
            for leaves in walk.user():
                yield from hits.of(process.pid, process.name, walk, leaves, note)
            yield from hits.through_shared(process.pid, process.name, walk)
            yield from _left_out(process, walk)
    for address, count in hits.found.items():
        if not count:
            inside = "no page table maps it" if memory.describes(address >> 12) else "the machine has no RAM there"
            yield PtovRow(None, "", address, None, None, "", "not-mapped", inside)


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
