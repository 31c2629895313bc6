"""One row of windows.kd.analyze."""

from __future__ import annotations

from typing import NamedTuple

from volplugins.vol.output.rows import Cell


class AnalyzeRow(NamedTuple):
    """One row; ``confidence`` and ``evidence`` may be empty."""

    section: str
    field: str
    value: Cell
    confidence: str = ""
    evidence: str = ""
