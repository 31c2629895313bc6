"""One row of windows.kd.dumpinfo, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column
from volplugins.vol.output.rows import Cell
from volplugins.vol.output.table import Table


class DumpinfoRow(NamedTuple):
    """One fact of a group."""

    group: Annotated[str, Column("Group", failure="header")]
    field: Annotated[str, Column("Field", failure="error")]
    value: Annotated[Cell, Column("Value")]
    note: Annotated[str, Column("Note", is_reason=True)] = ""


DUMPINFO = Table("windows.kd.dumpinfo.DumpInfo", DumpinfoRow)
