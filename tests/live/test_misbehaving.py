"""Other sides that die, flood, lie, speak of another session or reboot: the command ends in time with what it has."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.rows import attached
from tests.live.serving import serving
from volplugins.kd.errors import LiveError
from volplugins.vol.commands.process.rows import Wanted, process_rows
from volplugins.vol.scene.crash_scene import scene_of

LONGEST = 150  # seconds; all but a few end within ten
ENDS = (
    "dies", "never-answers", "never-acknowledges", "floods", "floods-packets", "lies-about-length", "lies-about-counts",
    "other-session", "reboots", "short-replies", "other-replies",
)  # fmt: skip


def listed(url: str) -> tuple[list[str], str]:
    """Names of processes, as far as they came, and what ended the list."""
    names: list[str] = []
    try:
        with attached(url) as live:
            for row in process_rows(scene_of(live.target), Wanted(scan=False)):
                names += [row.name] if row.pid is not None else []
    except LiveError as error:
        return names, str(error)
    return names, ""


QUICK = (("dies", 40), ("reboots", 40), ("other-replies", 40))
CASES = [
    pytest.param(how, after, marks=[] if (how, after) in QUICK else pytest.mark.slow)
    for how in ENDS
    for after in (1, 40, 150)
]


@pytest.mark.parametrize(("how", "after"), CASES)
def test_it_ends(how: str, after: int) -> None:
    start = time.monotonic()
    with serving("--misbehave", how, "--after", str(after)) as served:
        names, said = listed(served.url)
        listed(served.url)  # somebody else, later
    assert time.monotonic() - start < LONGEST
    assert said or "System" in names
    assert "0 writes" in served.said or "floods" in how  # which the lab does until it is ended


@pytest.mark.parametrize(
    "options",
    [
        ("--stopped",), ("--left",), ("--keep-ids",), ("--stray-processors",), ("--short-kdbg",),
        ("--says", "print", "--says", "prompt", "--says", "symbols", "--says", "command", "--says", "file"),
        ("--machine", "win7-x86-pae", "--short-kdbg"), ("--five-levels",), ("--machine", "xp-x86", "--left"),
    ],
)  # fmt: skip
def test_what_real_kernels_do(options: tuple[str, ...]) -> None:
    with serving(*options) as served:
        names, said = listed(served.url)
        with attached(served.url) as live:
            scene = scene_of(live.target)
            assert len(scene.processors) == 2 and all(each.current_thread for each in scene.processors)
    assert not said and names[0] == "System" and "explorer.exe" in names
    assert "the machine runs" in served.said


@pytest.mark.skipif(sys.platform != "linux", reason="told from Linux's /proc/net")
def test_a_line_that_another_debugger_has() -> None:
    with serving() as served:
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(served.url.removeprefix("kd+unix://"))
            time.sleep(0.3)  # it is accepted
            done = subprocess.run(
                [sys.executable, "-m", "volplugins.cli.main", "live", served.url, "-q"],
                capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2],
            )  # fmt: skip
        assert done.returncode == 3 and "the line is in use" in done.stderr
