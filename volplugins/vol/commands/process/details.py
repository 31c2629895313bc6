"""Rows of windows.kd.process --details: the usual ones with what !process and !thread have besides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.kernel.process import Process, read_process
from volplugins.kernel.thread import Thread, try_read_thread
from volplugins.memory.reader import ReadError
from volplugins.vol.commands.process.row import ProcessDetailRow, ProcessRow, ThreadDetailRow, ThreadRow
from volplugins.vol.commands.process.rows import Wanted, process_rows
from volplugins.vol.output.table import Detailed
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.record_details import (
    pending_requests,
    process_details,
    process_ticks,
    seconds,
    thread_details,
)

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_PER_SECOND = 10_000_000  # of a FILETIME


def detailed_rows(
    scene: CrashScene, wanted: Wanted, progress: Progress | None = None
) -> Iterator[ProcessRow | ThreadRow | Detailed]:
    """The rows of ``process_rows``, each with its details where its record can be read."""
    for row in process_rows(scene, wanted, progress):
        if isinstance(row, ThreadRow):
            thread = _thread(scene, row.ethread)
            yield Detailed(row, _of_thread(scene, thread)) if thread is not None else row
        else:
            process = _process(scene, row.eprocess)
            yield Detailed(row, _of_process(scene, process)) if process is not None else row


def _process(scene: CrashScene, eprocess: int | None) -> Process | None:
    if not eprocess:
        return None
    if scene.process is not None and scene.process.eprocess == eprocess:
        return scene.process
    try:
        return read_process(scene.memory, eprocess, scene.layouts.process)
    except ReadError:
        return None


def _thread(scene: CrashScene, ethread: int | None) -> Thread | None:
    if not ethread:
        return None
    if scene.thread is not None and scene.thread.ethread == ethread:
        return scene.thread
    return try_read_thread(scene.memory, ethread, scene.layouts.thread)


def _of_process(scene: CrashScene, process: Process) -> ProcessDetailRow:
    found = process_details(scene, process)
    kernel, user = process_ticks(scene, process, found)
    return ProcessDetailRow(
        found.full_name, _elapsed(scene, process), seconds(scene, kernel), seconds(scene, user), found.working_set,
        found.working_set_minimum, found.working_set_maximum, found.working_set_peak, found.virtual_size,
        found.virtual_size_peak, found.page_faults, found.peak_commit, found.paged_quota, found.nonpaged_quota,
        found.base_priority, process.object_table or None, found.token or None, found.job or None,
    )  # fmt: skip


def _elapsed(scene: CrashScene, process: Process) -> float | None:
    """Seconds from its creation to its exit, or to the time of the dump."""
    end = process.exit_time or scene.target.system_time
    if not process.create_time or not end or end < process.create_time:
        return None
    return (end - process.create_time) / _PER_SECOND


def _of_thread(scene: CrashScene, thread: Thread) -> ThreadDetailRow:
    found = thread_details(scene, thread)
    attached = thread.process if thread.process != thread.owner and not thread.terminated else None
    limit = thread.stack_limit if scene.layouts.thread.has("StackLimit") else None
    return ThreadDetailRow(
        thread.teb or None, found.win32_thread or None, found.boost, found.ideal, found.wait_mode, found.alertable,
        found.wait_tick, found.apcs, found.impersonates, found.suspend_count, pending_requests(scene, thread),
        attached or None, thread.initial_stack or None, thread.kernel_stack or None, thread.stack_base or None,
        limit or None, thread.trap_frame or None,
    )  # fmt: skip
