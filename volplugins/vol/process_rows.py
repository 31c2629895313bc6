"""Rows of windows.kd.process: the processes, with the verdict on each one's page directory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from volplugins.kernel.directories.verdict import Reference
from volplugins.kernel.process import Process
from volplugins.kernel.process_list import list_processes
from volplugins.kernel.thread import walk_threads
from volplugins.vol.pagedirs_rows import chosen_processes, judge_process, reference_of

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene

# members that this version does not read
NOT_READ = "SessionId, VadRoot, VadCount, Handles, CommitCharge and Wow64 are not read yet"


class ProcessRow(NamedTuple):
    """One process; times are FILETIMEs."""

    pid: int | None
    ppid: int | None
    name: str
    eprocess: int | None
    peb: int | None
    dirbase: int | None
    page_directory: str
    threads: int | None
    create_time: int | None
    exit_time: int | None
    source: str
    life: str
    note: str


def process_rows(scene: CrashScene, who: Sequence[str]) -> Iterator[ProcessRow]:
    """A row per process, those of ``who`` only where it is given; a row with the reason for what cannot be done."""
    if scene.dump.triage is not None:
        yield from _of_small_dump(scene)
        return
    head = scene.dump.header.ps_active_process_head
    listed = list_processes(scene.memory, head, scene.layouts.process)
    chosen, problems = chosen_processes(listed.processes, who)
    reference = reference_of(scene) if scene.space is not None else None
    for process, note in chosen:
        yield _row(scene, reference, process, note)
    for problem in (*problems, *listed.notes):
        yield failure_row(problem)
    if not listed.processes:
        yield failure_row("; ".join(scene.notes) or "no process is in the list")


def failure_row(why: str) -> ProcessRow:
    """A row that says what could not be done."""
    return ProcessRow(None, None, "error", None, None, None, "", None, None, None, "", "", why)


def _of_small_dump(scene: CrashScene) -> Iterator[ProcessRow]:
    """A small dump holds the crashing process alone."""
    process = scene.process
    if process is None:
        yield failure_row("; ".join(scene.notes) or "the process of the crashing thread is not in this small dump")
        return
    note = f"|# caused the event; a small dump holds this process alone; {NOT_READ}"
    yield _made(process, "", None, "thread", note)


def _row(scene: CrashScene, reference: Reference | None, process: Process, note: str) -> ProcessRow:
    word = judge_process(scene, reference, process).word if reference is not None else ""
    threads = None
    layouts = scene.layouts
    if layouts.process.has("ThreadListHead") and layouts.thread.has("ThreadListEntry"):
        found = walk_threads(scene.memory, process.eprocess, layouts.process, layouts.thread)
        threads = sum(1 for _ in found)
    notes = [text for text in (*_marks(scene, process), note, NOT_READ) if text]
    return _made(process, word, threads, "list", "; ".join(notes))


def _made(process: Process, word: str, threads: int | None, source: str, note: str) -> ProcessRow:
    return ProcessRow(
        process.pid, process.parent_pid, process.name, process.eprocess, process.peb, process.directory_table_base,
        word, threads, process.create_time, process.exit_time, source, process.life, note,
    )  # fmt: skip


def _marks(scene: CrashScene, process: Process) -> Iterator[str]:
    """WinDbg's marks: |# for the process that caused the event, |. for the current one of each processor."""
    if scene.process is not None and scene.process.eprocess == process.eprocess:
        yield "|# caused the event"
    for processor in scene.processors:
        thread = processor.current_thread
        if thread is not None and thread.process == process.eprocess:
            yield f"|. current on processor {processor.index}"
