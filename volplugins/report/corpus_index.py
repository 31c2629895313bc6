"""index.html: a corpus as one page, grouped by what failed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from volplugins.report import caps, corpus_findings
from volplugins.report.corpus_rows import Group, dumps, is_redacted, report_link, with_nobody
from volplugins.report.corpus_terms import terms
from volplugins.report.grids import Budget
from volplugins.report.hardware_suspects import HardwareSuspects
from volplugins.report.page import put, rendered
from volplugins.report.shown_text import Cell, cell, shown

_SCRIPTS = ("dom.js", "grid.js", "search.js", "corpus.js")
_GROUPS = ("Signature", "Dumps", "First seen", "Last seen", "Culprits", "Findings", "Builds", "Machines", "Computers",
           "Confidence", "Bugchecks")  # fmt: skip
# heading and column of the table dumps
_DUMPS = (("Dump", "path"), ("Signature", "signature"), ("Crashed", "crash_time"), ("Culprit", "culprit"),
          ("Confidence", "confidence"), ("Findings", "findings"), ("Process", "process"), ("Build", "build"),
          ("Machine", "machine"), ("Computer", "computer"), ("Status", "status"), ("Type", "dump_type"),
          ("Size", "size"), ("Seconds", "seconds"), ("SHA-256", "sha256"))  # fmt: skip
_FOUND = ("Dump", "Severity", "Kind", "Process", "PID", "Address", "Module", "Technique", "Evidence", "Next")
_KINDS = ("Severity", "Kind", "Dumps", "Findings")
_FAILURES = (("Dump", "path"), ("Status", "status"), ("Reason", "reason"), ("Size", "size"), ("Seconds", "seconds"))
# of dumps that were analysed before recipes had numbers
FIRST_RECIPE = 1
_NO_SIGNATURE = "(no signature)"


def write_index(corpus: Path, lacking: list[str] | None = None) -> Path:
    """Make ``corpus``/index.html from its corpus.sqlite.

    Args:
        lacking: gets what was damaged, a line.

    Raises:
        OSError: there is no such database, or the page cannot be written.
    """
    content = _Content(corpus)
    try:
        for row in dumps(corpus / "corpus.sqlite"):
            content.add(row)
    except sqlite3.Error as error:
        content.fault = f"corpus.sqlite: {shown(error)}"
        if lacking is not None:
            lacking.append(content.fault)
    content.add_findings()
    page = rendered("index.html.j2", _SCRIPTS, content.data(), {"corpus": content})
    return put(page, corpus / "index.html")


class _Content:
    """What the index shows of the dumps seen so far."""

    def __init__(self, corpus: Path) -> None:
        self._corpus = corpus
        self._budget = Budget()
        self.groups: dict[str, Group] = {}
        self.statuses: Counter[str] = Counter()
        self.fault = self.first = self.last = ""
        self.count = self.failed = self._dumps_left = self._failures_left = 0
        self.recipes: Counter[int] = Counter()
        self._suspects = HardwareSuspects()
        self._found = corpus_findings.CorpusFindings.read(corpus / "corpus.sqlite")
        self._places: dict[Any, tuple[Cell, str]] = {}
        self._rows: dict[Any, int] = {}
        self._findings: list[list[Cell]] = []
        self._finding_links: list[str] = []
        self._findings_left = 0
        self._redacted = is_redacted(corpus / "corpus.sqlite")
        self._dumps: list[list[Cell]] = []
        self._links: list[str] = []
        self._failures: list[list[Cell]] = []

    def add(self, row: dict[str, Any]) -> None:
        """Take one dump: into its group, or among those that failed."""
        self.count += 1
        row = {**row, "findings": self._found.kinds_of(row["id"])}
        self.statuses[shown(row["status"], 40)] += 1
        if row["reason"] not in (None, "") or row["faults"] not in (None, ""):
            self.failed += 1
            self._add_failure(row)
        if row["signature"] in (None, "") and row["reason"] not in (None, ""):
            return
        told = with_nobody(row)
        self._add_to_group(told)
        told = {**told, "findings": self._found.told(row["id"])}
        if row["signature"] not in (None, ""):
            recipe = row["signature_recipe"]
            self.recipes[recipe if type(recipe) is int else FIRST_RECIPE] += 1
        if not self._redacted:
            self._suspects.add(row)
        cells = [cell(told[name]) for _, name in _DUMPS]
        link = report_link(self._corpus, row["folder"])
        if len(self._dumps) < caps.DUMPS and self._budget.takes([*cells, link]):
            self._dumps.append(cells)
            self._links.append(link)
            self._places[row["id"]] = cells[0], link
            self._rows[row["id"]] = len(self._dumps) - 1
        else:
            self._dumps_left += 1

    def data(self) -> dict[str, Any]:
        """What the scripts show: the largest groups first."""
        groups = sorted(self.groups.values(), key=lambda group: -group.count)
        kept = groups[: caps.TABLE_ROWS]
        dumps, failures = ([label for label, _ in pairs] for pairs in (_DUMPS, _FAILURES))
        return {
            "groups": {"columns": _GROUPS, "rows": [group.cells() for group in kept], "left": len(groups) - len(kept)},
            "dumps": {"columns": dumps, "rows": self._dumps, "left": self._dumps_left},
            "failures": {"columns": failures, "rows": self._failures, "left": self._failures_left},
            "links": self._links,
            "kinds": {"columns": _KINDS, "rows": self._found.kinds()[: caps.TABLE_ROWS], "left": 0},
            "findings": {"columns": _FOUND, "rows": self._findings, "left": self._findings_left},
            "finding_links": self._finding_links,
            "search": terms(self._corpus / "corpus.sqlite", self._rows),
        }

    def add_findings(self) -> None:
        """Once the dumps are there: what was found in each, above ``info``; dumps that are not shown have none here."""
        self.fault = self.fault or self._found.fault
        for dump, cells in corpus_findings.rows(self._corpus / "corpus.sqlite"):
            place, link = self._places.get(dump, (None, ""))
            if (
                place is not None
                and len(self._findings) < caps.TABLE_ROWS
                and self._budget.takes([*cells, place, link])
            ):
                self._findings.append([place, *cells])
                self._finding_links.append(link)
            else:
                self._findings_left += 1

    @property
    def findings(self) -> list[str]:
        """What the dumps together say of machines, a sentence each."""
        return list(islice(self._suspects.findings(), caps.LIST_ROWS))

    @property
    def mixed(self) -> str:
        """That signatures of several recipes are here, where they are; else empty."""
        if len(self.recipes) < 2:
            return ""
        told = ", ".join(f"{count} by recipe {recipe}" for recipe, count in sorted(self.recipes.items()))
        return f"Signatures are of more than one recipe and do not group together: {told}. batch --reanalyse ends that."

    def _add_to_group(self, row: dict[str, Any]) -> None:
        signature = shown(row["signature"]) or _NO_SIGNATURE
        group = self.groups.setdefault(signature, Group(signature))
        group.add(row)
        if group.first:
            self.first, self.last = min(self.first or group.first, group.first), max(self.last, group.last)

    def _add_failure(self, row: dict[str, Any]) -> None:
        told = {**row, "reason": row["faults"] if row["reason"] in (None, "") else row["reason"]}
        cells = [cell(told[name], caps.TEXT if name == "reason" else caps.CELL) for _, name in _FAILURES]
        if len(self._failures) < caps.TABLE_ROWS and self._budget.takes(cells):
            self._failures.append(cells)
        else:
            self._failures_left += 1
