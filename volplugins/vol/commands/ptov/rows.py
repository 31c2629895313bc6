"""Rows of windows.kd.ptov: PID, Process, Physical, Virtual, Size, Flags, State, Note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from volplugins.kernel.directories.map_runs import runs
from volplugins.kernel.directories.page_map import Leaves, PageMap, physical_of
from volplugins.kernel.directories.places import Gap, Table
from volplugins.kernel.directories.top import Top, read_top
from volplugins.kernel.process import Process
from volplugins.memory.address_text import parse_address
from volplugins.paging.entry_text import flag_letters
from volplugins.paging.mode import PagingMode
from volplugins.paging.translation import State
from volplugins.vol.commands.ptov.tables import own_tables, seen_tables, why_unseen
from volplugins.vol.scene.directory_verdicts import WALKABLE, DirectoryJudge, judge_of
from volplugins.vol.scene.process_selection import Progress, choose, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene

KERNEL = "kernel"


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
        for process, note in chosen:
            yield from _whole_map(court, process, note)
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


def _whole_map(court: DirectoryJudge, process: Process, note: str) -> Iterator[PtovRow]:
    memory, top = court.scene.dump.memory, _top(court.scene, process)
    assert memory is not None
    bad = _unusable(court, process, note)
    if bad is not None:
        yield bad
    elif top is not None:
        walk = PageMap(memory, top, court.mask, memory.pages_in_file)
        for run in runs(top.mode, walk.user(), court.mask):
            flags = flag_letters(run.entry, top.mode, _level(run.page_size))
            state = _state(run.entry, run.page_size)
            yield PtovRow(process.pid, process.name, run.physical, run.virtual, run.size, flags, state, note)
        for gap in walk.gaps:
            if gap.reserved:
                yield _faulting(process, top.mode, gap)
        if walk.capped:
            yield _ended(process)


def _faulting(process: Process, mode: PagingMode, gap: Gap) -> PtovRow:
    """A row for an entry at which the processor would fault: nothing below it is mapped."""
    flags = flag_letters(gap.entry, mode, gap.level)
    why = f"{gap.text}, nothing here is mapped"
    return PtovRow(process.pid, process.name, None, gap.virtual, gap.size, flags, State.RESERVED_BITS.value, why)


def _ended(process: Process) -> PtovRow:
    """A row for a map that has no end of its own."""
    why = "the walk was stopped: more tables than the dump has pages, so some lead back to tables above them"
    return PtovRow(process.pid, process.name, None, None, None, "", "", why)


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
    found: dict[int, int] = dict.fromkeys(wanted, 0)
    sought = sorted({address >> 12 for address in wanted})
    refused = 0
    if with_kernel:
        space = scene.space.space
        top = read_top(space.physical, space.mode, space.directory_table_base)
        if top is not None:
            walk = PageMap(memory, top, court.mask, memory.pages_in_file, sought=sought)
            for leaves in walk.kernel(court.reference.slot):
                yield from _hits(0, KERNEL, top.mode, leaves, found, "", court.mask)
            # each PAE directory has four page directories of its own: those are shown with the processes
            shared = [t for t in walk.tables if top.mode is not PagingMode.PAE or t.level != "PDE"]
            yield from _tables(court, 0, KERNEL, shared, found, "")
    for process, note in chosen:
        top = _top(scene, process)
        bad = _unusable(court, process, note) if process.directory_table_base else None
        if bad is not None:
            yield bad
        elif top is not None:
            walk = PageMap(memory, top, court.mask, memory.pages_in_file, sought=sought)
            for leaves in walk.user():
                yield from _hits(process.pid, process.name, top.mode, leaves, found, note, court.mask)
            slot = court.reference.slot
            if top.self_map(slot)[0]:
                tables = [*own_tables(top, sought, slot), *walk.tables]
                yield from _tables(court, process.pid, process.name, tables, found, note)
            refused += sum(bool(gap.reserved) for gap in walk.gaps)
            if walk.capped:
                yield _ended(process)
    for address, count in found.items():
        if not count:
            yield PtovRow(None, "", address, None, None, "", "not-mapped", _why_nobody(court, address, refused))


def _why_nobody(court: DirectoryJudge, address: int, refused: int) -> str:
    """The note of an address that nothing maps.

    Args:
        refused: entries that were not followed because the processor would fault at them.
    """
    memory = court.scene.dump.memory
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


def _hits(
    pid: int | None, name: str, mode: PagingMode, leaves: Leaves, found: dict[int, int], note: str, mask: int
) -> Iterator[PtovRow]:
    physical = physical_of(mode, leaves, mask)
    for address in found:
        page = np.uint64(address & ~(leaves.size - 1))
        for index in np.flatnonzero(physical == page).tolist():
            found[address] += 1
            entry = int(leaves.entries[index])
            virtual = int(leaves.virtual[index]) + (address & (leaves.size - 1))
            yield PtovRow(
                pid, name, address, virtual, leaves.size, flag_letters(entry, mode, _level(leaves.size)),
                _state(entry, leaves.size), note,
            )  # fmt: skip
