"""Rows and times of windows.kd.lm for a layer, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.memory.address_text import parse_address
from volplugins.vol.commands.lm.row import LmRow, failure_row
from volplugins.vol.commands.lm.rows import Wanted, lm_rows
from volplugins.vol.commands.lm.timeline import module_events
from volplugins.vol.output.timeline import Clock, Event, guarded
from volplugins.vol.scene.crash_scene import scene_below, target_below
from volplugins.vol.scene.folders import images_of
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(
    context: ContextInterface,
    layer_name: str,
    wanted: Wanted,
    addresses: Sequence[str] = (),
    folders: Sequence[str] = (),
    progress: Progress | None = None,
) -> Iterator[LmRow]:
    """The rows; never raises.

    Args:
        addresses: only modules that hold one of these, as typed.
        folders: those of --image-path.
    """
    try:
        found = [parse_address(text) for text in addresses]
        wrong = [text for text, value in zip(addresses, found, strict=True) if value is None]
        for text in wrong:
            yield failure_row(f"{text}: no address")
        if addresses and len(wrong) == len(addresses):
            return
        wanted = replace(wanted, addresses=[value for value in found if value is not None])
        yield from lm_rows(scene_below(context, layer_name), wanted, progress, images_of(context, folders))
    except DumpError as error:
        yield failure_row(str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield failure_row(fault_text(error))


def events_below(
    context: ContextInterface,
    layer_name: str,
    who: Sequence[str],
    scan: bool | None = None,
    progress: Progress | None = None,
) -> Iterator[Event]:
    """The times of the kernel's modules, then of the processes'; never raises."""

    def events() -> Iterator[Event]:
        clock = Clock(target_below(context, layer_name).system_time)
        for kernel in (True, False):
            wanted = Wanted(who, kernel, scan=scan, times=True)
            yield from module_events(rows_below(context, layer_name, wanted, progress=progress), clock)

    return guarded(events())
