"""Rows of windows.kd.process, and their columns: a process, and with ``--threads`` the threads below it."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table

# what a thread's row repeats of its process's
_PID = Column("PID", Kind.INTEGER)
_NAME = Column("Name", failure="error")
_EPROCESS = Column("EPROCESS", Kind.HEX)
_SOURCE = Column("Source")
_NOTE = Column("Note", is_reason=True)
# what both have with --threads and --details; seconds
_KERNEL_TIME = Column("KernelTime", Kind.DECIMAL)
_USER_TIME = Column("UserTime", Kind.DECIMAL)
_BASE_PRIORITY = Column("BasePriority", Kind.INTEGER)


class ProcessRow(NamedTuple):
    """One process; times are FILETIMEs, commit_charge is in pages."""

    pid: Annotated[int | None, _PID]
    ppid: Annotated[int | None, Column("PPID", Kind.INTEGER)]
    name: Annotated[str, _NAME]
    eprocess: Annotated[int | None, _EPROCESS]
    session_id: Annotated[int | None, Column("SessionId", Kind.INTEGER)]
    peb: Annotated[int | None, Column("Peb", Kind.HEX)]
    dirbase: Annotated[int | None, Column("DirBase", Kind.HEX)]
    page_directory: Annotated[str, Column("PageDirectory")]
    vad_root: Annotated[int | None, Column("VadRoot", Kind.HEX)]
    vad_count: Annotated[int | None, Column("VadCount", Kind.INTEGER)]
    threads: Annotated[int | None, Column("Threads", Kind.INTEGER)]
    handles: Annotated[int | None, Column("Handles", Kind.INTEGER)]
    commit_charge: Annotated[int | None, Column("CommitCharge", Kind.INTEGER)]
    wow64: Annotated[bool | None, Column("Wow64", Kind.FLAG)]
    create_time: Annotated[int | None, Column("CreateTime", Kind.FILETIME)]
    exit_time: Annotated[int | None, Column("ExitTime", Kind.FILETIME)]
    source: Annotated[str, _SOURCE]
    life: Annotated[str, Column("Life")]
    note: Annotated[str, _NOTE]


class ThreadRow(NamedTuple):
    """One thread of a process; times are FILETIMEs. ``source``: ``list``, ``scan``; ``thread`` in a small dump.

    ``win32_start`` and ``kernel_start`` are the ETHREAD's two members; ``start_address`` is the one that tells more.
    """

    pid: Annotated[int | None, _PID]
    name: Annotated[str, _NAME]
    eprocess: Annotated[int, _EPROCESS]
    source: Annotated[str, _SOURCE]
    note: Annotated[str, _NOTE]
    tid: Annotated[int | None, Column("TID", Kind.INTEGER)]
    ethread: Annotated[int | None, Column("ETHREAD", Kind.HEX)]
    state: Annotated[str, Column("State")]
    wait: Annotated[str, Column("Wait")]
    context_switches: Annotated[int | None, Column("ContextSwitches", Kind.INTEGER)]
    start_address: Annotated[int | None, Column("StartAddress", Kind.HEX)]
    start: Annotated[str, Column("Start")]
    create_time: Annotated[int | None, Column("ThreadCreateTime", Kind.FILETIME)]
    exit_time: Annotated[int | None, Column("ThreadExitTime", Kind.FILETIME)]
    win32_start: Annotated[int | None, Column("Win32StartAddress", Kind.HEX)]
    kernel_start: Annotated[int | None, Column("KernelStartAddress", Kind.HEX)]
    priority: Annotated[int | None, Column("Priority", Kind.INTEGER)]
    base_priority: Annotated[int | None, _BASE_PRIORITY]
    waited: Annotated[float | None, Column("Waited", Kind.DECIMAL)]
    kernel_time: Annotated[float | None, _KERNEL_TIME]
    user_time: Annotated[float | None, _USER_TIME]


class ProcessDetailRow(NamedTuple):
    """What --details adds to a process: seconds, pages (working sets, commit), bytes (virtual sizes, quotas)."""

    full_name: Annotated[str, Column("FullName", empty_is_absent=True)]
    elapsed: Annotated[float | None, Column("ElapsedTime", Kind.DECIMAL)]
    kernel_time: Annotated[float | None, _KERNEL_TIME]
    user_time: Annotated[float | None, _USER_TIME]
    working_set: Annotated[int | None, Column("WorkingSet", Kind.INTEGER)]
    working_set_minimum: Annotated[int | None, Column("WorkingSetMinimum", Kind.INTEGER)]
    working_set_maximum: Annotated[int | None, Column("WorkingSetMaximum", Kind.INTEGER)]
    working_set_peak: Annotated[int | None, Column("WorkingSetPeak", Kind.INTEGER)]
    virtual_size: Annotated[int | None, Column("VirtualSize", Kind.INTEGER)]
    virtual_size_peak: Annotated[int | None, Column("VirtualSizePeak", Kind.INTEGER)]
    page_faults: Annotated[int | None, Column("PageFaults", Kind.INTEGER)]
    peak_commit: Annotated[int | None, Column("CommitChargePeak", Kind.INTEGER)]
    paged_quota: Annotated[int | None, Column("QuotaPagedPool", Kind.INTEGER)]
    nonpaged_quota: Annotated[int | None, Column("QuotaNonPagedPool", Kind.INTEGER)]
    base_priority: Annotated[int | None, _BASE_PRIORITY]
    object_table: Annotated[int | None, Column("ObjectTable", Kind.HEX)]
    token: Annotated[int | None, Column("Token", Kind.HEX)]
    job: Annotated[int | None, Column("Job", Kind.HEX)]


class ThreadDetailRow(NamedTuple):
    """What --details adds to a thread; ``wait_tick`` is in ticks of the clock since boot."""

    teb: Annotated[int | None, Column("Teb", Kind.HEX)]
    win32_thread: Annotated[int | None, Column("Win32Thread", Kind.HEX)]
    boost: Annotated[int | None, Column("PriorityBoost", Kind.INTEGER)]
    ideal: Annotated[int | None, Column("IdealProcessor", Kind.INTEGER)]
    wait_mode: Annotated[str, Column("WaitMode", empty_is_absent=True)]
    alertable: Annotated[bool | None, Column("Alertable", Kind.FLAG)]
    wait_tick: Annotated[int | None, Column("WaitStartTick", Kind.INTEGER)]
    apcs: Annotated[str, Column("ApcsPending", empty_is_absent=True)]
    impersonates: Annotated[bool | None, Column("Impersonates", Kind.FLAG)]
    suspend_count: Annotated[int | None, Column("SuspendCount", Kind.INTEGER)]
    requests: Annotated[int | None, Column("PendingIrps", Kind.INTEGER)]
    attached: Annotated[int | None, Column("AttachedProcess", Kind.HEX)]
    initial_stack: Annotated[int | None, Column("InitialStack", Kind.HEX)]
    kernel_stack: Annotated[int | None, Column("KernelStack", Kind.HEX)]
    stack_base: Annotated[int | None, Column("StackBase", Kind.HEX)]
    stack_limit: Annotated[int | None, Column("StackLimit", Kind.HEX)]
    trap_frame: Annotated[int | None, Column("TrapFrame", Kind.HEX)]


PROCESS = Table("windows.kd.process.Process", ProcessRow)
WITH_THREADS = Table("windows.kd.process.Process", ProcessRow, option="--threads", child=ThreadRow)
WITH_DETAILS = Table("windows.kd.process.Process", ProcessRow, option="--details", details=(ProcessDetailRow,))
WITH_ALL = Table(
    "windows.kd.process.Process", ProcessRow, option="--threads --details", child=ThreadRow,
    details=(ProcessDetailRow, ThreadDetailRow),
)  # fmt: skip
failure_row = PROCESS.failure
