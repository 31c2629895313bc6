"""The map of physical memory against a count of every page."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volplugins.report import caps
from volplugins.report.physical_map import physical_map

RUN = st.tuples(st.integers(0, 100_000), st.integers(1, 5_000)).flatmap(
    lambda run: st.integers(0, run[1]).map(lambda present: [run[0], run[1], present])
)


def counted(title: str) -> tuple[int, int]:
    words = title.split(": ")[1].split(" ")
    return int(words[0]), int(words[2])


@given(st.lists(RUN, min_size=1, max_size=40))
def test_bars_count_every_page_once(runs: list[list[int]]) -> None:
    found = physical_map(runs)
    bars = [bar for _, line in found.lines for bar in line]
    assert sum(counted(bar.title)[1] for bar in bars) == sum(run[1] for run in runs)
    assert sum(counted(bar.title)[0] for bar in bars) == pytest.approx(sum(run[2] for run in runs), abs=len(bars))
    assert len(found.lines) <= caps.MAP_LINES
    for _, line in found.lines:
        assert [bar.left for bar in line] == [sum(bar.width for bar in line[:at]) for at in range(len(line))]
        assert sum(bar.width for bar in line) <= caps.MAP_COLUMNS


def test_a_hole_in_the_file_is_seen() -> None:
    found = physical_map([[1, 512, 512], [600, 256, 0], [4096, 256, 128]])
    assert [(start, [bar.shade for bar in line]) for start, line in found.lines] == [
        ("0x1000", ["all"]), ("0x101000", ["all"]), ("0x258000", ["none"]), ("0x1000000", ["half"]),
    ]  # fmt: skip
    assert found.lines[2][1][0].title == "0x258000 to 0x358000: 0 of 256 pages in the file"


@pytest.mark.parametrize(
    "runs",
    [None, "runs", {}, 7, [[1, 2]], [[0, 1, 2]], [[-1, 5, 5]], [[0, 0, 0]], [["0", 1, 1]], [[True, 1, 1]],
     [[0, 1 << 200, 0]], [[0.5, 1, 1]], [None], json.loads("[[1e999, 1, 1]]")],
)  # fmt: skip
def test_nonsense_is_no_map(runs: object) -> None:
    found = physical_map(runs)
    assert found.lines == [] and bool(found.faults) == bool(isinstance(runs, list) and runs)


def test_terabytes_are_a_small_map() -> None:
    found = physical_map([[number * (1 << 30), 1 << 29, number % 2 * (1 << 29)] for number in range(2048)])
    assert sum(len(line) for _, line in found.lines) <= caps.MAP_LINES * caps.MAP_COLUMNS
