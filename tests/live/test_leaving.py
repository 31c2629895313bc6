"""A machine that was stopped runs on, however the command that stopped it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.live.serving import Served, serving
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

ROOT = str(Path(__file__).parents[2])
# slow enough to be met in the middle: every byte late now and then
LATE = ("--delay", "20")
VOL = ("vol", "-q", "-f")


def command(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "volplugins.cli.main", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env={**os.environ, "PYTHONPATH": ROOT}, cwd=ROOT, start_new_session=True,
    )  # fmt: skip


def ended_by(served: Served, number: int, *words: str) -> int:
    """The exit code of a command that is sent a signal in the middle of its reading."""
    process = command(*words)
    time.sleep(4.0)
    assert process.poll() is None, process.stdout.read() if process.stdout else ""
    process.send_signal(number)
    process.communicate(timeout=30)
    return process.returncode


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGTERM, (*VOL, "URL", "windows.kd.process", "--scan")),
        pytest.param(signal.SIGINT, (*VOL, "URL", "windows.kd.process", "--scan"), marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, ("triage", "-q", "URL"), marks=pytest.mark.slow),
        pytest.param(
            getattr(signal, "SIGHUP", 0), (*VOL, "URL", "windows.kd.process", "--scan"), marks=pytest.mark.slow
        ),
        pytest.param(getattr(signal, "SIGHUP", 0), ("live", "URL", "--snapshot", "FILE"), marks=pytest.mark.slow),
        (signal.SIGINT, ("live", "URL", "--snapshot", "FILE")),
    ],
)
def test_signals(number: int, words: tuple[str, ...], tmp_path: Path) -> None:
    with serving(*LATE) as served:
        named = {"URL": served.url, "FILE": str(tmp_path / "m.dmp")}
        assert ended_by(served, number, *(named.get(word, word) for word in words)) != 0
    assert "the machine runs" in served.said and "0 writes" in served.said


@pytest.mark.parametrize("machine", ["xp-x86", "win10-x64"])
def test_one_that_runs_into_its_breakpoint_again(machine: str) -> None:
    with serving("--machine", machine, "--breakpoint") as served:
        for number in (1, 2):
            process = command("live", served.url, "-q")
            said, _ = process.communicate(timeout=60)
            assert (process.returncode, said) == (0, ""), number
    assert "2 set context" in served.said and "2 writes" in served.said and "the machine runs" in served.said


def test_it_is_left_standing_there_rather_than_written_to() -> None:
    with serving("--breakpoint") as served:
        process = command("live", f"{served.url}?step-past=0", "-q")
        said, _ = process.communicate(timeout=60)
        assert "did not say that it runs on" in said
    assert "0 writes" in served.said and "the machine stands" in served.said


def test_an_exception_leaves_it_running() -> None:
    code = "\n".join((
        "import sys", "from volplugins.vol.layers.live_machines import live_at",
        "live_at(sys.argv[1]).target.memory.read(0x1000, 8)", "raise RuntimeError('on purpose')",
    ))  # fmt: skip
    with serving() as served:
        done = subprocess.run(
            [sys.executable, "-c", code, served.url], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
        )
        assert "on purpose" in done.stderr
    assert "1 continues; the machine runs" in served.said


@pytest.mark.parametrize(
    "words", [("live", "URL", "--stay-stopped", "-q"), (*VOL, "URL?stay-stopped=1", "windows.kd.dumpinfo")]
)
def test_it_stays_where_that_is_asked_for(words: tuple[str, ...]) -> None:
    with serving() as served:
        process = command(*(word.replace("URL", served.url) for word in words))
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert "0 continues; the machine stands" in served.said


def test_another_handler_of_sigterm_is_left_alone(served_url: str) -> None:
    from volplugins.vol.layers.live_machines import leave_all, live_at

    before = signal.getsignal(signal.SIGTERM)
    try:
        live_at(served_url)
        assert signal.getsignal(signal.SIGTERM) is not before
    finally:
        leave_all()
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.fixture
def served_url() -> object:
    with serving() as served:
        yield served.url


@pytest.mark.parametrize(
    ("option", "serve", "now", "code"),
    [
        ("?step-past=0", "--breakpoint", "it did not say that it runs on", 1),
        ("?stay-stopped=1", "--running", "it is left standing", 0),
        ("", "--running", "it runs on", 0),
    ],
)
def test_live_says_how_it_left_the_machine(option: str, serve: str, now: str, code: int) -> None:
    with serving(serve) as served:
        process = command("live", served.url + option)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == code and f"Now       {now}\n" in said


@pytest.mark.parametrize("words", [("live", "-q", "URL"), (*VOL, "URL", "windows.kd.process")])
def test_one_that_cannot_be_looked_at_and_stands(words: tuple[str, ...], tmp_path: Path) -> None:
    """What went wrong after it was stopped is not all: that it does not run on is said as well."""
    other = write(build("xp-x86", "notmyfault"), "full", tmp_path / "other.dmp")
    with serving("--machine", "win10-x64", "--breakpoint") as served:
        url = f"{served.url}?step-past=0&memory={quote(str(other), safe='')}"
        process = command(*(url if word == "URL" else word for word in words))
        said, _ = process.communicate(timeout=60)
    assert "not this machine's memory" in said and "the machine did not say that it runs on" in said
    assert "0 writes" in served.said and "the machine stands" in served.said
