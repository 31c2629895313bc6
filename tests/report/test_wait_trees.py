"""The picture of who waits on whom: deadlocks first, chains as columns, branches, caps; and its line at the top."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.report.made_folder import Rows
from tests.report.made_waits import held, made_waits, waits
from volplugins.report import caps, write_report
from volplugins.report.grids import Budget
from volplugins.report.hang_text import hang_line
from volplugins.report.wait_rows import WaitRows
from volplugins.report.wait_trees import WaitTrees


def trees(rows: Rows) -> WaitTrees:
    read = WaitRows(Budget())
    read.read(rows)
    return WaitTrees(read)


def drawn(found: WaitTrees) -> list[str]:
    """Every thread that is drawn, as often as it is."""
    keys = [one.key for tree in found.trees for one in tree.ring]
    work = [branch for tree in found.trees for branch in tree.branches]
    while work:
        branch = work.pop()
        keys += [one.key for one in branch.steps]
        work += branch.branches
    return keys


def test_a_deadlock_with_those_that_wait_for_it_comes_first() -> None:
    rows = [waits(each, 9) for each in range(10, 20)]
    rows += [waits(1, 2, "deadlock"), waits(2, 3, "deadlock"), waits(3, 1, "deadlock"), waits(4, 2), waits(5, 4)]
    found = trees(rows)
    first, second = found.trees
    assert [one.tid for one in first.ring] == ["4", "8", "12"]
    assert first.title == "Deadlock of 3, 2 threads wait for one of them" and first.threads == 5
    assert [one.tid for one in first.branches[0].steps] == ["16", "20"]
    assert second.title == "10 threads wait for p100.exe 100.36" and not second.ring


def test_a_chain_is_one_column_that_ends_in_its_driver() -> None:
    rows = [*(waits(each, each + 1) for each in range(1, 12)), held(12)]
    (tree,) = trees(rows).trees
    (column,) = tree.branches
    assert [one.tid for one in column.steps] == [str(4 * each) for each in range(12, 0, -1)] and not column.branches
    assert column.steps[0].driver == "acme" and column.steps[0].what == "Irp 0xc"


@pytest.mark.parametrize(
    ("verdict", "end"),
    [("owner-runs", "runs"), ("owner-gone", "has ended"), ("ready-starved", "is ready and gets no processor")],
)
def test_what_the_last_thread_does(verdict: str, end: str) -> None:
    (tree,) = trees([waits(1, 2), waits(2, 3, verdict)]).trees
    assert tree.branches[0].steps[0].end == end


def test_branches_largest_first_and_every_thread_once() -> None:
    rows = [waits(1, 9), waits(2, 9), waits(3, 2), waits(4, 2), waits(4, 1), waits(5, 4)]
    found = trees(rows)
    assert sorted(drawn(found)) == [f"0xffff{each:012x}" for each in (1, 2, 3, 4, 5, 9)]
    branches = found.trees[0].branches[0].branches
    assert [branch.steps[0].tid for branch in branches] == ["8", "4"] and branches[0].behind == 3


def test_a_circle_that_is_no_deadlock_is_drawn_from_its_lowest_thread() -> None:
    (tree,) = trees([waits(2, 1), waits(1, 2)]).trees
    assert not tree.ring and [one.tid for one in tree.branches[0].steps] == ["4", "8"]


def test_a_deadlock_whose_circle_is_not_closed_in_the_rows_is_no_ring() -> None:
    found = trees([waits(1, 2, "deadlock"), waits(2, 3, "deadlock")])
    assert all(not tree.ring for tree in found.trees) and len(drawn(found)) == 3


def test_a_deadlock_with_itself() -> None:
    (tree,) = trees([waits(1, 1, "deadlock")]).trees
    assert len(tree.ring) == 1 and tree.threads == 1


def test_caps_say_what_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(caps, "WAITING_SHOWN", 20)
    monkeypatch.setattr(caps, "WAIT_TREES", 2)
    monkeypatch.setattr(caps, "WAITING", 60)
    rows = [waits(each, 1) for each in range(2, 40)] + [waits(each, each + 1) for each in range(100, 130, 2)]
    found = trees(rows)
    assert found.trees[0].left == 39 - 20 and found.left == 11 and len(drawn(found)) == 20
    page = write_report(made_waits(tmp_path, rows)).read_text(encoding="utf-8")
    assert "Left out here: 19 threads of this picture" in page and "pictures; rows/waits.jsonl has them" in page
    assert "waits; rows/waits.jsonl has them" in page


def test_deep_and_wide_rows_take_little_time() -> None:
    rows = [waits(each, each - 1 if each % 2 else max(1, each // 2)) for each in range(2, 20_000)]
    start = time.perf_counter()
    found = trees(rows)
    assert time.perf_counter() - start < 5.0 and len(drawn(found)) <= caps.WAITING_SHOWN


def test_names_of_a_dump_stay_text(tmp_path: Path) -> None:
    attack = "</style><script>alert(1)</script>"
    rows = [waits(1, 2, Process=attack, ObjectName=attack, Note=attack), held(2, f"\\Driver\\{attack}")]
    summary = {"hang": {"causes": [{"kind": "lock", "text": attack, "confidence": "high", "held_up": 3}]}}
    page = write_report(made_waits(tmp_path, rows, **summary)).read_text(encoding="utf-8")
    assert attack not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("cause", "label"),
    [
        ({"kind": "deadlock", "text": "deadlock: 2 threads", "confidence": "certain", "held_up": 0}, "Deadlock"),
        ({"kind": "request", "text": "a holds b", "confidence": "high", "held_up": 3}, "Waits"),
        ({"kind": "request", "text": "a holds b", "confidence": "high", "held_up": 1}, ""),
        ({"kind": "lock", "text": "x keeps y", "confidence": "low", "held_up": 9}, ""),
        ({"kind": "starved", "text": "processor 1", "confidence": "high", "held_up": 1}, "Waits"),
    ],
)
def test_the_line_only_where_something_holds_threads_up(cause: dict[str, object], label: str) -> None:
    assert hang_line({"hang": {"causes": [cause]}})[0] == label


@pytest.mark.parametrize("hang", [None, [], {}, {"causes": None}, {"causes": [1, {"kind": {}, "held_up": "9"}]}])
def test_a_damaged_summary_gives_no_line(hang: object) -> None:
    assert hang_line({"hang": hang}) in (("", ""), ("Waits", "  []"))
