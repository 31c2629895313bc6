"""Findings for the summary, from the rows of windows.kd.findings."""

from __future__ import annotations

from typing import Any

_MOST = 1000
_COLUMNS = ("Kind", "Severity", "PID", "Process", "TID", "Address", "Module", "Technique", "Evidence", "Next", "Note")


class NotedFindings:
    """Takes rows as they come: the highest severity first.

    Attributes:
        found: the first thousand, by the columns' names in lower case.
        left_out: how many are not among them.
    """

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.left_out = 0

    def more(self) -> list[str]:
        """A sentence on those past the first thousand; none where all are named."""
        return [f"{self.left_out} more findings are in the rows of findings"] if self.left_out else []

    def take(self, row: dict[str, Any]) -> None:
        """Look at one row; one without a severity says what could not be looked at."""
        if row["Severity"] is None:
            return
        if len(self.found) >= _MOST:
            self.left_out += 1
        else:
            self.found.append({name.lower(): row[name] for name in _COLUMNS} | {"note": row["Note"] or ""})
