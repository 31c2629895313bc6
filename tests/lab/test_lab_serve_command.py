"""`volplugins lab serve`: a target by command, from its first line to its summary."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab.kd_client import Client
from volplugins.lab import command

RUN = (
    sys.executable,
    "-c",
    "import sys; from volplugins.lab.command import main; sys.exit(main(sys.argv[1:]))",
    "serve",
)


def started(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """A target of its own, and its first line."""
    process = subprocess.Popen([*RUN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_ended_and_says_what_was_asked(ending: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "win7.sock"
    process, first = started("--machine", "win7-x86-pae", "--listen", str(path))
    try:
        assert first == f"win7-x86-pae (none) is running at {path}; Ctrl-C ends it\n"
        with Client(str(path)) as client:
            client.break_in()
            assert client.request(0x3146)[0] == 0
            client.go(wide=False)
        process.send_signal(ending)
        out, fault = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, fault) == (0, "")
    assert out.startswith("1 requests (1 get version), ")
    assert out.endswith("0 writes, 1 continues; the machine runs\n")
    assert not path.exists()


def test_a_crashed_machine_stands_and_a_port_is_chosen() -> None:
    process, first = started("--machine", "xp-x86", "--crash", "driver-read", "--listen", "127.0.0.1:0", "--base", "1")
    try:
        assert first.startswith("xp-x86 (driver-read) is stopped at 127.0.0.1:")
        with Client(first.split()[5].rstrip(";")) as client:
            payload = client.wait(7).payload
            assert struct.unpack_from("<I", payload)[0] == 0x3030
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=10)[0].endswith("the machine stands\n")
    finally:
        process.kill()


def test_a_target_that_dies_ends_the_command() -> None:
    process, first = started("--machine", "xp-x86", "--listen", "127.0.0.1:0", "--misbehave", "dies", "--after", "0")
    try:
        with Client(first.split()[5].rstrip(";")) as client:
            client.break_in()
            with pytest.raises(EOFError):
                client.request(0x3146)
        end = time.monotonic() + 5
        while process.poll() is None:
            assert time.monotonic() < end
        assert process.returncode == 0
    finally:
        process.kill()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--listen", "127.0.0.1:99999"],
        ["--listen", "/proc/nothing/kd.sock"],
        ["--listen", "127.0.0.1:0", "--machine", "xp-x86", "--five-levels"],
        ["--listen", "127.0.0.1:0", "--running", "--stopped"],
        ["--listen", "127.0.0.1:0", "--misbehave", "sulks"],
        [],
    ],
)
def test_what_cannot_be_served_is_said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["serve", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--help"]) == 0
    assert "serve" in capsys.readouterr().out
