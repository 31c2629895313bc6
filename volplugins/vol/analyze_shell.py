"""Rows of windows.kd.analyze for a layer: those of its dump, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.bugcheck.analysis import analyse
from volplugins.dumpfile.errors import DumpError
from volplugins.vol.analyze_rows import AnalyzeRow, analyze_rows
from volplugins.vol.crash_scene import scene_below
from volplugins.vol.rows import NOT_AVAILABLE

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(context: ContextInterface, layer_name: str) -> Iterator[AnalyzeRow]:
    """The rows; never raises."""
    try:
        analysis = analyse(scene_below(context, layer_name))
    except DumpError as error:
        yield AnalyzeRow("bugcheck", "error", NOT_AVAILABLE, "", str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield AnalyzeRow("bugcheck", "error", NOT_AVAILABLE, "", f"{type(error).__name__}: {error}")
    else:
        yield from analyze_rows(analysis)
