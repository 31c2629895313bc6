"""Kinds, their order and caps; docs/findings.md describes each kind that the code can give, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from volplugins.findings import kinds
from volplugins.findings.collection import MOST_OF_KIND, MOST_OF_PROCESS, Collection, order
from volplugins.findings.finding import Finding, Kind, Severity, Subject

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `([a-z-]+)` \| `([a-z]+)` \| (.+) \| (.+) \|$", re.M)


def finding(kind: Kind, pid: int | None = None, address: int | None = None, evidence: str = "seen") -> Finding:
    return Finding(kind, Subject(pid, address=address), evidence, "windows.kd.process")


def test_the_page_has_every_kind_in_the_order_of_the_code() -> None:
    assert [(name, severity) for name, severity, _, _ in _ROW.findall(PAGE)] == [
        (kind.name, kind.severity.value) for kind in kinds.KINDS
    ]
    assert all(len(meaning) > 20 and len(other) > 10 for _, _, meaning, other in _ROW.findall(PAGE))


def test_every_kind_is_given_somewhere() -> None:
    declared = {name for name, each in vars(kinds).items() if isinstance(each, Kind)}
    assert {getattr(kinds, name) for name in declared} == set(kinds.KINDS)
    used: set[str] = set()
    rooms = (ROOT / "volplugins" / "vol" / "commands" / "findings", ROOT / "volplugins" / "findings")
    for path in (path for room in rooms for path in room.glob("*.py") if path.name != "kinds.py"):
        used |= {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    assert declared <= used


def test_kinds_are_sorted_by_severity_and_their_techniques_are_numbers() -> None:
    ranks = [list(Severity).index(kind.severity) for kind in kinds.KINDS]
    assert ranks == sorted(ranks) and len({kind.name for kind in kinds.KINDS}) == len(kinds.KINDS)
    assert all(re.fullmatch(r"(T\d{4}(\.\d{3})?)?", kind.technique) for kind in kinds.KINDS)


def test_the_order_does_not_depend_on_how_they_came() -> None:
    mixed = [
        finding(kinds.FOREIGN_WAIT, 4), finding(kinds.MADE_EXECUTABLE, 8, 0x2000), finding(kinds.CONTAINER),
        finding(kinds.MADE_EXECUTABLE, 8, 0x1000), finding(kinds.HIDDEN_PROCESS, 12), finding(kinds.MADE_EXECUTABLE, 4),
    ]  # fmt: skip
    for start in range(len(mixed)):
        collection = Collection()
        collection.add([*mixed[start:], *mixed[:start], mixed[0]])
        found = collection.in_order()
        assert [each.severity.value for each in found] == ["suspicious", "damage", "info", "info", "info", "info"]
        assert [(each.about.pid, each.about.address) for each in found[2:5]] == [(4, None), (8, 0x1000), (8, 0x2000)]
        assert found == sorted(found, key=order)


def test_what_is_past_a_cap_is_counted_and_said() -> None:
    collection = Collection()
    collection.add(finding(kinds.MADE_EXECUTABLE, 8, page << 12) for page in range(MOST_OF_PROCESS + 5))
    found = collection.in_order()
    assert len(found) == MOST_OF_PROCESS and not any(each.note for each in found[:-1])
    assert found[-1].note == "5 more of this kind in this process are not shown"
    collection.add(finding(kinds.MADE_EXECUTABLE, pid) for pid in range(1000, 1000 + MOST_OF_KIND))
    found = collection.in_order()
    assert len(found) == MOST_OF_KIND
    assert found[-1].note == f"{MOST_OF_PROCESS} more of this kind in all are not shown"


@pytest.mark.parametrize("count", [1, 2])
def test_findings_without_a_process_are_capped_too(count: int) -> None:
    collection = Collection()
    collection.add(finding(kinds.CONTAINER, evidence=f"note {n}") for n in range(MOST_OF_PROCESS + count))
    assert collection.in_order()[-1].note == f"{count} more of this kind in all are not shown"
