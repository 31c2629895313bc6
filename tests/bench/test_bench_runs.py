"""The bench itself: figures by name, a failing one costs itself, slow rivals are kept, pages are compared as sets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.bench import kept
from tests.bench.__main__ import UNITS, main
from tests.bench.figures import Figures, Unequal, Unit
from tests.bench.page_sets import Pages, differences


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "_measured", 0.0)
    return tmp_path / "cache"


def good(folder: Path, figures: Figures) -> None:
    figures.report("good", 1.0, "s", "other", 2.0)
    figures.report("good@2x", 2.0, "s", None, 1)


def bad(folder: Path, figures: Figures) -> None:
    raise Unequal("1 page and 2 pages")


STAND_INS = (Unit(("bad", "bad-memory"), 60, bad), Unit(("good", "good@2x"), 120, good, 600))


def test_the_next_figure_has_its_turn_where_one_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], STAND_INS) == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["good", "good@2x"]
    first, *rest = err.splitlines()
    assert first.startswith("4 figures, about 3 min on a machine without other work, and up to 10 min for rivals")
    assert rest == ["bad, bad-memory: failed: Unequal: 1 page and 2 pages", "failed: bad, bad-memory"]
    assert main(["good*"], STAND_INS) == 0
    assert capsys.readouterr().err.startswith("2 figures, about 1 min on "), "as long as it took here before"


def test_figures_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["good@*"], STAND_INS) == 0
    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == ["good@2x"]
    assert main(["nothing"], STAND_INS) == 2
    assert "there are: bad bad-memory good good@2x" in capsys.readouterr().err


def test_the_names_of_the_contract_are_there() -> None:
    names = [name for unit in UNITS for name in unit.names]
    wanted = "bitmap-open start-up census ptov stacks symbols address lm peb triage corpus".split()
    assert set(wanted) <= set(names) and len(set(names)) == len(names)


def test_a_slow_rival_is_run_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dump = tmp_path / "dump"
    dump.write_bytes(b"1")
    runs: list[float] = []

    def run(seconds: float) -> tuple[float, list[tuple[int, int]]]:
        runs.append(seconds)
        return seconds, [(1, 2)]

    quick = kept.rival("x", "volatility3", dump, lambda: run(0.5), 3)
    assert (quick.seconds, quick.results, quick.kept, len(runs)) == ([0.5] * 3, [[1, 2]], False, 3)
    slow = kept.rival("x", "volatility3", dump, lambda: run(99.0), 3)
    again = kept.rival("x", "volatility3", dump, lambda: run(98.0), 3)
    assert (slow.seconds, slow.kept, again.seconds, again.kept) == ([99.0], False, [99.0], True)
    assert again.results == slow.results == [[1, 2]] and kept.measured() == 99.0
    dump.write_bytes(b"2")
    assert not kept.rival("x", "volatility3", dump, lambda: run(97.0), 3).kept, "another dump"
    monkeypatch.setattr(kept, "_version", lambda package: "0")
    assert not kept.rival("x", "volatility3", dump, lambda: run(96.0), 3).kept, "another version"
    monkeypatch.setattr(kept, "_machine", lambda: "another")
    assert not kept.rival("x", "volatility3", dump, lambda: run(95.0), 3).kept
    for path in kept.folder().iterdir():
        path.write_text("damaged")
    assert not kept.rival("x", "volatility3", dump, lambda: run(94.0), 3).kept


def test_a_kept_figure_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Figures().report("x", 1.0, "s", "volatility3", 3.0, True)
    assert json.loads(capsys.readouterr().out) == {
        "name": "x", "value": 1.0, "unit": "s", "against": "volatility3", "ratio": 3.0, "kept": True,
    }  # fmt: skip


def test_pages_are_compared_as_sets() -> None:
    ours = Pages(np.array([1, 2, 3, 7], np.uint64), np.array([0x10, 0x11, 0xA0, 0x12], np.uint64),
                 np.array([True, True, False, True]))  # fmt: skip
    assert differences(ours, [[0x1000, 0x3000, 0], [0x7000, 0x1000, 0]]) == ([], "")
    said, why = differences(ours, [[0x1000, 0x2000, 0], [0x7000, 0x1000, 0]])
    assert (said, why) == (
        ["leaves out 1 valid pages whose memory is not in the dump: 0x3000 to 0x3fff, physical 0xa0000 to 0xa0fff"], "",
    )  # fmt: skip
    said, why = differences(ours, [[0x1000, 0x3000, 0], [0x7000, 0x3000, 2]])
    assert (said, why) == (["counts 2 pages that are not valid, which it says itself (pages-sw)"], "")
    assert differences(ours, [[0x1000, 0x3000, 0]])[1] == "lacks 0x7000 to 0x7fff"
    assert "counts 0x8000 to 0x8fff" in differences(ours, [[0x1000, 0x3000, 0], [0x7000, 0x2000, 0]])[1]
    assert "calls 1 there" in differences(ours, [[0x1000, 0x3000, 1], [0x7000, 0x1000, 0]])[1]
