"""corpus.sqlite, read for the index: opened read-only, and every cell of it may hold anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from volplugins.report import caps
from volplugins.report.shown_text import Cell, cell, shown

COLUMNS = ("id", "path", "size", "sha256", "status", "reason", "machine", "build", "dump_type", "computer",
           "crash_time", "signature", "culprit", "confidence", "bugcheck", "process", "folder", "seconds",
           "signature_recipe")  # fmt: skip
_DISTINCT = 200
#: columns of which a group lists the distinct values
GROUP_LISTS = ("culprit", "findings", "build", "machine", "computer", "confidence", "bugcheck")
_MEMORY = "(SELECT max(memory_error) FROM failures WHERE dump = dumps.id)"
_FAULTS = "(SELECT group_concat(fault, '; ') FROM (SELECT fault FROM faults WHERE dump = dumps.id LIMIT 10))"


def with_nobody(row: dict[str, Any]) -> dict[str, Any]:
    """The row with a culprit in words where the crash was asked for, as its signature says (docs/output.md)."""
    asked = str(row["signature"] or "").partition("_manual_")[2]
    return {**row, "culprit": f"nobody: asked for ({asked})"} if asked and not row["culprit"] else row


@dataclass(slots=True)
class Group:
    """Dumps of one signature."""

    signature: str
    count: int = 0
    first: str = ""
    last: str = ""
    seen: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, row: dict[str, Any]) -> None:
        """Count one dump."""
        self.count += 1
        time = shown(row["crash_time"], 40)
        if time:
            self.first, self.last = min(self.first or time, time), max(self.last, time)
        for name in GROUP_LISTS:
            values = self.seen.setdefault(name, {})
            for value in row[name] if name == "findings" else (row[name],):
                if value not in (None, "") and len(values) < _DISTINCT:
                    values[shown(value, 80)] = None

    def cells(self) -> list[Cell]:
        """The group as the index shows it."""
        return [self.signature, self.count, self.first, self.last,
                *(cell(", ".join(self.seen.get(name, ()))) for name in GROUP_LISTS)]  # fmt: skip


def dumps(database: Path) -> Iterator[dict[str, Any]]:
    """Rows of the table dumps, those that crashed last first; a column that is missing there is None.

    Each has ``faults`` besides: the first of the table faults that are its own, in one text; and ``memory_error``.

    Raises:
        sqlite3.Error: it is no such database; rows before a damaged page have been given.
        OSError: it is not there.
    """
    if not database.is_file():
        raise FileNotFoundError(2, "there is no such file", str(database))
    with closing(opened(database)) as connection:
        there = columns_of(connection, "dumps")
        if not there:
            raise sqlite3.DatabaseError("it has no table of dumps")
        chosen = ", ".join(f'"{name}"' if name in there else "NULL" for name in COLUMNS)
        known = "id" in there and {"dump", "fault"} <= columns_of(connection, "faults")
        told = "id" in there and {"dump", "memory_error"} <= columns_of(connection, "failures")
        order = ", ".join(name for name in ("crash_time DESC", "path", "id") if name.split(" ")[0] in there) or "1"
        besides = f"{_FAULTS if known else 'NULL'}, {_MEMORY if told else 'NULL'}"
        statement = f"SELECT {chosen}, {besides} FROM dumps ORDER BY {order}"
        for row in connection.execute(statement):
            yield dict(zip((*COLUMNS, "faults", "memory_error"), row, strict=True))


def is_redacted(database: Path) -> bool:
    """Whether names in it are pseudonyms, each dump's its own: then equal names mean nothing."""
    try:
        with closing(opened(database)) as connection:
            return bool(connection.execute("SELECT redacted FROM corpus").fetchone()[0])
    except (sqlite3.Error, TypeError):
        return False


def opened(database: Path) -> sqlite3.Connection:
    """A connection that reads alone, and takes text that is none."""
    connection = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    return connection


def columns_of(connection: sqlite3.Connection, table: str) -> set[str]:
    """Names of a table's columns; none where there is no such table."""
    return {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}


def report_link(corpus: Path, folder: Any) -> str:
    """Where a dump's page lies, as a relative address; empty where the folder is not below the corpus."""
    if not isinstance(folder, str) or not folder or len(folder) > caps.TEXT:
        return ""
    parts = PurePosixPath(folder.replace("\\", "/"))
    if parts.is_absolute():
        try:
            parts = PurePosixPath(Path(folder).relative_to(corpus.resolve()).as_posix())
        except (ValueError, OSError):
            return ""
    if ".." in parts.parts or any(":" in first for first in parts.parts[:1]):
        return ""
    return quote(str(parts / "report.html"), errors="surrogatepass")
