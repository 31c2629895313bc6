"""Findings for the head of a dump's page: one of each kind at once, all of them in a table below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from volplugins.report import caps
from volplugins.report.grids import Budget, Grid, grid
from volplugins.report.process_details import Key, key_of
from volplugins.report.row_file import Row
from volplugins.report.shown_text import shown
from volplugins.report.summary_file import Summary
from volplugins.report.told_findings import INFO, SHADES, counted, is_severe, telling, whose

_COLUMNS = ("Severity", "Kind", "PID", "Process", "TID", "Address", "Module", "Technique", "Evidence", "Next", "Note")
_MOST_KINDS = 12  # in the head itself; every kind is in the table of all


@dataclass(frozen=True, slots=True)
class Line:
    """One kind: its first finding, how many ``more`` there are, and its process's ``element``, where it is shown."""

    severity: str
    shade: str
    kind: str
    who: str
    element: str
    evidence: str
    next: str
    more: int


class HeadFindings:
    """What summary.json lists as findings.

    Attributes:
        known: whether it has such a list: folders of older versions have none.
        listed: the findings, those of highest severity first.
    """

    def __init__(self, summary: Summary) -> None:
        self.known = isinstance(summary.member("findings"), list)
        self.listed = summary.entries("findings")

    @property
    def numbers(self) -> list[tuple[str, int, str]]:
        """Severity, how many, and its colour."""
        return [(word, count, SHADES.get(word, "")) for word, count in counted(self.listed)]

    @property
    def severe(self) -> bool:
        """Whether there is one above ``info``."""
        return any(map(is_severe, self.listed))

    def lines(self, processes: Sequence[Mapping[str, Any]]) -> list[Line]:
        """One of each kind above ``info``; ``processes``: those that the page shows, in their order."""
        places = {key_of(one["pid"], one["name"]): f"process-{at}" for at, one in enumerate(processes)}
        return [self._line(kind.first, kind.count, places) for kind in telling(self.listed)[:_MOST_KINDS]]

    @staticmethod
    def _line(one: Mapping[str, Any], count: int, places: Mapping[Key, str]) -> Line:
        severity = str(one["severity"])
        element = places.get(key_of(one.get("pid"), one.get("process")), "")
        who = whose(one) or shown(one.get("module"), 80)
        evidence = shown(one.get("evidence"), caps.TEXT)
        return Line(severity, SHADES[severity], shown(one.get("kind"), 80), who, element, evidence,
                    shown(one.get("next")), count - 1)  # fmt: skip

    @staticmethod
    def table(rows: Iterable[Row], budget: Budget) -> Grid:
        """All, from the rows of windows.kd.findings; one without a severity says what could not be looked at."""
        return grid((row for row in rows if row.get("Severity") is not None), _COLUMNS, budget)

    def processes(self) -> list[Key]:
        """Those that a finding above ``info`` is about."""
        return [
            key_of(one.get("pid"), one.get("process"))
            for one in self.listed
            if one.get("pid") is not None and is_severe(one)
        ]

    def of_processes(self) -> dict[Key, list[tuple[bool, str, str]]]:
        """Of each process: whether it is above ``info``, kind and evidence; nothing where no list is known."""
        found: dict[Key, list[tuple[bool, str, str]]] = {}
        for one in self.listed:
            if one.get("pid") is not None:
                told = (one.get("severity") != INFO, shown(one.get("kind"), 80), shown(one.get("evidence"), caps.TEXT))
                found.setdefault(key_of(one.get("pid"), one.get("process")), []).append(told)
        return found
