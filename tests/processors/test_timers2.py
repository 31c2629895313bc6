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


def full_tree(made: Made, count: int) -> list[int]:
    """Nodes of a tree, each with the two that it leads to."""
    nodes = [timer(made, 0) for _ in range(count)]
    plant(made, 0, nodes[0])
    for place, node in enumerate(nodes):
        for side in range(2):
            if 2 * place + 1 + side < count:
                made.put(node + 8 * side, nodes[2 * place + 1 + side])
    return nodes


@pytest.mark.parametrize("place", [0, 2, 14])
def test_one_damaged_timer_hides_no_other(place: int) -> None:
    made = with_trees()
    nodes = full_tree(made, 31)
    assert len(read(made)[0]) == 31
    made.put(nodes[place] - 0x18, 6, 1)
    found, problems = read(made)
    assert len(found) == 30 and problems == [f"tree 0 of timers: {nodes[place]:#x} is of no timer"]


@pytest.mark.parametrize("wrong", ["loop", "user"])
def test_one_bad_link_hides_what_is_below_it_alone(wrong: str) -> None:
    made = with_trees()
    nodes = full_tree(made, 31)
    made.put(nodes[2], {"loop": nodes[0], "user": 0x7FFF0000}[wrong])  # seven nodes lay below
    found, problems = read(made)
    assert len(found) == 24 and len(problems) == 1 and problems[0].endswith("which is not followed")


def test_a_tree_of_what_are_no_timers_ends() -> None:
    made = with_trees()
    nodes = full_tree(made, 255)
    for node in nodes[1:]:
        made.put(node - 0x18, 6, 1)
    found, problems = read(made)
    assert len(found) == 1 and len(problems) == 6  # two below the root, four below these, and nothing else
    assert sum(": nothing below it is followed" in each for each in problems) == 4


def test_notes_of_a_hostile_tree_are_bounded() -> None:
    made = with_trees()
    for node in full_tree(made, 511)[255:]:
        made.put(node, 0x7FFF0000 + node % 0x1000000)
    found, problems = read(made)
    assert len(found) == 511 and len(problems) == 65 and "more notes about trees of timers" in problems[-1]


def test_without_symbols_or_before_windows_10_there_are_none() -> None:
    assert read(Made()) == ([], [])
    made = with_trees(9600)
    found, problems = read(made)
    assert not found and problems == ["timers of the second kind: their layout is not known in this build"]
