"""What records of threads and processes say besides, in seconds where they count ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.io.clock import KernelClock, read_clock
from volplugins.io.linked_list import ListWalk
from volplugins.kernel.process import Process
from volplugins.kernel.process_details import ProcessDetails, read_process_details
from volplugins.kernel.thread import Thread
from volplugins.kernel.thread_details import ThreadDetails, read_thread_details
from volplugins.memory.reader import MemoryReader, SegmentReader
from volplugins.vol.scene.owned_structures import threads_in_list
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MOST_REQUESTS = 1 << 12  # of one thread
_WAITING_STATES = (1, 5, 7)  # ready, waiting, deferred ready


def clock_of(scene: CrashScene) -> KernelClock | None:
    """The kernel's clock; None where its page is not in the dump."""
    return once_of_scene(scene, ("clock",), lambda: read_clock(scene.memory, scene.bits, scene.target.build))


def seconds(scene: CrashScene, ticks: int | None) -> float | None:
    """Ticks of the clock in seconds; None where either is not known."""
    clock = clock_of(scene)
    return ticks * clock.seconds if clock is not None and ticks is not None else None


def thread_details(scene: CrashScene, thread: Thread) -> ThreadDetails:
    """Of one thread."""
    return read_thread_details(_thread_memory(scene, thread), thread, scene.layouts.waits, scene.target.build)


def waited(scene: CrashScene, thread: Thread, details: ThreadDetails) -> float | None:
    """Seconds since a thread began to wait, or became ready; None for others, and where it is not known."""
    clock = clock_of(scene)
    if clock is None or details.wait_tick is None or thread.state not in _WAITING_STATES:
        return None
    return clock.since_tick(details.wait_tick)


def pending_requests(scene: CrashScene, thread: Thread) -> int | None:
    """How many I/O requests are in a thread's list; None where that is not known."""
    layout = scene.layouts.io.thread
    if scene.target.triage is not None or not layout.has("IrpList"):
        return None
    walk = ListWalk(scene.memory, thread.ethread + layout.offset("IrpList"), scene.bits, _MOST_REQUESTS)
    return sum(1 for _ in walk.entries())


def process_details(scene: CrashScene, process: Process) -> ProcessDetails:
    """Of one process."""
    triage = scene.target.triage
    memory: MemoryReader = scene.memory
    if triage is not None and triage.process is not None:
        memory = SegmentReader({process.eprocess: triage.process.data})
    return read_process_details(memory, process.eprocess, scene.layouts.waits, scene.bits)


def process_ticks(scene: CrashScene, process: Process, details: ProcessDetails) -> tuple[int | None, int | None]:
    """Ticks in kernel and in user mode of a process: those of threads that have ended, and of all in its list.

    EPROCESS counts a thread's ticks when it ends (what KeQueryRuntimeProcess gives is the same sum).
    """
    kernel, user = details.kernel_ticks, details.user_ticks
    if kernel is None or user is None or scene.target.triage is not None:
        return kernel, user
    for thread in threads_in_list(scene, process):
        if not thread.terminated:
            found = thread_details(scene, thread)
            kernel, user = kernel + (found.kernel_ticks or 0), user + (found.user_ticks or 0)
    return kernel, user


def _thread_memory(scene: CrashScene, thread: Thread) -> MemoryReader:
    """A small dump has the thread's record apart."""
    triage = scene.target.triage
    if triage is None or triage.thread is None:
        return scene.memory
    return SegmentReader({thread.ethread: triage.thread.data})
