"""Rows of windows.kd.stacks: a row per frame of each thread, innermost first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from volplugins.dumpfile.context import AMD64, I386
from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread
from volplugins.kernel.thread_words import state_word, wait_word
from volplugins.kernel.who import thread_word
from volplugins.stack.frame import Trust
from volplugins.threads.module_code import ImageFile
from volplugins.threads.thread_walk import ThreadFrame
from volplugins.vol.commands.stacks.row import StackRow, failure_row
from volplugins.vol.scene.directory_verdicts import judge_of, process_space
from volplugins.vol.scene.given_directory import select
from volplugins.vol.scene.owned_structures import lists_threads, threads_in_list
from volplugins.vol.scene.process_selection import Progress, gather
from volplugins.vol.scene.stack_scene import StackScene, arguments

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene

_MOST_NAMED = 64  # threads of equal stacks


# what --thread takes
_FORMS = "a TID in decimal or with 0x, pid.tid in hexadecimal, or an ETHREAD address"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    Attributes:
        who: processes; threads: TIDs, ``pid.tid`` or ETHREAD addresses; all where they are empty.
        with_args: show arguments; grouped: equal stacks once.
        dirbase: the directory that processes are read through.
    """

    who: Sequence[str] = ()
    threads: Sequence[str] = ()
    kernel_only: bool = False
    with_args: bool = False
    grouped: bool = False
    dirbase: str | None = None


@dataclass(frozen=True, slots=True)
class ThreadStack:
    """One thread's frames with their names, and why they end."""

    process: Process
    thread: Thread
    frames: tuple[ThreadFrame, ...]
    names: tuple[str, ...]
    arguments: tuple[str, ...]
    stop: str
    text: str
    note: str


@dataclass(slots=True)
class _Alike:
    """Equal stacks: the first, how many there are, and the threads that are named."""

    first: ThreadStack
    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, stack: ThreadStack) -> None:
        self.count += 1
        if len(self.names) < _MOST_NAMED:
            self.names.append(_pid_tid(stack))

    @property
    def note(self) -> str:
        if self.count == 1:
            return "1 thread"
        more = f" and {self.count - len(self.names)} more" if self.count > len(self.names) else ""
        return f"{self.count} threads: {', '.join(self.names)}{more}"


def stacks_rows(
    scene: CrashScene,
    wanted: Wanted,
    image_file: ImageFile | None = None,
    scan: bool | None = None,
    progress: Progress | None = None,
    seen: list[ThreadStack] | None = None,
) -> Iterator[StackRow]:
    """The rows; one with the reason for what cannot be done.

    Args:
        seen: takes every stack, for files that are written from them.
    """
    problems: list[str] = []
    stacks = thread_stacks(scene, wanted, image_file, scan, progress, problems)
    groups: dict[tuple[object, ...], _Alike] = {}
    for stack in stacks:
        if seen is not None:
            seen.append(stack)
        if wanted.grouped:
            groups.setdefault(_kind(stack), _Alike(stack)).add(stack)
        else:
            yield from _rows(stack, stack.note)
    for alike in groups.values():
        yield from _rows(alike.first, alike.note)
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
    tests = [word for word in map(thread_word, wanted.threads) if word is not None]
    matched = 0
    for number, (process, note) in enumerate(chosen):
        broken: list[str] = []
        for thread in threads_in_list(scene, process, broken):
            if wanted.threads and not any(test.means(process.pid, thread.tid, thread.ethread) for test in tests):
                continue
            matched += 1
            yield _walked(scene, stacks, process, thread, wanted, note)
        problems.extend(f"{process.name} {process.pid}: {why}" for why in broken)
        if progress is not None:
            progress(100.0 * (number + 1) / len(chosen), "Walking stacks")
    problems.extend(stacks.cuts())
    if wanted.threads and not matched and chosen:
        problems.append(f"{', '.join(wanted.threads)}: no such thread ({_FORMS})")


def _pid_tid(stack: ThreadStack) -> str:
    """PID and TID in hexadecimal, as WinDbg writes them and --thread takes them."""
    pid, tid = stack.process.pid, stack.thread.tid
    return f"{pid:x}.{tid:x}" if pid is not None and tid is not None else f"{stack.thread.ethread:#x}"


def _of_small_dump(
    scene: CrashScene, wanted: Wanted, image_file: ImageFile | None, problems: list[str]
) -> Iterator[ThreadStack]:
    """A small dump holds the crashing thread's kernel stack alone."""
    if scene.thread is None or scene.process is None:
        problems.append("; ".join(scene.notes) or "the crashing thread is not in this small dump")
        return
    note = "a small dump holds this thread's kernel stack alone"
    stacks = StackScene(scene, None, image_file)
    yield _walked(scene, stacks, scene.process, scene.thread, wanted, note)
    problems.extend(stacks.cuts())


def _walked(
    scene: CrashScene, stacks: StackScene, process: Process, thread: Thread, wanted: Wanted, note: str
) -> ThreadStack:
    walk = stacks.walk(process, thread)
    kernel_only = wanted.kernel_only or scene.target.triage is not None
    frames = tuple(walk.frames(kernel_only))
    names = tuple(stacks.name(process, frame) for frame in frames)
    args: tuple[str, ...] = ()
    if wanted.with_args:
        sound = stacks.court is not None and process.directory_table_base
        memory = process_space(scene, process) if sound else scene.memory
        args = tuple(arguments(memory, frames, index, scene.bits) for index in range(len(frames)))
    return ThreadStack(process, thread, frames, names, args, walk.stop, walk.text, note)


def _kind(stack: ThreadStack) -> tuple[object, ...]:
    """What makes two stacks equal: names where there are any, else addresses; and the end."""
    calls = tuple(name or each.frame.ip for name, each in zip(stack.names, stack.frames, strict=True))
    return (*calls, stack.stop)


def _rows(stack: ThreadStack, note: str) -> Iterator[StackRow]:
    thread = stack.thread
    head = (
        stack.process.pid, stack.process.name, thread.tid, thread.ethread, state_word(thread.state),
        wait_word(thread.state, thread.wait_reason),
    )  # fmt: skip
    end = "; ".join(part for part in (stack.text, note) if part)
    if not stack.frames:
        yield StackRow(*head, None, "", None, None, None, "", "", "", stack.stop, end)
        return
    last = len(stack.frames) - 1
    for number, found in enumerate(stack.frames):
        frame = found.frame
        following = stack.frames[number + 1].frame.ip if number < last else None
        text = end if number == last else _checked(found) if number else ""
        yield StackRow(
            *head, number, found.ring, frame.sp, following, frame.ip, stack.names[number], frame.trust.value,
            stack.arguments[number] if stack.arguments else "", stack.stop if number == last else "",
            text or (note if number == 0 else ""),
        )  # fmt: skip


def _checked(found: ThreadFrame) -> str:
    """For a scanned frame, and for a frame pointer's that is not proved: whether a call was seen before it."""
    frame = found.frame
    if frame.trust is Trust.FRAME_POINTER:
        return {True: "", False: "no call ends there", None: "the code before it is not in memory"}[frame.call_checked]
    if frame.trust is not Trust.SCAN:
        return ""
    return "a call ends there" if found.frame.call_checked else "the code before it is not in memory"
