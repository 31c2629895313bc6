"""What the fixture ``vol`` runs is what the script ``vol`` runs: the same output, complaints and exit code."""

from __future__ import annotations

import os

import pytest

from tests.sampling import sampled
from tests.vol.conftest import Vol

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="without fork the script itself is run")
# given by the environment: the run is that of the script
AS_SCRIPT = {"PYTHONHASHSEED": "random"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    sampled(
        [(["-r", "jsonlines", "windows.kd.analyze"], 0), (["-r", "json", "windows.pslist"], 0), (["--help"], 0),
         (["-vv", "-r", "csv", "windows.kd.lm", "--pid", "4"], 0), (["no.such.plugin"], 2), (["linux.pslist"], 1)],
        3,
    ),
)  # fmt: skip
def test_a_warm_run_is_a_run_of_the_script(dumps, vol: Vol, arguments: list[str], code: int) -> None:
    path = str(dumps("win10-x64")[0])
    vol("-f", path, "windows.info")  # both find the cache of symbol files made
    warm, script = vol("-f", path, *arguments), vol("-f", path, *arguments, **AS_SCRIPT)
    assert (warm.returncode, script.returncode) == (code, code)
    assert warm.stdout == script.stdout
    assert timeless(warm.stderr) == timeless(script.stderr)


def timeless(text: str) -> list[str]:
    """Lines of the log but for those of a module's first import, which a warm run has behind it."""
    return [line for line in text.splitlines() if not line.startswith(("INFO ", "DEBUG ", "DETAIL "))]


def test_nothing_of_a_run_is_left_for_the_next_one(dumps, vol: Vol) -> None:
    path = str(dumps("win10-x64")[0])
    first = vol("-f", path, "windows.kd.lm").stdout
    vol("-f", path, "-r", "json", "--filters", "x", "windows.kd.lm")
    assert vol("-f", path, "windows.kd.lm").stdout == first
