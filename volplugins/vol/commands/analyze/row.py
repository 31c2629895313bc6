"""One row of windows.kd.analyze, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column
from volplugins.vol.output.rows import Cell
from volplugins.vol.output.table import Table


class AnalyzeRow(NamedTuple):
    """One row; ``confidence`` and ``evidence`` may be empty."""

    section: Annotated[str, Column("Section", failure="bugcheck")]
    field: Annotated[str, Column("Field", failure="error")]
    value: Annotated[Cell, Column("Value")]
    confidence: Annotated[str, Column("Confidence")] = ""
    evidence: Annotated[str, Column("Evidence", is_reason=True)] = ""


ANALYZE = Table("windows.kd.analyze.Analyze", AnalyzeRow)
