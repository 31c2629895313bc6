"""Rows of windows.kd.ptov for a layer, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.vol.commands.ptov.rows import PtovRow, failure_row, ptov_rows
from volplugins.vol.scene.crash_scene import scene_below
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(
    context: ContextInterface,
    layer_name: str,
    physical: Sequence[str],
    who: Sequence[str],
    scan: bool | None = None,
    progress: Progress | None = None,
) -> Iterator[PtovRow]:
    """The rows; never raises."""
    try:
        yield from ptov_rows(scene_below(context, layer_name), physical, who, scan, progress)
    except DumpError as error:
        yield failure_row(str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield failure_row(fault_text(error))
