"""Rows of windows.kd.process: the processes, with the verdict on each one's page directory, and their threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.kernel.process import Process
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout, read_structure
from volplugins.vol.commands.process.row import ProcessRow, ThreadRow, failure_row
from volplugins.vol.commands.process.thread_rows import (
    ProcessThreads,
    small_dump_thread,
    thread_rows,
    threads_of,
)
from volplugins.vol.scene.directory_verdicts import DirectoryJudge, judge_of, process_space
from volplugins.vol.scene.owned_structures import vads_of
from volplugins.vol.scene.process_selection import Gathered, Progress, choose, gather
from volplugins.vol.scene.stack_scene import StackScene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: which processes (all, where ``who`` is empty), and whether with their threads."""

    who: Sequence[str] = ()
    threads: bool = False
    scan: bool | None = None


def process_rows(
    scene: CrashScene, wanted: Wanted, progress: Progress | None = None
) -> Iterator[ProcessRow | ThreadRow]:
    """A row per process, its threads behind it if wanted; a row with the reason for what cannot be done."""
    if scene.target.triage is not None:
        yield from _of_small_dump(scene, wanted)
        return
    gathered = gather(scene, wanted.scan, progress)
    court = judge_of(scene, gathered.processes) if scene.space is not None else None
    stacks = StackScene(scene, court) if wanted.threads else None
    chosen, problems = choose(gathered.processes, wanted.who)
    for process, note in chosen:
        threads = threads_of(scene, process, gathered.threads.get(process.eprocess, ()) if wanted.threads else ())
        marks = (*_marks(scene, process), *_standing(gathered, process), note, process.absent)
        yield _row(scene, court, process, threads, marks)
        if stacks is not None:
            yield from thread_rows(stacks, process, threads)
    for problem in (*problems, *gathered.notes, *(stacks.cuts() if stacks is not None else ())):
        yield failure_row(problem)
    if not gathered.processes:
        yield failure_row("; ".join(scene.notes) or "no process is in the list")


def _of_small_dump(scene: CrashScene, wanted: Wanted) -> Iterator[ProcessRow | ThreadRow]:
    """A small dump holds the crashing process and thread alone."""
    process = scene.process
    if process is None:
        yield failure_row("; ".join(scene.notes) or "the process of the crashing thread is not in this small dump")
        return
    note = "|# caused the event; a small dump holds this process alone, without what its pointers lead to"
    found = process_row(process, "", None, None, None, process.vad_count, note)
    yield found._replace(source="thread")
    if wanted.threads and scene.thread is not None:
        yield small_dump_thread(StackScene(scene, None), process, scene.thread)


def _row(
    scene: CrashScene, court: DirectoryJudge | None, process: Process, threads: ProcessThreads, marks: Sequence[str]
) -> ProcessRow:
    word = court.word(process) if court is not None else ""
    count, vad_note = _vad_count(scene, process)
    session, session_note = _through_pointer(scene, process, process.session, scene.layouts.session, "SessionId")
    handles, handle_note = _through_pointer(
        scene, process, process.object_table, scene.layouts.handle_table, "HandleCount"
    )
    notes = (*marks, *threads.problems, vad_note, session_note, handle_note)
    text = "; ".join(part for part in notes if part)
    return process_row(process, word, threads.count, session, handles, count, text)


def process_row(
    process: Process,
    word: str,
    threads: int | None,
    session: int | None,
    handles: int | None,
    vad_count: int | None,
    note: str,
) -> ProcessRow:
    """The row of a process, with what had to be read beyond its EPROCESS."""
    wow64 = bool(process.wow64) if process.wow64 is not None else None
    return ProcessRow(
        process.pid, process.parent_pid, process.name, process.eprocess, session, process.peb,
        process.directory_table_base, word, process.vad_root, vad_count, threads, handles, process.commit_charge, wow64,
        process.create_time, process.exit_time, process.source, process.life, note,
    )  # fmt: skip


def _vad_count(scene: CrashScene, process: Process) -> tuple[int | None, str]:
    """VadCount as the kernel keeps it, and where the tree holds another number; where it keeps none, those counted."""
    if process.vad_root is None:
        return process.vad_count, "" if scene.layouts.process.has("VadRoot") else "VadRoot is not known in this build"
    vads = vads_of(scene, process)
    if process.vad_count is None:
        return len(vads.ranges), "; ".join(vads.notes)
    if process.vad_count == len(vads.ranges):
        return process.vad_count, ""
    damage = f" ({vads.notes[0]})" if vads.notes else ""
    return process.vad_count, f"VadCount says {process.vad_count} ranges, the tree holds {len(vads.ranges)}{damage}"


def _through_pointer(
    scene: CrashScene, process: Process, pointer: int | None, layout: Layout, member: str
) -> tuple[int | None, str]:
    """A member of a structure that the process points to, through its own directory (session space needs that)."""
    if not pointer or not layout.has(member):
        return None, ""
    readers = [scene.memory]
    if scene.space is not None and process.directory_table_base:
        readers.insert(0, process_space(scene, process))
    reason = ""
    for reader in readers:
        try:
            return read_structure(reader, pointer, layout).unsigned(member), ""
        except ReadError as error:
            reason = error.reason
    return None, f"{member}: {layout.name} at {pointer:#x} cannot be read ({reason})"


def _marks(scene: CrashScene, process: Process) -> Iterator[str]:
    """WinDbg's marks: |# for the process that caused the event, |. for the current one of each processor."""
    if scene.process is not None and scene.process.eprocess == process.eprocess:
        yield "|# caused the event"
    for processor in scene.processors:
        thread = processor.current_thread
        if thread is not None and thread.process == process.eprocess:
            yield f"|. current on processor {processor.index}"


def _standing(gathered: Gathered, process: Process) -> Iterator[str]:
    """In plain words: whether the process has exited, and whether it is in the list of processes."""
    if process.life == "exited":
        yield "exited" if process.source == "list" else "exited, in no list of processes"
    elif process.source != "list":
        how = "a scan" if process.source == "scan" else "a thread"
        if not gathered.list_whole:
            yield f"not reached by the list of processes, which is broken: found by {how}"
        elif process.life == "starting":
            yield f"hidden or not yet started: in no list of processes, found by {how}"
        else:
            yield f"hidden: in no list of processes, not exited, found by {how}"
