"""Rows of processes as the page holds them: each different row once, each text once, and of ranges no address twice.

Processes of one machine map the same images and have like heaps: of a hundred thousand ranges and modules a few
thousand are unlike, but for where they lie. assets/packed.js unpacks the rows of a process when it is opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from volplugins.report.grids import Budget
from volplugins.report.shown_text import Cell, cell

# a cell of the page: a text by its number, a number in a list of its own, nothing
PackedCell = int | list[int | float] | None
_ADDRESS = re.compile("0x[0-9a-f]{1,16}").fullmatch
_EXACT = 1 << 53  # whole numbers beyond are not exact in JavaScript


class Words:
    """Texts of a page, each once, by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def packed(self, value: Cell) -> PackedCell:
        """The cell as the page holds it."""
        if value is None:
            return None
        if isinstance(value, str):
            return self._numbers.setdefault(value, len(self._numbers))
        return [value]

    def all(self) -> list[str]:
        """In the order of their numbers."""
        return list(self._numbers)


class DifferentRows:
    """Rows of chosen columns, each different one once.

    Rows are told apart before their cells are made for the page, so that one that was seen before costs a look only. A
    column is taken to hold one type: truth and 1 are the same here.
    """

    def __init__(self, columns: Sequence[str], words: Words, budget: Budget) -> None:
        self._columns, self._words, self._budget = columns, words, budget
        self._cells = itemgetter(*columns)
        self._numbers: dict[tuple[Any, ...], int] = {}
        self.rows: list[list[PackedCell]] = []

    def number(self, row: Mapping[str, Any]) -> int | None:
        """The row's number; None where there is no room for it."""
        try:
            key = self._cells(row)
        except KeyError:  # of an older version, or not ours
            key = tuple(row.get(column) for column in self._columns)
        known = self._numbers.get(key)
        if known is not None:
            return known
        cells = [cell(value) for value in key]
        if not self._budget.takes(cells):
            return None
        self._numbers[key] = len(self.rows)
        self.rows.append([self._words.packed(one) for one in cells])
        return len(self.rows) - 1


@dataclass(slots=True)
class PackedRanges:
    """Ranges of one process: numbers of the rest of their rows, and where each begins, if that has to be said.

    Attributes:
        rows: numbers of ``DifferentRows``, in order.
        apart: ``[place, Start]`` of ranges that do not begin where the one before ends, ``[place, Start, End]`` where
            the end is not Start and Size either.
        committed: bytes, all together.
    """

    rows: list[int] = field(default_factory=list)
    apart: list[list[Cell]] = field(default_factory=list)
    committed: int = 0
    end: Cell = None

    def add(self, number: int, row: Mapping[str, Any], budget: Budget) -> bool:
        """Take the range ``row``, the rest of which has this number; False where there is no room for its addresses."""
        start, end = cell(row.get("Start")), cell(row.get("End"))
        said = [start, end] if end is None or end != _end(start, row.get("Size")) else [start][start == self.end :]
        if said and not budget.takes(said):
            return False
        if said:
            self.apart.append([len(self.rows), *said])
        commit = row.get("Commit")
        self.committed += commit if isinstance(commit, int) else 0
        self.rows.append(number)
        self.end = end
        return True

    def as_data(self) -> dict[str, Any]:
        """For the scripts."""
        return {"rows": self.rows, "apart": self.apart, "committed": min(self.committed, _EXACT)}


@dataclass(slots=True)
class PackedList:
    """Rows of one process by their numbers."""

    rows: list[int] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """For the scripts."""
        return {"rows": self.rows}


class Packing:
    """All rows of one page that are packed: of ranges and of modules."""

    def __init__(self, regions: Sequence[str], modules: Sequence[str], budget: Budget) -> None:
        self._words = Words()
        self.regions = DifferentRows([name for name in regions if name not in ("Start", "End")], self._words, budget)
        self.modules = DifferentRows(modules, self._words, budget)

    def as_data(self) -> dict[str, Any]:
        """For the scripts: the rows by kind, and the texts."""
        return {"regions": self.regions.rows, "modules": self.modules.rows, "words": self._words.all()}


def _end(start: Cell, size: object) -> str | None:
    """Where a range ends, in as many digits as it begins with; None where that cannot be worked out."""
    if not isinstance(start, str) or not _ADDRESS(start) or type(size) is not int or size < 0:
        return None
    return f"0x{int(start, 16) + size:0{len(start) - 2}x}"
