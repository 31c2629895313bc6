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


PROCESS = Table("windows.kd.process.Process", ProcessRow)
WITH_THREADS = Table("windows.kd.process.Process", ProcessRow, option="--threads", child=ThreadRow)
failure_row = PROCESS.failure
