"""corpus.sqlite for questions: opened read-only, whatever is in it; no statement runs for longer than a minute."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from volplugins.corpus.errors import NoCorpus
from volplugins.report.corpus_rows import columns_of, opened

_SECONDS = 60
_STEPS = 10_000  # of SQLite's machine between looks at the clock


def deadline() -> float:
    """When what is asked now is given up."""
    return time.monotonic() + _SECONDS


class CorpusDatabase:
    """One corpus's rows.

    Raises:
        NoCorpus: the file is no corpus's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = opened(path)
            self._connection.execute("PRAGMA trusted_schema = OFF")
            self.columns = {name: columns_of(self._connection, name) for name in self._tables()}
        except sqlite3.Error as error:
            raise NoCorpus(f"{path}: {error}") from None
        if not {"id", "path"} <= self.columns.get("dumps", set()):
            self.close()
            raise NoCorpus(f"{path}: no corpus: it has no table of dumps")

    def _tables(self) -> list[str]:
        found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 100")
        return [str(row[0]) for row in found if str(row[0]).isidentifier()]

    def has(self, table: str, columns: Collection[str]) -> bool:
        """Whether the table is there with these columns."""
        return set(columns) <= self.columns.get(table, set())

    def rows(self, statement: str, values: Sequence[Any] = (), until: float | None = None) -> Iterator[tuple[Any, ...]]:
        """What the statement gives.

        Args:
            until: when the answer is given up, as ``deadline`` says it; None: a minute from now.

        Raises:
            NoCorpus: the file is damaged, or the answer takes too long.
        """
        end = deadline() if until is None else until
        self._connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        try:
            for row in self._connection.execute(statement, values):  # noqa: UP028 - delegating would close the cursor,
                yield row  # which fails where the file was closed before
        except sqlite3.OperationalError as error:
            slow = "interrupted" in str(error)
            raise NoCorpus(f"{self._path}: {f'no answer in {_SECONDS} seconds' if slow else error}") from None
        except sqlite3.Error as error:
            raise NoCorpus(f"{self._path}: {error}") from None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
