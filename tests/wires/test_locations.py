"""URLs of lines, as they are typed and as volatility3 hands them on; the lines as far as this system has them."""

from __future__ import annotations

import os
import sys
import threading
import types
from pathlib import Path
from typing import Any

import pytest

from volplugins.kd.errors import NoLine, WrongLocation
from volplugins.kd.wire import WireClosed
from volplugins.wires.location import is_live, parse_location
from volplugins.wires.opening import open_wire, what_to_check
from volplugins.wires.pipe_wire import PipeWire


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("kd+unix:///tmp/win7.sock", "/tmp/win7.sock"),
        ("kd+unix:/tmp/win7.sock", "/tmp/win7.sock"),
        ("kd+unix:///tmp/a%20b.gz", "/tmp/a b.gz"),
        ("kd+pipe://./pipe/kd", r"\\.\pipe\kd"),
        ("kd+pipe:///./pipe/kd", r"\\.\pipe\kd"),
        ("kd+pipe://host/pipe/a/b", r"\\host\pipe\a\b"),
        ("KD+UNIX:/x", "/x"),
        ("kd+serial:///dev/ttyS0?baud=9600", "/dev/ttyS0"),
    ],
)
def test_paths(text: str, path: str) -> None:
    assert is_live(text) and parse_location(text).path == path


def test_options() -> None:
    found = parse_location("kd+tcp://127.0.0.1:4444?memory=file%3A%2F%2F%2Fa%3Fb%26c&stay-stopped=1")
    assert (found.path, found.port, found.memory, found.stay_stopped) == ("127.0.0.1", 4444, "file:///a?b&c", True)
    assert parse_location("kd+serial:/dev/ttyS0?baud=9600").baud == 9600
    assert parse_location("kd+tcp://[::1]:7").path == "::1"


@pytest.mark.parametrize(
    "text",
    [
        "kd+tcp://host", "kd+tcp://host:x", "kd+tcp://host:99999999", "kd+unix://", "kd+pipe://kd", "kd+nothing:/x",
        "kd+unix:/x?speed=1", "kd+serial:/x?baud=fast", "kd+serial:/x?baud=0", "kd+unix:/x?stay-stopped=maybe",
        "kd+unix:/x?baud=9600", "kdnet://key", "kd+tcp://[::1", "kd+net:50000",
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str) -> None:
    assert is_live(text)
    with pytest.raises(WrongLocation):
        parse_location(text)


@pytest.mark.parametrize("text", ["/tmp/a.dmp", "a.dmp", "C:\\a.dmp", "file:///a", "leechcore://x", ""])
def test_files_are_no_lines(text: str) -> None:
    assert not is_live(text)


@pytest.mark.parametrize("text", ["kd+unix:/a", "kd+tcp://a:1", "kd+pipe://./pipe/a", "kd+serial:/dev/a"])
def test_what_to_check_names_the_guest_and_the_host(text: str) -> None:
    said = what_to_check(parse_location(text))
    assert "bcdedit /debug on" in said and "debugger" in said and "{" not in said


def test_a_pipe_is_read_without_waiting_for_it(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    waiting = 0

    def count(descriptor: int) -> int:
        return waiting

    wire = PipeWire(ours, count)
    assert wire.receive(0.01) == b""
    os.write(theirs, b"0000abc")
    waiting = 7
    assert wire.receive(1.0) == b"0000abc"

    def broken(descriptor: int) -> int:
        raise OSError("the pipe has been ended")

    wire._waiting = broken
    with pytest.raises(WireClosed, match="ended"):
        wire.receive(1.0)
    wire.close()
    wire.close()
    os.close(theirs)


@pytest.mark.skipif(sys.platform == "win32", reason="a unix system says where to go instead")
def test_named_pipes_are_of_windows() -> None:
    with pytest.raises(NoLine, match="kd\\+unix"):
        open_wire(parse_location("kd+pipe://./pipe/kd"))


def test_serial_ports_need_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(NoLine, match=r"volplugins\[serial\]"):
        open_wire(parse_location("kd+serial:/dev/ttyS0"))


def test_a_serial_port_by_pyserial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a pseudo-terminal: with pyserial where it is installed, else with a stand-in of its few members."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")
    import tty

    main, other = pty.openpty()
    tty.setraw(main)
    tty.setraw(other)
    name = os.ttyname(other)
    if not _has_pyserial():
        monkeypatch.setitem(sys.modules, "serial", _stand_in())
    wire = open_wire(parse_location(f"kd+serial:{name}?baud=9600"))
    writer = threading.Timer(0.05, lambda: os.write(main, b"iiii\x00"))
    writer.start()
    data = b""
    while len(data) < 5:
        data += wire.receive(1.0)
    assert data == b"iiii\x00" and wire.receive(0.01) == b""
    wire.send(b"b")
    assert os.read(main, 1) == b"b"
    wire.close()
    os.close(main)
    os.close(other)


def _has_pyserial() -> bool:
    try:
        import serial  # noqa: F401
    except ImportError:
        return False
    return True


def _stand_in() -> Any:
    import select

    class Serial:
        def __init__(self, path: str, baud: int, **options: Any) -> None:
            self.timeout, self._file = 0.0, os.open(path, os.O_RDWR | os.O_NOCTTY)
            assert baud == 9600 and options["exclusive"]

        @property
        def in_waiting(self) -> int:
            return 16 if select.select([self._file], [], [], 0)[0] else 0

        def read(self, size: int) -> bytes:
            return os.read(self._file, size) if select.select([self._file], [], [], self.timeout)[0] else b""

        def write(self, data: bytes) -> int:
            return os.write(self._file, data)

        def close(self) -> None:
            os.close(self._file)

    found = types.ModuleType("serial")
    found.Serial = Serial  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("host", ["a" * 70, "a..b", "\u00e4" * 70])
def test_no_name_of_a_host(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    from volplugins.cli.main import main

    with pytest.raises(NoLine):
        open_wire(parse_location(f"kd+tcp://{host}:1"))
    assert main(["live", f"kd+tcp://{host}:1"]) == 3
    assert "cannot be the name" in capsys.readouterr().err
