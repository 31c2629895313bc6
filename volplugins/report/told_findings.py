"""Findings of a summary in a few words: how many of each severity, and the first of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from volplugins.report.shown_text import shown

INFO = "info"
SEVERITIES = ("suspicious", "odd", "damage", INFO)  # highest first
#: how a page colours each
SHADES = {"suspicious": "unsound", "odd": "sure-medium", "damage": "unsound"}
Found = Mapping[str, Any]


@dataclass(slots=True)
class OfKind:
    """One finding of a kind, the first of them, and how many there are of its severity."""

    first: Found
    count: int = 0


def is_severe(finding: Found) -> bool:
    """Whether it is above ``info``; a severity that is no text is none."""
    severity = finding.get("severity")
    return isinstance(severity, str) and severity in SHADES


def counted(findings: Iterable[Found]) -> list[tuple[str, int]]:
    """Severities that there are, highest first, with their numbers."""
    numbers = Counter(str(one.get("severity")) for one in findings)
    return [(word, numbers[word]) for word in SEVERITIES if numbers[word]]


def telling(findings: Iterable[Found]) -> list[OfKind]:
    """The first finding of each kind that is above ``info``, highest severity first."""
    kinds: dict[tuple[str, str], OfKind] = {}
    for one in findings:
        severity = str(one.get("severity"))
        if severity in SEVERITIES[:-1]:
            kinds.setdefault((severity, str(one.get("kind"))), OfKind(one)).count += 1
    return sorted(kinds.values(), key=lambda kind: SEVERITIES.index(str(kind.first["severity"])))


def finding_lines(findings: Iterable[Found]) -> Iterator[str]:
    """For a terminal: the numbers, then a line a kind. Texts of a summary are clean already."""
    listed = list(findings)
    numbers = counted(listed)
    if numbers:
        yield ", ".join(f"{count} {word}" for word, count in numbers)
    for kind in telling(listed):
        one = kind.first
        times = f" ({kind.count})" if kind.count > 1 else ""
        who = whose(one) or str(one.get("module") or "")
        yield ": ".join(part for part in (f"{one.get('kind')}{times}", who, str(one.get("evidence"))) if part)


def whose(finding: Found) -> str:
    """The process, and its thread where it is about one; empty where it is about none."""
    pid, tid = finding.get("pid"), finding.get("tid")
    number = "" if pid is None else shown(pid, 40) + (f".{shown(tid, 40)}" if tid is not None else "")
    return " ".join(part for part in (shown(finding.get("process"), 80), number) if part)
