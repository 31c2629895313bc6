"""Rows of windows.kd.stacks: a row per frame of each thread, innermost first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from volplugins.dumpfile.context import AMD64, I386
from volplugins.kernel.process import Process, read_process
from volplugins.kernel.thread import Thread
from volplugins.kernel.who import ThreadWord, thread_word
from volplugins.memory.reader import ReadError
from volplugins.threads.module_code import ImageFile
from volplugins.vol.commands.stacks.row import StackRow, failure_row
from volplugins.vol.commands.stacks.shown import Alike, ThreadStack, kind, shown
from volplugins.vol.commands.stacks.starts import NOWHERE, GivenStart, Typed, given_starts, thread_for
from volplugins.vol.output.table import Detailed
from volplugins.vol.scene.directory_verdicts import judge_of, process_space
from volplugins.vol.scene.given_directory import select
from volplugins.vol.scene.owned_structures import lists_threads, threads_in_list
from volplugins.vol.scene.process_selection import Progress, gather
from volplugins.vol.scene.stack_scene import StackScene, arguments

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

# what --thread takes
_FORMS = "a TID in decimal or with 0x, pid.tid in hexadecimal, or an ETHREAD address"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    Attributes:
        who: processes; threads: TIDs, ``pid.tid`` or ETHREAD addresses; all where they are empty.
        with_args: show arguments; grouped: equal stacks once.
        dirbase: the directory that processes are read through.
        start: where a stack is to begin, in place of the threads' own; registers: show them at every frame.
    """

    who: Sequence[str] = ()
    threads: Sequence[str] = ()
    kernel_only: bool = False
    with_args: bool = False
    grouped: bool = False
    dirbase: str | None = None
    start: Typed = NOWHERE
    registers: bool = False


def stacks_rows(
    scene: CrashScene,
    wanted: Wanted,
    image_file: ImageFile | None = None,
    scan: bool | None = None,
    progress: Progress | None = None,
    seen: list[ThreadStack] | None = None,
) -> Iterator[StackRow | Detailed]:
    """The rows; one with the reason for what cannot be done.

    Args:
        seen: takes every stack, for files that are written from them.
    """
    problems: list[str] = []
    stacks = thread_stacks(scene, wanted, image_file, scan, progress, problems)
    groups: dict[tuple[object, ...], Alike] = {}
    for stack in stacks:
        if seen is not None:
            seen.append(stack)
        if wanted.grouped:
            groups.setdefault(kind(stack), Alike(stack)).add(stack)
        else:
            yield from shown(stack, stack.note, wanted.registers)
    for alike in groups.values():
        yield from shown(alike.first, alike.note, wanted.registers)
    for problem in problems:
        yield failure_row(problem)


def thread_stacks(
    scene: CrashScene,
    wanted: Wanted,
    image_file: ImageFile | None,
    scan: bool | None,
    progress: Progress | None,
    problems: list[str],
) -> Iterator[ThreadStack]:
    """The stacks of the threads asked for; ``problems`` takes what could not be done."""
    if scene.target.machine not in (I386, AMD64):
        problems.append("stacks of this kind of machine are not walked; windows.kd.analyze scans the crashing thread's")
        return
    if scene.target.triage is not None:
        yield from _of_small_dump(scene, wanted, image_file, problems)
        return
    gathered = gather(scene, scan, progress)
    problems.extend(gathered.notes)
    selection = select(gathered.processes, wanted.who, wanted.dirbase)
    chosen = selection.processes
    problems.extend(selection.wrong("whose threads run in it"))
    if not lists_threads(scene):
        problems.append(f"threads cannot be listed: {scene.layouts.thread.source}")
        return
    court = judge_of(scene, gathered.processes) if scene.space is not None else None
    stacks = StackScene(scene, court, image_file)
    if wanted.start:
        yield from _from_starts(scene, stacks, wanted, chosen, problems)
        return
    tests = _thread_tests(wanted)
    walked: set[int] = set()  # ETHREADs
    for number, (process, note) in enumerate(chosen):
        broken: list[str] = []
        for thread in threads_in_list(scene, process, broken):
            if wanted.threads and not any(test.means(process.pid, thread.tid, thread.ethread) for test in tests):
                continue
            walked.add(thread.ethread)
            yield walked_stack(scene, stacks, process, thread, wanted, note)
        problems.extend(f"{process.name} {process.pid}: {why}" for why in broken)
        if progress is not None:
            progress(100.0 * (number + 1) / len(chosen), "Walking stacks")
    if wanted.threads and not wanted.who and not wanted.dirbase:
        for process, thread in _run_by_processors(scene, tests, walked):
            yield walked_stack(scene, stacks, process, thread, wanted, "a processor runs it, and no list has it")
    problems.extend(stacks.cuts())
    if wanted.threads and not walked and chosen:
        problems.append(f"{', '.join(wanted.threads)}: no such thread ({_FORMS})")


