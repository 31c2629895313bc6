"""Rows of windows.kd.dumpinfo for a layer: those of its dump, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.vol.commands.dumpinfo.blobs import Opener, saved_rows
from volplugins.vol.commands.dumpinfo.row import DumpinfoRow
from volplugins.vol.commands.dumpinfo.rows import dumpinfo_rows
from volplugins.vol.output.rows import NOT_AVAILABLE
from volplugins.vol.scene.crash_scene import scene_below, target_below
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(
    context: ContextInterface, layer_name: str, save: Sequence[str] = (), opener: Opener | None = None
) -> Iterator[DumpinfoRow]:
    """The rows; never raises.

    Args:
        save: tags or numbers of blobs to be written with ``opener``, volatility3's file handler.
    """
    try:
        target = target_below(context, layer_name)
    except DumpError as error:
        yield DumpinfoRow("header", "error", NOT_AVAILABLE, str(error))
        return
    scene, fault = None, ""
    try:
        scene = scene_below(context, layer_name)
    except Exception as error:  # what memory says is an extra here: its loss is a row
        fault = fault_text(error)
    yield from dumpinfo_rows(target, scene)
    if fault:
        yield DumpinfoRow("crosscheck", "error", NOT_AVAILABLE, fault)
    if save and opener is not None:
        yield from saved_rows(target.dump.secondary if target.dump is not None else None, save, opener)
