"""Rows of windows.kd.pagedirs for a layer, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.vol.commands.pagedirs.row import PagedirsRow, note_row
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.scene.crash_scene import scene_below
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(
    context: ContextInterface,
    layer_name: str,
    who: Sequence[str],
    typed: Sequence[str],
    with_checks: bool,
    scan: bool | None = None,
    progress: Progress | None = None,
) -> Iterator[PagedirsRow]:
    """The rows; never raises."""
    try:
        yield from pagedirs_rows(scene_below(context, layer_name), who, typed, with_checks, scan, progress)
    except DumpError as error:
        yield note_row("error", str(error), "")
    except Exception as error:  # nothing in a dump may end in a traceback
        yield note_row("error", fault_text(error), "")
