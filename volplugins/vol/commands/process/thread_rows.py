"""Rows of a process's threads: those of its list, and those that only a scan of memory found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.bugcheck.words.status import status_name
from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread, try_read_thread
from volplugins.kernel.thread_words import state_word, wait_word
from volplugins.vol.commands.process.row import ThreadRow
from volplugins.vol.scene.owned_structures import lists_threads, threads_in_list
from volplugins.vol.scene.record_details import seconds, thread_details, waited
from volplugins.vol.scene.stack_scene import StackScene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

# modules that user threads really start in, before they go on to the function that was asked for
_STARTERS = frozenset({"ntdll", "kernel32"})


@dataclass(frozen=True, slots=True)
class ProcessThreads:
    """The threads of one process.

    Attributes:
        listed: those of its list; None where the layouts are not known.
        scanned: those in memory that name this process and that the list did not lead to.
        problems: why the list could not be followed to its end; empty where it could.
    """

    listed: tuple[Thread, ...] | None
    scanned: tuple[Thread, ...]
    problems: tuple[str, ...]

    @property
    def count(self) -> int | None:
        """How many are in the list."""
        return len(self.listed) if self.listed is not None else None


def threads_of(scene: CrashScene, process: Process, found: Sequence[int] = ()) -> ProcessThreads:
    """The threads of a process.

    Args:
        found: addresses of ETHREADs that a scan found and that name this process.
    """
    problems: list[str] = []
    listed: tuple[Thread, ...] | None = None
    if lists_threads(scene):
        listed = tuple(threads_in_list(scene, process, problems))
    known = {thread.ethread for thread in listed or ()}
    read = (try_read_thread(scene.memory, ethread, scene.layouts.thread) for ethread in sorted({*found} - known))
    scanned = tuple(thread for thread in read if thread is not None and thread.pid == process.pid)
    return ProcessThreads(listed, scanned, tuple(problems))


def thread_rows(stacks: StackScene, process: Process, threads: ProcessThreads) -> Iterator[ThreadRow]:
    """A row per thread, those of the list first."""
    for thread in threads.listed or ():
        yield _row(stacks, process, thread, "list", "")
    for thread in threads.scanned:
        if threads.listed is None or threads.problems:
            note = "not reached by the process's list of threads: found by a scan"
        elif thread.terminated:
            note = "no longer in the process's list of threads: found by a scan"
        else:
            note = "hidden: not in its process's list of threads, found by a scan"
        yield _row(stacks, process, thread, "scan", note)


def small_dump_thread(stacks: StackScene, process: Process, thread: Thread) -> ThreadRow:
    """The one thread that a small dump holds."""
    return _row(stacks, process, thread, "thread", "a small dump holds this thread alone")


def _row(stacks: StackScene, process: Process, thread: Thread, source: str, note: str) -> ThreadRow:
    start = thread.win32_start or thread.start or None
    name, start_note = _started(stacks, process, thread)
    scene, details = stacks.scene, thread_details(stacks.scene, thread)
    notes = (*_marks(scene, thread), _ended(thread), note, _elsewhere(process, thread), start_note, thread.absent)
    return ThreadRow(
        process.pid, process.name, process.eprocess, source, "; ".join(part for part in notes if part), thread.tid,
        thread.ethread or None, state_word(thread.state), wait_word(thread.state, thread.wait_reason),
        thread.context_switches, start, name, thread.create_time, thread.exit_time,
        thread.win32_start or None, thread.start or None, details.priority, details.base_priority,
        waited(scene, thread, details), seconds(scene, details.kernel_ticks), seconds(scene, details.user_ticks),
    )  # fmt: skip


def _started(stacks: StackScene, process: Process, thread: Thread) -> tuple[str, str]:
    """The name of the start address; what StartAddress says besides, where that is not what every thread has."""
    start, asked = thread.start or 0, thread.win32_start or 0
    if not start and not asked:
        return "", ""
    name, reason = stacks.name_of(process, asked or start)
    notes = [f"no name for its start: {reason}"] if reason else []
    if not asked and process.peb:
        notes.append("its start is StartAddress: Win32StartAddress is not kept")
    elif start and asked and start != asked:
        really, _ = stacks.name_of(process, start)
        if really.split("!")[0].split("+")[0].lower() not in _STARTERS:
            notes.append(f"StartAddress {start:#x}{f' {really}' if really else ''}")
    return name, "; ".join(notes)


def _marks(scene: CrashScene, thread: Thread) -> Iterator[str]:
    """WinDbg's marks: |# for the thread that caused the event, |. for the current one of each processor."""
    if scene.thread is not None and scene.thread.ethread == thread.ethread:
        yield "|# caused the event"
    for processor in scene.processors:
        if processor.current_thread is not None and processor.current_thread.ethread == thread.ethread:
            yield f"|. current on processor {processor.index}"


def _ended(thread: Thread) -> str:
    if not thread.terminated:
        return ""
    status = thread.exit_status
    if status is None:
        return "terminated"
    known = status_name(status)
    return f"terminated, exit status {status:#x}{f' {known}' if known else ''}"


def _elsewhere(process: Process, thread: Thread) -> str:
    """Where the thread says that it belongs to another process, or is attached to one."""
    if thread.owner and thread.owner != process.eprocess:
        return f"its own record names process {thread.owner:#x}"
    if thread.process and thread.process != process.eprocess and not thread.terminated:
        return f"attached to process {thread.process:#x}"
    return ""
