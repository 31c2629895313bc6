"""Rows and times of windows.kd.process for a layer, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.vol.commands.process.rows import ProcessRow, Wanted, failure_row, process_rows
from volplugins.vol.commands.process.thread_rows import ThreadRow
from volplugins.vol.commands.process.timeline import process_events
from volplugins.vol.output.timeline import Clock, Event, guarded
from volplugins.vol.scene.crash_scene import scene_below, target_below
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(
    context: ContextInterface, layer_name: str, wanted: Wanted, progress: Progress | None = None
) -> Iterator[ProcessRow | ThreadRow]:
    """The rows; never raises."""
    try:
        yield from process_rows(scene_below(context, layer_name), wanted, progress)
    except DumpError as error:
        yield failure_row(str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield failure_row(fault_text(error))


def events_below(
    context: ContextInterface, layer_name: str, wanted: Wanted, progress: Progress | None = None
) -> Iterator[Event]:
    """The times of processes and threads; never raises."""

    def events() -> Iterator[Event]:
        clock = Clock(target_below(context, layer_name).system_time)
        yield from process_events(rows_below(context, layer_name, wanted, progress), clock)

    return guarded(events())
