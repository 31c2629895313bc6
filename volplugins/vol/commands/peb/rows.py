"""Rows of windows.kd.peb: a process as its own memory describes it, each list of modules checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.kernel.process import Process
from volplugins.kernel.vads import Vads
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.threads.teb import teb_fields
from volplugins.threads.user_modules import PathOf
from volplugins.threads.wow64 import peb32_of, teb32_of
from volplugins.vol.commands.peb.modules import PebModules
from volplugins.vol.commands.peb.report import PebReport, listed_bases
from volplugins.vol.commands.peb.row import PebRow, Subject, failure_row
from volplugins.vol.scene.directory_verdicts import WALKABLE, DirectoryJudge, judge_of, process_space
from volplugins.vol.scene.given_directory import select
from volplugins.vol.scene.mapped_files import mapped_files
from volplugins.vol.scene.owned_structures import (
    environment_owner,
    lists_reader,
    modules_owner,
    threads_in_list,
    vads_of,
)
from volplugins.vol.scene.process_selection import Progress, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.paging.address_space import AddressSpace


def peb_rows(
    scene: CrashScene,
    who: Sequence[str],
    teb: bool = False,
    scan: bool | None = None,
    progress: Progress | None = None,
    dirbase: str | None = None,
) -> Iterator[PebRow]:
    """The rows of every process, or of those that ``who`` means; ``teb`` adds each thread's TEB.

    Args:
        dirbase: the directory that they are read through.
    """
    if scene.target.triage is not None or scene.space is None:
        yield failure_row("user memory is not in this kind of dump")
        return
    gathered = gather(scene, scan, progress)
    court = judge_of(scene, gathered.processes)
    path_of = mapped_files(scene).path_of
    selection = select(gathered.processes, who, dirbase)
    chosen, problems = selection.processes, selection.wrong("where a PEB is")
    for number, (process, note) in enumerate(chosen):
        if progress is not None:
            progress(100.0 * number / len(chosen), f"Reading the PEB of {process.name}")
        yield from _of_process(scene, court, process, path_of, note, teb)
    for problem in (*problems, *gathered.notes):
        yield failure_row(problem)
    if not gathered.processes:
        yield failure_row("; ".join(scene.notes) or "no process is in the list")


def _of_process(
    scene: CrashScene, court: DirectoryJudge, process: Process, path_of: PathOf, note: str, teb: bool
) -> Iterator[PebRow]:
    bits = scene.bits
    if not process.peb:
        why = "has no PEB" + (f" ({process.life})" if process.life != "running" else " (no user memory)")
        why = process.absent if process.peb is None and process.absent else why
        yield failure_row("; ".join(each for each in (why, note) if each), process, bits)
        return
    word = court.word(process)
    if word not in WALKABLE:
        yield failure_row("; ".join(each for each in (f"page-directory:{word}", note) if each), process, bits)
        return
    memory = process_space(scene, process)
    vads = vads_of(scene, process)
    if process.wow64:
        yield from _of_wow64(scene, process, memory, vads, path_of, note)
    else:
        taken, listed_by = environment_owner(scene, process, memory), modules_owner(scene, process, memory)
        subject = Subject(process, memory, bits, taken, listed_by, lists_reader(scene, process, memory))
        yield from PebReport(subject, PebModules(subject, vads, path_of), process.peb).rows(note)
    for problem in vads.notes:
        yield Subject(process, memory, bits).row("integrity", "VadRoot", "damaged", problem)
    if teb:
        yield from _tebs(scene, process, memory)


def _of_wow64(
    scene: CrashScene, process: Process, memory: AddressSpace, vads: Vads, path_of: PathOf, note: str
) -> Iterator[PebRow]:
    """Both PEBs of a process of 32-bit code on x64."""
    taken, listed_by = environment_owner(scene, process, memory), modules_owner(scene, process, memory)
    lists = lists_reader(scene, process, memory)
    wide, narrow = (Subject(process, memory, bits, taken, listed_by, lists) for bits in (scene.bits, 32))
    peb, low = process.peb or 0, peb32_of(scene.memory, process.wow64)
    elsewhere = listed_bases(memory, low, 32, lists) if low is not None else frozenset[int]()
    yield from PebReport(wide, PebModules(wide, vads, path_of, True, elsewhere), peb).rows(note)
    modules = PebModules(narrow, vads, path_of, True, listed_bases(memory, peb, scene.bits, lists))
    if low is not None:
        yield from PebReport(narrow, modules, low).rows("")
        return
    yield failure_row("the 32-bit PEB is not known: what leads to it cannot be read", process, 32)
    yield from modules.rebuilt("the 32-bit PEB is not known")


def _tebs(scene: CrashScene, process: Process, memory: MemoryReader) -> Iterator[PebRow]:
    wide, narrow = Subject(process, memory, scene.bits), Subject(process, memory, 32)
    problems: list[str] = []
    for thread in threads_in_list(scene, process, problems):
        if not thread.teb:
            continue
        title = f"{thread.tid:x}" if thread.tid is not None else f"{thread.ethread:#x}"
        yield from _teb(wide, thread.teb, title)
        low = teb32_of(memory, thread.teb) if process.wow64 else None
        if low is not None:
            yield from _teb(narrow, low, title)
    for problem in problems:
        yield wide.row("teb", "", "", problem)


def _teb(subject: Subject, address: int, title: str) -> Iterator[PebRow]:
    try:
        fields = teb_fields(subject.memory, address, subject.bits)
    except ReadError as error:
        why = f"the TEB cannot be read: page {error.address & ~0xFFF:#x} {error.reason}"
        yield subject.row("teb", f"{title}.Teb", f"{address:#x}", why)
        return
    yield subject.row("teb", f"{title}.Teb", f"{address:#x}")
    for name, value in fields.items():
        yield subject.row("teb", f"{title}.{name}", f"{value:#x}")
