"""Times of modules, from the rows of windows.kd.lm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from volplugins.vol.commands.lm.row import LM, LmRow
from volplugins.vol.commands.lm.rows import Wanted, lm_rows
from volplugins.vol.commands.shell import rows_or_failure
from volplugins.vol.output.timeline import Clock, Event, Kind, event
from volplugins.vol.scene.folders import images_of

if TYPE_CHECKING:
    from volplugins.vol.commands.shell import Request


def events(request: Request) -> Iterator[Event]:
    """The times of the kernel's modules, then of the processes'."""
    clock = Clock(request.target().system_time)
    for kernel in (True, False):
        yield from module_events(rows_or_failure(LM, partial(_rows, request, kernel)), clock)


def _rows(request: Request, kernel: bool) -> Iterator[LmRow]:
    wanted = Wanted(request.who, kernel, scan=request.scan, times=True)
    return lm_rows(request.scene(), wanted, request.progress, images_of(request.context, ()))


def module_events(rows: Iterable[LmRow], clock: Clock) -> Iterator[Event]:
    """When modules were loaded and unloaded, and when their images were linked, as far as those are times."""
    for row in rows:
        if row.start is None:
            continue
        name = row.path or row.module
        if row.pid is None:
            what = f"Kernel module {name} ({row.start:#x})"
        else:
            what = f"Module {name} ({row.start:#x}) of {row.pid} {row.process}"
        yield from event(what, Kind.CREATED, clock.time(row.loaded), "loaded")
        yield from event(what, Kind.MODIFIED, clock.time(row.unloaded), "unloaded")
        how = "linked, by the time stamp of its header,"
        yield from event(f"Image {name}", Kind.MODIFIED, clock.unix_time(row.linked), how)
