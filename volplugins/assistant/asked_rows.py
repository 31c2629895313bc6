"""Rows that fit what was asked; a column that no row has is refused, for nothing would fit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from volplugins.assistant.results import Refused
from volplugins.report.row_file import RowFile

Row = Mapping[str, Any]


def part(rows: Iterator[Any], offset: int, limit: int) -> tuple[list[Any], bool]:
    """So many from there on, and whether more follow."""
    found = list(islice(rows, offset, offset + limit + 1))
    return found[:limit], len(found) > limit


def fitting(file: RowFile, filters: Sequence[tuple[str, str]]) -> Iterator[Row]:
    """The rows that have every text, or the same number."""
    return (row for row in file if _fits(row, filters))


def columns_of(file: RowFile, names: Sequence[str]) -> list[str]:
    """The columns as the file has them, whatever the letter case of the names.

    Raises:
        Refused: there is none of such a name; where there are no rows at all, no name is wrong.
    """
    known: dict[str, str] = {}
    wanted = {name.lower() for name in names}
    for row in file if wanted else ():
        known |= {str(name).lower(): str(name) for name in row}
        if wanted <= known.keys():
            break
    if known and not wanted <= known.keys():
        raise Refused("no such column; there are: those below `data`", list(known.values()))
    return [known.get(name.lower(), name) for name in names]


def _fits(row: Row, filters: Sequence[tuple[str, str]]) -> bool:
    for name, text in filters:
        cell = row.get(name)
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            if str(cell) != str(text).strip():
                return False
        elif str(text).lower() not in str(cell if cell is not None else "").lower():
            return False
    return True
