"""Timers of the second kind: trees that are damaged or hostile end, and say so."""

from __future__ import annotations

import pytest

from tests.processors.made_processors import TICKS, Made
from volplugins.processors.timers2 import COLLECTIONS, read_timers2

ROUTINE = 0xFFFFF80000012340


def with_trees(build: int = 19041) -> Made:
    made = Made(build)
    made.variables[COLLECTIONS] = made.room(0x100)
    return made


def timer(made: Made, tree: int, which: int = 0, due: float = 1.0) -> int:
    """The address of the timer's node."""
    address = made.room(0x100)
    made.put(address, 24, 1)
    made.put(address + 0x82, 16, 1)
    made.put(address + 0x83, 16, 1)
    made.put(address + 0x82 + which, tree, 1)
    made.put(address + 0x48 + 8 * which, round(TICKS * 156250 + due * 1e7))
    made.put(address + 0x58, 5_000_000)
    made.put(address + 0x60, ROUTINE)
    return address + 0x18 + 0x18 * which


def plant(made: Made, tree: int, root: int) -> None:
    made.put(made.variables[COLLECTIONS] + 0x18 * tree, root)


def read(made: Made):
    problems: list[str] = []
    return list(read_timers2(made.source(), problems)), problems


@pytest.mark.parametrize(("build", "tree"), [(14393, 3), (18362, 0), (19041, 4)])
def test_either_node_leads_to_the_timer(build: int, tree: int) -> None:
    made = with_trees(build)
    first, second = timer(made, tree), timer(made, tree, 1, due=7)
    plant(made, tree, first)
    made.put(first + 8, second)
    found, problems = read(made)
    assert [(each.address, each.callback, each.period) for each in found] == [
        (first - 0x18, ROUTINE, 0.5), (second - 0x30, ROUTINE, 0.5),
    ]  # fmt: skip
    assert [each.due for each in found] == [pytest.approx(1.0), pytest.approx(7.0)] and not problems


def test_a_fifth_tree_is_no_tree_before_19041() -> None:
    made = with_trees(18362)
    plant(made, 4, timer(made, 4))
    assert read(made) == ([], [])


@pytest.mark.parametrize("wrong", ["loop", "user", "index", "type", "encoded", "unmapped"])
def test_a_tree_that_is_damaged(wrong: str) -> None:
    made = with_trees()
    root, child = timer(made, 0), timer(made, 0)
    plant(made, 0, root)
    made.put(root, child)
    if wrong == "loop":
        made.put(child + 8, root)
    elif wrong in ("user", "unmapped"):
        made.put(child, 0x7FFF0000 if wrong == "user" else made.base + 0xFFFFFF0)
    elif wrong == "index":
        made.put(child - 0x18 + 0x82, 7, 1)
    elif wrong == "type":
        made.put(child - 0x18, 6, 1)
    else:
        made.put(made.variables[COLLECTIONS] + 8, 1, 1)
    found, problems = read(made)
    assert len(problems) == 1 and "tree 0 of timers" in problems[0]
    assert len(found) == {"loop": 2, "user": 2, "unmapped": 2, "index": 1, "type": 1, "encoded": 0}[wrong]


def test_without_symbols_or_before_windows_10_there_are_none() -> None:
    assert read(Made()) == ([], [])
    made = with_trees(9600)
    found, problems = read(made)
    assert not found and problems == ["timers of the second kind: their layout is not known in this build"]
