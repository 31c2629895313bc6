"""Findings as they come, each once, capped by kind and process; given in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from volplugins.findings.finding import Finding, Severity
from volplugins.findings.kinds import KINDS

MOST_OF_PROCESS = 16  # of one kind
MOST_OF_KIND = 1000
_SEVERITIES = {severity: rank for rank, severity in enumerate(Severity)}
_KINDS = {kind.name: rank for rank, kind in enumerate(KINDS)}
_Whose = tuple[str, int | None]


def order(finding: Finding) -> tuple[int, int, int, int, int, str]:
    """What findings are sorted by: severity, kind, then process, thread and address; what is not known comes first."""
    about = finding.about
    numbers = (-1 if each is None else each for each in (about.pid, about.tid, about.address))
    pid, tid, address = numbers
    return _SEVERITIES[finding.severity], _KINDS[finding.kind.name], pid, tid, address, finding.evidence


@dataclass(slots=True)
class Collection:
    """Takes findings; what is past the caps is counted, and said in the note of the last one that was kept."""

    _found: dict[Finding, None] = field(default_factory=dict)
    _kept: Counter[_Whose] = field(default_factory=Counter)
    _of_kind: Counter[str] = field(default_factory=Counter)
    _left_out: Counter[_Whose] = field(default_factory=Counter)

    def add(self, findings: Iterable[Finding]) -> None:
        """Take them; one that is there already is not counted again."""
        for finding in findings:
            whose = finding.kind.name, finding.about.pid
            if finding in self._found:
                continue
            full = self._of_kind[finding.kind.name] >= MOST_OF_KIND
            if full or self._kept[whose] >= MOST_OF_PROCESS:
                self._left_out[whose if self._kept[whose] else (finding.kind.name, None)] += 1
                continue
            self._found[finding] = None
            self._kept[whose] += 1
            self._of_kind[finding.kind.name] += 1

    def include(self, other: Collection) -> None:
        """Take what another one took, and count what it left out."""
        self.add(other._found)
        self._left_out.update(other._left_out)

    def in_order(self) -> list[Finding]:
        """The findings, highest severity first."""
        found = sorted(self._found, key=order)
        last = {(each.kind.name, each.about.pid): place for place, each in enumerate(found)}
        of_kind = {each.kind.name: place for place, each in enumerate(found)}
        for (kind, pid), count in self._left_out.items():
            place = last.get((kind, pid), of_kind[kind])
            where = "in all" if pid is None else "in this process"
            found[place] = found[place].noting(f"{count} more of this kind {where} are not shown")
        return found
