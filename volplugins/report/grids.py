"""Rows of files as tables for the page: chosen columns, cells as text, no more than fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from volplugins.report import caps
from volplugins.report.row_file import RowFile
from volplugins.report.shown_text import Cell, cell

Grid = dict[str, Any]


class Budget:
    """Characters that the tables of one page may still take."""

    def __init__(self, characters: int = caps.PAGE) -> None:
        self.left = characters

    def takes(self, cells: Sequence[Cell]) -> bool:
        """Whether the cells fit; if so they are counted."""
        size = sum(len(one) + 3 if isinstance(one, str) else 6 for one in cells)
        if size > self.left:
            return False
        self.left -= size
        return True


def grid(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], budget: Budget) -> Grid:
    """A table: ``columns``, ``rows`` of cells in their order, and ``left``, how many rows there was no room for."""
    kept: list[list[Cell]] = []
    left = 0
    for row in rows:
        cells = [cell(row.get(column)) for column in columns]
        if len(kept) < caps.TABLE_ROWS and budget.takes(cells):
            kept.append(cells)
        else:
            left += 1
    return {"columns": list(columns), "rows": kept, "left": left}


def faults_of(files: Iterable[RowFile]) -> list[str]:
    """What was wrong with files that have been read."""
    return [f"rows/{file.name}.jsonl: {fault}" for file in files for fault in dict.fromkeys(file.faults)]
