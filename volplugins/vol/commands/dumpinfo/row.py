"""One row of windows.kd.dumpinfo."""

from __future__ import annotations

from typing import NamedTuple

from volplugins.vol.output.rows import Cell


class DumpinfoRow(NamedTuple):
    """Group, Field, Value, Note."""

    group: str
    field: str
    value: Cell
    note: str = ""
