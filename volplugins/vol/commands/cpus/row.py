"""Rows of windows.kd.cpus, and their columns: a processor, or with an option an entry of its queues."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class CpuRow(NamedTuple):
    """One processor. Times are in seconds; None: not known."""

    processor: Annotated[int | None, Column("Processor", Kind.INTEGER)]
    prcb: Annotated[int | None, Column("PRCB", Kind.HEX)]
    thread: Annotated[int | None, Column("Thread", Kind.HEX)]
    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", empty_is_absent=True, failure="error")]
    next_thread: Annotated[int | None, Column("NextThread", Kind.HEX)]
    idle_thread: Annotated[int | None, Column("IdleThread", Kind.HEX)]
    irql: Annotated[int | None, Column("IRQL", Kind.INTEGER)]
    in_dpc: Annotated[bool | None, Column("InDpc", Kind.FLAG)]
    switches: Annotated[int | None, Column("ContextSwitches", Kind.INTEGER)]
    rate: Annotated[float | None, Column("SwitchesPerSecond", Kind.DECIMAL)]
    kernel: Annotated[float | None, Column("KernelTime", Kind.DECIMAL)]
    user: Annotated[float | None, Column("UserTime", Kind.DECIMAL)]
    dpc: Annotated[float | None, Column("DpcTime", Kind.DECIMAL)]
    interrupt: Annotated[float | None, Column("InterruptTime", Kind.DECIMAL)]
    ready: Annotated[int | None, Column("Ready", Kind.INTEGER)]
    dpcs: Annotated[int | None, Column("Dpcs", Kind.INTEGER)]
    note: Annotated[str, Column("Note", is_reason=True)]


class EntryRow(NamedTuple):
    """A thread that is ready, a deferred call that waits, or a timer that is set; times and periods are in seconds."""

    processor: Annotated[int | None, Column("Processor", Kind.INTEGER)]
    list: Annotated[str, Column("List", failure="error")]
    object: Annotated[int | None, Column("Object", Kind.HEX)]
    pid: Annotated[int | None, Column("PID", Kind.INTEGER)] = None
    process: Annotated[str, Column("Process", empty_is_absent=True)] = ""
    tid: Annotated[int | None, Column("TID", Kind.INTEGER)] = None
    thread: Annotated[int | None, Column("Thread", Kind.HEX)] = None
    priority: Annotated[int | None, Column("Priority", Kind.INTEGER)] = None
    waited: Annotated[float | None, Column("Waited", Kind.DECIMAL)] = None
    routine: Annotated[int | None, Column("Routine", Kind.HEX)] = None
    symbol: Annotated[str, Column("Symbol", empty_is_absent=True)] = ""
    module: Annotated[str, Column("Module", empty_is_absent=True)] = ""
    due_time: Annotated[float | None, Column("DueTime", Kind.DECIMAL)] = None
    period: Annotated[float | None, Column("Period", Kind.DECIMAL)] = None
    note: Annotated[str, Column("Note", is_reason=True)] = ""


CPUS = Table("windows.kd.cpus.Cpus", CpuRow)
ENTRIES = Table("windows.kd.cpus.Cpus", EntryRow, option="--ready")
failure_row, entry_failure_row = CPUS.failure, ENTRIES.failure
