"""Times of modules, from the rows of windows.kd.lm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from volplugins.vol.commands.lm.row import LmRow
from volplugins.vol.output.timeline import Clock, Event, Kind, event


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
