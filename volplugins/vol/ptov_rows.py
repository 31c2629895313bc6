"""Rows of windows.kd.ptov: PID, Process, Physical, Virtual, Size, Flags, State, Note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from volplugins.kernel.directories.page_map import Leaves, kernel_leaves, physical_of, user_leaves
from volplugins.kernel.directories.top import Top, read_top
from volplugins.kernel.process import Process
from volplugins.memory.address_text import parse_address
from volplugins.paging.entry_text import flag_letters
from volplugins.paging.mode import PagingMode
from volplugins.paging.self_map import self_map_slot
from volplugins.vol.process_selection import Progress, choose, gather

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
    if not physical:
        for process, note in chosen:
            yield from _whole_map(scene, process, note)
        return
    wanted = []
    for text in physical:
        address = parse_address(text)
        if address is None:
            yield failure_row(f"{text}: not an address (hexadecimal, sixteen digits at most)")
        else:
            wanted.append(address)
    yield from _owners(scene, wanted, chosen, with_kernel=not who)


def failure_row(why: str) -> PtovRow:
    """A row that says what could not be done."""
    return PtovRow(None, "error", None, None, None, "", "", why)


def _top(scene: CrashScene, process: Process) -> Top | None:
    assert scene.space is not None
    space, base = scene.space.space, process.directory_table_base
    return read_top(space.physical, space.mode, base) if base else None


def _whole_map(scene: CrashScene, process: Process, note: str) -> Iterator[PtovRow]:
    memory, top = scene.dump.memory, _top(scene, process)
    assert memory is not None
    if top is None:
        why = "no page directory can be read: windows.kd.pagedirs says why"
        yield PtovRow(process.pid, process.name, None, None, None, "", "", why)
        return
    for leaves in user_leaves(memory, top):
        yield from _joined(process, top.mode, leaves, note)


def _joined(process: Process, mode: PagingMode, leaves: Leaves, note: str) -> Iterator[PtovRow]:
    """Runs of pages that follow one another in both address spaces with the same flags."""
    physical = physical_of(mode, leaves)
    # what flags and state are made of; accessed and dirty bits part neighbours as they do in WinDbg's letters
    kind = leaves.entries & np.uint64(0x8000_0000_0000_0FFF)
    step = np.uint64(leaves.size)
    follows = (
        (leaves.virtual[1:] == leaves.virtual[:-1] + step)
        & (physical[1:] == physical[:-1] + step)
        & (kind[1:] == kind[:-1])
    )
    starts = np.concatenate([[0], np.flatnonzero(~follows) + 1])
    ends = np.concatenate([starts[1:], [len(physical)]])
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        entry = int(leaves.entries[start])
        yield PtovRow(
            process.pid, process.name, int(physical[start]), int(leaves.virtual[start]), (end - start) * leaves.size,
            flag_letters(entry, mode, _level(leaves)), _state(entry, leaves), note,
        )  # fmt: skip


def _level(leaves: Leaves) -> str:
    return "PTE" if leaves.size == 0x1000 else "PDE"


def _state(entry: int, leaves: Leaves) -> str:
    if not entry & 1:
        return "transition"
    return "valid" if leaves.size == 0x1000 else "large"


def _owners(
    scene: CrashScene, wanted: Sequence[int], chosen: Sequence[tuple[Process, str]], with_kernel: bool
) -> Iterator[PtovRow]:
    """Every mapping of the wanted bytes: the kernel's first, then each process's."""
    memory = scene.dump.memory
    assert memory is not None
    assert scene.space is not None
    found: dict[int, int] = dict.fromkeys(wanted, 0)
    if with_kernel:
        space = scene.space.space
        top = read_top(space.physical, space.mode, space.directory_table_base)
        if top is not None:
            for leaves in kernel_leaves(memory, top, self_map_slot(space)):
                yield from _hits(0, KERNEL, top.mode, leaves, found, "")
    for process, note in chosen:
        top = _top(scene, process)
        if top is not None:
            for leaves in user_leaves(memory, top):
                yield from _hits(process.pid, process.name, top.mode, leaves, found, note)
    for address, count in found.items():
        if not count:
            inside = "no page table maps it" if memory.describes(address >> 12) else "the machine has no RAM there"
            yield PtovRow(None, "", address, None, None, "", "not-mapped", inside)


def _hits(
    pid: int | None, name: str, mode: PagingMode, leaves: Leaves, found: dict[int, int], note: str
) -> Iterator[PtovRow]:
    physical = physical_of(mode, leaves)
    for address in found:
        page = np.uint64(address & ~(leaves.size - 1))
        for index in np.flatnonzero(physical == page).tolist():
            found[address] += 1
            entry = int(leaves.entries[index])
            virtual = int(leaves.virtual[index]) + (address & (leaves.size - 1))
            yield PtovRow(
                pid, name, address, virtual, leaves.size, flag_letters(entry, mode, _level(leaves)),
                _state(entry, leaves), note,
            )  # fmt: skip
