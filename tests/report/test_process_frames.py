"""Where the pages of each process lie in memory: the strips against the lab's page tables, and hostile ones."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.machine_memory import lowest_entry
from tests.report.page_parser import PageParser
from volplugins.address.frame_shares import FrameShares, SharedOut
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.report import write_report
from volplugins.report.process_frames import ProcessFrames
from volplugins.triage.process_frames import strip

RUN = st.tuples(st.integers(0, 5_000), st.integers(1, 700))


def drawn(text: str) -> str:
    """A letter for each share."""
    return "".join(letter * int(count or 1) for count, letter in re.findall(r"(\d*)([a-e])", text))


@given(st.lists(RUN, min_size=1, max_size=8), st.lists(st.integers(0, 7_000), max_size=60))
def test_every_frame_is_counted_in_its_share(runs: list[tuple[int, int]], frames: list[int]) -> None:
    described = sorted({first + at for first, count in runs for at in range(count)})
    place = {frame: at * 256 // len(described) for at, frame in enumerate(described)}
    names = sorted(set(place.values()))
    shares = FrameShares(SharedOut(runs))
    count = shares.begin(0x1000)
    assert count is not None
    count.take(np.array(frames, np.int64))
    expected = Counter(place[frame] for frame in frames if frame in place)
    assert count.shares.tolist() == [expected[name] for name in names]
    assert count.outside == sum(frame not in place for frame in frames)
    assert shares.memory.sizes == [Counter(place.values())[name] for name in names]
    assert [place[start] for start in shares.memory.starts] == names


def test_runs_beyond_all_memory_are_cut() -> None:
    shares = SharedOut([(0, 1 << 64), (1 << 63, 1 << 63), (5, 0)])
    assert shares.pages == 1 << 40 and len(shares.starts) == 256
    assert SharedOut([]).columns_of(np.array([1, 2])).tolist() == [-1, -1]


def test_the_text_says_how_much_of_each_share() -> None:
    text = strip([0, 0, 1, 10, 11, 50, 51, 100], [100] * 8)
    assert text == "2abc2d2e" and drawn(text) == "aabcddee"


def valid_frames(snapshot: Snapshot, process: dict[str, Any]) -> Counter[int]:
    """Frames that the page tables of a process lead to, by a walk of the test's own."""
    found: Counter[int] = Counter()
    for region in snapshot.truth["regions"][process["pid"]]:
        for page in range(region["start"], region["end"], 0x1000):
            entry = lowest_entry(snapshot, process["dtb"], page)
            if entry & 1:
                within = page & 0x1FF000 if entry & 0x80 else 0
                found[((entry & 0xFFFFFFFFFF000) + within) >> 12] += 1
    return found


def test_strips_are_what_the_page_tables_say(folder: Path) -> None:
    snapshot = build("win10-x64", "driver-read", wow64=True)
    told = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["process_frames"]
    pages = [frame for base, count in snapshot.runs for frame in range(base, base + count)]
    share = {frame: at * 256 // len(pages) for at, frame in enumerate(pages)}
    sizes = Counter(share.values())
    assert told["starts"] == [min(frame for frame in pages if share[frame] == name) for name in range(256)]
    of_pid = {one["pid"]: one for one in told["processes"]}
    exact = 0
    for process in snapshot.truth["processes"]:
        if not process["peb"]:
            continue
        one = of_pid[process["pid"]]
        regions = snapshot.truth["regions"][process["pid"]]
        assert one["pages"] + one["outside"] == sum(region["resident_pages"] for region in regions)
        frames = valid_frames(snapshot, process)
        if sum(frames.values()) == one["pages"] + one["outside"]:  # no page in transition, none by prototypes alone
            counts: Counter[int] = Counter()
            for frame, times in frames.items():
                if frame in share:
                    counts[share[frame]] += times
            expected = strip([counts[at] for at in range(256)], [sizes[at] for at in range(256)])
            assert one["shares"] == expected and one["pages"] == sum(counts.values())
            exact += 1
    assert exact > 5


def test_the_page_has_a_strip_for_each_process(folder: Path) -> None:
    data = PageParser(write_report(folder)).data
    strips = [process["frames"] for process in data["processes"] if process["frames"]]
    assert len(data["shares"]) == 256 and len(strips) > 8
    assert all(len(drawn(one["shares"])) == 256 for one in strips)
    assert sum(len(json.dumps(one)) for one in strips) < 400 * len(strips), "a strip is a few hundred bytes"


@pytest.mark.parametrize(
    "told",
    [{}, {"starts": 7}, {"starts": ["1"]}, {"starts": [-1]}, {"starts": [True]}, {"starts": [1] * 257},
     {"starts": [1 << 60], "processes": [{"pid": 4, "process": "x", "pages": 1, "outside": 0, "shares": "a"}]}],
)  # fmt: skip
def test_nonsense_is_no_strip(told: dict[str, Any]) -> None:
    assert ProcessFrames(told).starts == [] and not ProcessFrames(told).found


@pytest.mark.parametrize(
    "change",
    [{"shares": "3a"}, {"shares": "1a"}, {"shares": "<b>"}, {"shares": "02a"}, {"shares": "a" * 5000}, {"shares": None},
     {"pages": -1}, {"pages": "7"}, {"outside": 1.5}, {"outside": True}],
)  # fmt: skip
def test_a_strip_that_makes_no_sense_is_left_out_and_said(change: dict[str, Any]) -> None:
    sound = {"pid": 4, "process": "System", "pages": 1, "outside": 0, "shares": "ab"}
    found = ProcessFrames({"starts": [0, 9], "processes": [sound, {**sound, "pid": 8, **change}, 7]})
    assert list(found.found) == [("4", "System")] and found.starts == ["0x0", "0x9000"]
    assert found.faults == ["where the pages of 2 processes lie makes no sense and is not shown"]
