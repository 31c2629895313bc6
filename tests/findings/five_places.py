"""One dump's findings wherever they are shown: rows, screen, summary.json, report.html, the corpus and its index."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.report.page_parser import PageParser
from tests.triage.conftest import checked, silent
from volplugins.batch.database import Database
from volplugins.batch.digest import digest
from volplugins.batch.outcome_file import Result
from volplugins.report import write_index
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.screen import summary_lines

_ID = "0123456789abcdef"
Pairs = list[tuple[str, str]]  # severity and kind of each finding, in the order of the place


@dataclass(frozen=True, slots=True)
class Places:
    """What each place has.

    Attributes:
        rows, summary: of rows/findings.jsonl and of summary.json, by the columns' names.
        screen: the lines of the terminal.
        report, index: the pages.
        corpus: rows of the table ``findings``.
    """

    folder: Path
    rows: list[dict[str, Any]]
    summary: list[dict[str, Any]]
    screen: list[str]
    report: PageParser
    corpus: list[dict[str, Any]]
    index: PageParser

    def pairs(self) -> dict[str, Pairs]:
        """Severity and kind of the findings of the places that hold all of them."""
        shown = self.report.data["tables"]["findings"]
        cells = [dict(zip(shown["columns"], row, strict=True)) for row in shown["rows"]]
        return {
            "rows": [(row["Severity"], row["Kind"]) for row in self.rows],
            "summary.json": [(one["severity"], one["kind"]) for one in self.summary],
            "report.html": [(row["Severity"], row["Kind"]) for row in cells],
            "corpus.sqlite": [(row["severity"], row["kind"]) for row in self.corpus],
        }

    def on_screen(self) -> str:
        """The lines below the label Findings."""
        at = next((number for number, line in enumerate(self.screen) if line.startswith("Findings ")), None)
        if at is None:
            return ""
        rest = self.screen[at + 1 :]
        own = next((number for number, line in enumerate(rest) if not line.startswith(" ")), len(rest))
        return "\n".join([self.screen[at], *rest[:own]])

    def in_head(self) -> str:
        """Text of the page of one dump before its first section."""
        return self.report.texts[""]

    def of_index(self) -> tuple[str, list[tuple[str, str]]]:
        """The dump's cell, and severity and kind of each row of the table of findings."""
        dumps, found = self.index.data["dumps"], self.index.data["findings"]
        (dump,) = (dict(zip(dumps["columns"], row, strict=True)) for row in dumps["rows"])
        rows = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
        return dump["Findings"], [(row["Severity"], row["Kind"]) for row in rows]


def everywhere(dump: Path, corpus: Path, redact: bool = False) -> Places:
    """Triage the dump into a corpus of its own, and look."""
    folder = corpus / "dumps" / _ID
    folder.parent.mkdir(parents=True)
    summary = checked(run_triage(dump, folder, TriageOptions(redact=redact), silent))
    database = Database(corpus / "corpus.sqlite", redact)
    tables = digest(folder)
    database.record(
        Result(_ID, "0" * 64, 1, "done", "", 1.0, "key", "a.dmp", tables), f"dumps/{_ID}", [("key", "a.dmp", None)]
    )
    database.close()
    lines = (folder / "rows" / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [record["row"] for record in map(json.loads, lines) if record["row"]["Severity"]]
    return Places(
        folder, rows, summary["findings"], summary_lines(summary), PageParser(folder / "report.html"),
        _rows(corpus / "corpus.sqlite"), PageParser(write_index(corpus)),
    )  # fmt: skip


def _rows(database: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM findings ORDER BY rowid")]