def _of_small_dump(
    scene: CrashScene, wanted: Wanted, image_file: ImageFile | None, problems: list[str]
) -> Iterator[ThreadStack]:
    """A small dump holds the crashing thread's kernel stack alone."""
    if scene.thread is None or scene.process is None:
        problems.append("; ".join(scene.notes) or "the crashing thread is not in this small dump")
        return
    note = "a small dump holds this thread's kernel stack alone"
    stacks = StackScene(scene, None, image_file)
    if wanted.start:
        for start in given_starts(scene, scene.process, wanted.start, problems):
            yield walked_stack(scene, stacks, scene.process, scene.thread, wanted, f"{start.text}; {note}", start)
        return
    yield walked_stack(scene, stacks, scene.process, scene.thread, wanted, note)
    problems.extend(stacks.cuts())


def _run_by_processors(
    scene: CrashScene, tests: Sequence[ThreadWord], walked: set[int]
) -> Iterator[tuple[Process, Thread]]:
    """Of the threads that processors run those that are meant: Idle's process is in no list, and analyze names it.

    Args:
        walked: ETHREADs that were given already, which are not given again; takes those that are given now.
    """
    for thread in (processor.current_thread for processor in scene.processors):
        if thread is None or not thread.process or thread.ethread in walked:
            continue
        try:
            process = read_process(scene.memory, thread.process, scene.layouts.process)
        except ReadError:
            continue
        if any(test.means(process.pid, thread.tid, thread.ethread) for test in tests):
            walked.add(thread.ethread)
            yield process, thread


def _thread_tests(wanted: Wanted) -> list[ThreadWord]:
    return [word for word in map(thread_word, wanted.threads) if word is not None]


def _from_starts(
    scene: CrashScene, stacks: StackScene, wanted: Wanted, chosen: Sequence[tuple[Process, str]], problems: list[str]
) -> Iterator[ThreadStack]:
    """One stack from every start that was given, in the first process that was named, else in the crashing one."""
    named = bool(wanted.who or wanted.dirbase)
    process = chosen[0][0] if named and chosen else None if named else scene.process or scene.system_process
    if process is None:
        if not problems:
            problems.append("no process to walk a stack in: --pid or --process names one")
        return
    tests = _thread_tests(wanted)
    threads = threads_in_list(scene, process) if tests else ()
    asked = [t for t in threads if any(test.means(process.pid, t.tid, t.ethread) for test in tests)]
    for start in given_starts(scene, process, wanted.start, problems):
        thread = asked[0] if asked else thread_for(scene, process, start)
        yield walked_stack(scene, stacks, process, thread, wanted, start.text, start)
    problems.extend(stacks.cuts())


def walked_stack(
    scene: CrashScene, stacks: StackScene, process: Process, thread: Thread, wanted: Wanted, note: str,
    start: GivenStart | None = None,
) -> ThreadStack:  # fmt: skip
    """The stack of one thread.

    Args:
        note: what is to be said of the process; start: where the walk begins in place of the thread's own.
    """
    given = (start.registers, start.wow64, start.segmented) if start is not None else ()
    walk = stacks.walk(process, thread, *given)
    kernel_only = wanted.kernel_only or scene.target.triage is not None
    frames = tuple(walk.frames(kernel_only))
    note = "; ".join(filter(None, (note, walk.said)))
    if start is not None and frames:
        first = replace(frames[0], frame=replace(frames[0].frame, trust=start.trust))
        frames = (first, *frames[1:])
    names = tuple(stacks.name(process, frame) for frame in frames)
    args: tuple[str, ...] = ()
    if wanted.with_args:
        sound = stacks.court is not None and process.directory_table_base
        memory = process_space(scene, process) if sound else scene.memory
        args = tuple(arguments(memory, frames, index, scene.bits) for index in range(len(frames)))
    bounds = tuple(
        stacks.bounds(process, frame, number == 0) if "!" not in name else None
        for number, (name, frame) in enumerate(zip(names, frames, strict=True))
    )
    return ThreadStack(process, thread, frames, names, args, walk.stop, walk.text, note, bounds)
