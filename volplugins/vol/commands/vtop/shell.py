"""Rows of windows.kd.vtop for a layer, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.vol.commands.vtop.rows import VtopRow, vtop_rows
from volplugins.vol.scene.crash_scene import scene_below
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(
    context: ContextInterface, layer_name: str, addresses: Sequence[str], who: Sequence[str], dirbase: str | None
) -> Iterator[VtopRow]:
    """The rows; never raises."""
    try:
        yield from vtop_rows(scene_below(context, layer_name), addresses, who, dirbase)
    except DumpError as error:
        yield VtopRow(None, "error", None, None, None, "", None, "", str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield VtopRow(None, "error", None, None, None, "", None, "", fault_text(error))
