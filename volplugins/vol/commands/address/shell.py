"""Rows of windows.kd.address for a layer, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.address.rule_marks import RuleError, RuleMarks
from volplugins.dumpfile.errors import DumpError
from volplugins.vol.commands.address.rows import (
    AddressRow,
    SummaryRow,
    Wanted,
    address_rows,
    failure_row,
    summary_failure_row,
    summary_rows,
)
from volplugins.vol.scene.crash_scene import scene_below
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(
    context: ContextInterface, layer_name: str, wanted: Wanted, rules: str = "", progress: Progress | None = None
) -> Iterator[AddressRow]:
    """The regions; never raises.

    Args:
        rules: a YARA file, or the name of the suite's own rules; empty for none.
    """
    try:
        wanted.check()
        marks = RuleMarks(rules) if rules else None
        yield from address_rows(scene_below(context, layer_name), wanted, marks, progress)
    except (DumpError, RuleError) as error:
        yield failure_row(str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield failure_row(fault_text(error))


def summary_below(
    context: ContextInterface, layer_name: str, wanted: Wanted, progress: Progress | None = None
) -> Iterator[SummaryRow]:
    """The sums; never raises."""
    try:
        wanted.check()
        yield from summary_rows(scene_below(context, layer_name), wanted, progress)
    except DumpError as error:
        yield summary_failure_row(str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield summary_failure_row(fault_text(error))
