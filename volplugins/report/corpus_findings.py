"""The table ``findings`` of corpus.sqlite, read for the index: how many of each kind a dump has, and what they say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from volplugins.report import caps
from volplugins.report.corpus_rows import columns_of, opened
from volplugins.report.shown_text import Cell, cell, shown
from volplugins.report.told_findings import INFO, SEVERITIES

COLUMNS = ("severity", "kind", "process", "pid", "address", "module", "technique", "evidence", "next")
_EVIDENCE = COLUMNS.index("evidence")
_RANK = f"instr('{' '.join(SEVERITIES)}', severity)"
_MOST_COUNTS = 1_000_000


@dataclass(slots=True)
class CorpusFindings:
    """What the dumps' findings come to.

    Attributes:
        fault: what was wrong with the table; empty where nothing was.
    """

    fault: str = ""
    _of_dumps: dict[Any, list[tuple[str, str, int]]] = field(default_factory=dict)
    _of_kinds: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    @classmethod
    def read(cls, database: Path) -> CorpusFindings:
        """Count them; without such a table nothing is counted."""
        found = cls()
        try:
            with closing(opened(database)) as connection:
                if {"dump", *COLUMNS} <= columns_of(connection, "findings"):
                    found._count(connection)
        except sqlite3.Error as error:
            found.fault = f"corpus.sqlite, findings: {shown(error)}"
        return found

    def _count(self, connection: sqlite3.Connection) -> None:
        counted = "SELECT dump, severity, kind, count(*) FROM findings GROUP BY 1, 2, 3 "
        for dump, severity, kind, count in connection.execute(f"{counted}ORDER BY {_RANK}, kind LIMIT {_MOST_COUNTS}"):
            if severity in SEVERITIES:
                word, name = str(severity), shown(kind, 80)
                self._of_dumps.setdefault(dump, []).append((word, name, count))
                numbers = self._of_kinds.setdefault((word, name), [0, 0])
                numbers[0] += 1
                numbers[1] += count

    def told(self, dump: Any) -> str:
        """Those of one dump above ``info``: kinds with their numbers, highest severity first."""
        counts = [(name, count) for word, name, count in self._of_dumps.get(dump, ()) if word != INFO]
        return ", ".join(f"{name} ({count})" if count > 1 else name for name, count in counts)

    def kinds_of(self, dump: Any) -> list[str]:
        """Kinds of one dump above ``info``."""
        return [name for word, name, _ in self._of_dumps.get(dump, ()) if word != INFO]

    def kinds(self) -> list[list[Cell]]:
        """Severity, kind, how many dumps have it, how many there are: highest severity first."""
        ranked = sorted(self._of_kinds.items(), key=lambda one: (SEVERITIES.index(one[0][0]), -one[1][0], one[0][1]))
        return [[word, name, *numbers] for (word, name), numbers in ranked]


def rows(database: Path) -> Iterator[tuple[Any, list[Cell]]]:
    """The dump's id and the cells of each finding above ``info``, in the order of COLUMNS, highest severity first."""
    chosen = ", ".join(COLUMNS)
    statement = f"SELECT dump, {chosen} FROM findings WHERE severity IN (?, ?, ?) ORDER BY {_RANK}, kind, dump, rowid"
    try:
        with closing(opened(database)) as connection:
            if {"dump", *COLUMNS} <= columns_of(connection, "findings"):
                for dump, *cells in connection.execute(statement, SEVERITIES[:-1]):
                    yield dump, [cell(one, caps.TEXT if at == _EVIDENCE else caps.CELL) for at, one in enumerate(cells)]
    except sqlite3.Error:  # said by CorpusFindings.read
        return
