"""Times of processes and threads, from the rows of windows.kd.process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from volplugins.vol.commands.process.row import WITH_THREADS, ProcessRow, ThreadRow
from volplugins.vol.commands.process.rows import Wanted, process_rows
from volplugins.vol.commands.shell import rows_or_failure
from volplugins.vol.output.timeline import Clock, Event, Kind, event

if TYPE_CHECKING:
    from volplugins.vol.commands.shell import Request


def events(request: Request) -> Iterator[Event]:
    """The times of processes and threads."""
    clock = Clock(request.target().system_time)
    wanted = Wanted(request.who, True, request.scan)
    rows = rows_or_failure(WITH_THREADS, lambda: process_rows(request.scene(), wanted, request.progress))
    yield from process_events(rows, clock)


def process_events(rows: Iterable[ProcessRow | ThreadRow], clock: Clock) -> Iterator[Event]:
    """Creation and exit of every process and thread that has a time that can be."""
    for row in rows:
        if isinstance(row, ThreadRow):
            start = f" {row.start}" if row.start else ""
            what = f"Thread {row.tid} of {row.pid} {row.name} ({_hex(row.ethread)}){start}"
            created, exited = row.create_time, row.exit_time
        else:
            what = f"Process {row.pid} {row.name} ({_hex(row.eprocess)})"
            created, exited = row.create_time, row.exit_time
        what += f", found by {row.source}" if row.source != "list" else ""
        yield from event(what, Kind.CREATED, clock.time(created), "created")
        yield from event(what, Kind.MODIFIED, clock.time(exited), "exited")


def _hex(address: int | None) -> str:
    return f"{address:#x}" if address is not None else "?"
