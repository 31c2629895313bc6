"""Signals that end a program let the machine run on; no second one disturbs that, and no block leaves another's."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import volplugins.kd.session
import volplugins.wires.opening
from tests.kd.kdcom_kernel import KdcomKernel
from tests.kd.kdcom_words import INITIAL
from tests.live.serving import serving
from volplugins.kd.session import Session
from volplugins.vol.layers import live_machines
from volplugins.vol.layers.ending_signals import ENDING, ended_once, undisturbed
from volplugins.vol.layers.live_machines import Live, leave_all, leaving, live_at

ROOT = str(Path(__file__).parents[2])
_RUN = """
import os, signal, sys, time
import volplugins.vol.layers.live_machines as live
from contextlib import nullcontext
from volplugins.cli.termination import clean_termination

class Stands:
    stay_stopped, steps = False, 0
    def leave(self):
        os.write(1, b"left")
        return True

class Machine:
    session, read_bytes = Stands(), 0

if "ignored" in sys.argv:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
with clean_termination() if "command" in sys.argv else nullcontext(), live.leaving("kd+unix:x", lambda text: None):
    live._at_the_end()
    live._machines["kd+unix:x"] = live.Live(None, Machine(), None)
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(0.1)
    os.write(1, b"went on, ")
"""


def ended(*words: str) -> tuple[bytes, int]:
    done = subprocess.run([sys.executable, "-c", _RUN, *words], capture_output=True, timeout=60, check=False, cwd=ROOT)
    return done.stdout, done.returncode


@pytest.mark.skipif(sys.platform == "win32", reason="Windows gives a program no signals but Ctrl-C and Ctrl-Break")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM])
@pytest.mark.parametrize("how", ["command", "library"])
def test_the_machine_runs_on_after(number: int, how: str) -> None:
    assert ended(str(int(number)), how) == (b"left", 128 + number)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP on this system")
@pytest.mark.parametrize("how", ["command", "library"])
def test_what_nohup_ignores_stays_ignored(how: str) -> None:
    assert ended(str(int(signal.SIGHUP)), how, "ignored") == (b"went on, left", 0)


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[KdcomKernel]]:
    """What is at the end of each line: the last; time passes where somebody waits for it."""
    found: list[KdcomKernel] = []
    monkeypatch.setattr(volplugins.wires.opening, "open_wire", lambda where: found[-1])

    def session(wire: Any, timing: Any, **options: bool) -> Session:
        return Session(wire, timing, found[-1].clock, **options)

    monkeypatch.setattr(volplugins.kd.session, "Session", session)
    yield found
    leave_all()


@pytest.mark.parametrize("first", range(1, 7))
def test_ctrl_c_twice_while_it_is_stopped(kernels: list[KdcomKernel], first: int) -> None:
    before = signal.getsignal(signal.SIGINT)
    for second in range(1, 6):
        kernel = KdcomKernel(numbers=(INITIAL | second & 1, INITIAL | second >> 1 & 1))  # of a session before
        receive, calls = kernel.receive, iter(range(1, 10_000))
        kernels.append(kernel)

        def interrupted(seconds: float, calls: Any = calls, receive: Any = receive, second: int = second) -> bytes:
            if next(calls) in (first, first + second):
                signal.raise_signal(signal.SIGINT)
            return receive(seconds)

        kernel.receive = interrupted  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            live_at("kd+unix:/x")
        kernel._pass_time(1.0)
        assert kernel.running and kernel.closed and "kd+unix:/x" not in live_machines._machines, (first, second)
        assert signal.getsignal(signal.SIGINT) is before


def test_the_first_signal_raises_and_the_next_do_not() -> None:
    with pytest.raises(KeyboardInterrupt), ended_once():
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), undisturbed():
        signal.raise_signal(signal.SIGINT)
        cleaned = True
    assert cleaned
    assert {"SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK"} >= {each.name for each in ENDING} >= {"SIGTERM"}


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(live_machines, "_machines", {})
    return found


def stop(location: str, left: list[str]) -> None:
    session = SimpleNamespace(leave=lambda: left.append(location) or True, requests=0, steps=0)
    live_machines._machines[location] = Live(None, SimpleNamespace(session=session, read_bytes=0), None)  # type: ignore[arg-type]


def test_a_block_leaves_its_own_machine_alone(left: list[str]) -> None:
    with leaving("A", lambda text: None):
        stop("A", left)
        with leaving("B", lambda text: None):
            stop("B", left)
            with leaving("A", lambda text: None), leaving("no-machine.dmp", lambda text: None):
                pass
            assert left == []
        assert left == ["B"]
    assert left == ["B", "A"] and not live_machines._lookers


def test_two_targets_of_a_program() -> None:
    from volplugins.api.opening import open_target

    with serving() as one, serving() as other:
        with open_target(one.url) as first:
            with open_target(other.url), open_target(one.url):
                pass
            assert set(live_machines._machines) == {one.url} and len(first.processes()) > 1
        assert not live_machines._machines
    assert all("1 continues; the machine runs" in each.said for each in (one, other))


def test_blocks_that_overlap_and_a_machine_that_no_block_stopped(left: list[str]) -> None:
    first, second = leaving("A", lambda text: None), leaving("A", lambda text: None)
    first.__enter__()
    stop("A", left)
    second.__enter__()
    first.__exit__(None, None, None)
    assert left == []
    second.__exit__(None, None, None)
    assert left == ["A"]
    stop("B", left)
    with leaving("B", lambda text: None):
        pass
    assert left == ["A"]
    leave_all()
    assert left == ["A", "B"] and not live_machines._lookers
