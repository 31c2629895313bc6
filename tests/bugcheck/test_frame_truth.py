"""Frames of the lab's stacks against their truth: lost and false ones stay within what docs/confidence.md says."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from tests.bugcheck.frame_truth import Score, crash_score, kernel_places, scene_with, score, sum_of, thread_score
from tests.bugcheck.labelled import pairs
from volplugins.bugcheck.analysis import analyse
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.vol.symbols.symbol_path import add_own_symbols

CASES = Path(__file__).parents[2].parent / "shared" / "cases"
PAIRS = tuple(pairs())
MODES = {
    "with symbols": (True, {}),
    "without": (False, {}),
    "littered": (True, {"litter": True}),
    "littered, without": (False, {"litter": True, "sparse": True}),
}


@pytest.fixture(autouse=True)
def own_tables() -> None:
    add_own_symbols()


@pytest.mark.parametrize(
    "every", [pytest.param(9, id="one in nine"), pytest.param(1, id="all", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("architecture", ["x64", "x86"])
def test_crashes_in_small_dumps(architecture: str, mode: str, every: int, tmp_path: Path) -> None:
    symbols, options = MODES[mode]
    cases = [pair for pair in PAIRS if architecture in pair[0]][::every]
    total = sum_of(crash_score(build(*pair, **options), symbols, tmp_path) for pair in cases)
    assert total.true > 3 * len(cases)
    assert total.lost * 100 <= total.true, total
    # one on x86: the stack pointer of what an NMI interrupted is in a task state segment, not in the trap frame
    assert total.false * 50 <= total.true, total


@pytest.mark.parametrize("options", [{}, {"sparse": True}, {"litter": True, "sparse": True}], ids=str)
@pytest.mark.parametrize("machine", MACHINES)
def test_threads_without_symbols(machine: str, options: dict[str, bool], tmp_path: Path) -> None:
    """Of 298 frames of x86 threads 96 were lost while the nearest export counted as the function."""
    total = thread_score(build(machine, **options), False, tmp_path)
    assert total.true > 100
    assert (total.lost, total.overclaimed) == (0, 0)
    # what earlier calls left above a thread's first function may look like its caller, where no symbol names it
    assert total.false <= (1 if "litter" in options else 0)


@pytest.mark.parametrize("symbols", [True, False])
def test_the_small_dump_with_stale_words(symbols: bool) -> None:
    """A dump that a test of others made: a stale word, whose call leads elsewhere, hid five true frames."""
    name = "small-stale-words-page-fault"
    if not (CASES / f"{name}.dmp.xz").is_file():
        pytest.skip("../shared/cases is not beside the repository")
    truth = json.loads(lzma.decompress((CASES / f"{name}.truth.json.xz").read_bytes()))["truth"]
    dump = open_dump(BytesSource(lzma.decompress((CASES / f"{name}.dmp.xz").read_bytes())))
    scene = scene_with(dump, symbols)
    found = score(kernel_places(truth["stack"], 64), analyse(scene).crash_stack.frames)
    assert found == Score(11, 0, 0, 0)
