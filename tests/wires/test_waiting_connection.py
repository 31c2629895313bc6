"""A line that another program has is told from one on which nobody answers, where the system can tell."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from volplugins.kd.wire import WireClosed
from volplugins.wires.location import parse_location
from volplugins.wires.opening import open_wire, what_to_check
from volplugins.wires.socket_wire import SocketWire
from volplugins.wires.waiting_connection import waits_in_line

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="told from Linux's /proc/net")


def listening(kind: str, folder: str) -> tuple[socket.socket, str]:
    if kind == "tcp":
        made = socket.create_server(("127.0.0.1", 0))
        return made, f"kd+tcp://127.0.0.1:{made.getsockname()[1]}"
    made = socket.socket(socket.AF_UNIX)
    made.bind(f"{folder}/a guest.sock")
    made.listen(2)
    return made, f"kd+unix://{folder}/a%20guest.sock"


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_the_second_client_is_told(kind: str) -> None:
    with TemporaryDirectory(prefix="kd-") as folder:
        server, url = listening(kind, folder)
        where = parse_location(url)
        first = open_wire(where)
        served, _ = server.accept()
        second = open_wire(where)
        for each in (first, second):
            each.send(b"b")
        assert served.recv(9) == b"b" and second.receive(0.05) == b""
        second.close()
        first.close()
        with served, server:
            assert "in use" in what_to_check(where, second) and "in use" not in what_to_check(where, first)


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_listener_that_serves_nobody_is_not_in_use(kind: str) -> None:
    with TemporaryDirectory(prefix="kd-") as folder:
        server, url = listening(kind, folder)
        with server:
            alone = open_wire(parse_location(url))
            alone.send(b"b")
            alone.close()
            assert "in use" not in what_to_check(parse_location(url), alone)


def test_one_that_spoke_to_us_and_one_that_is_gone() -> None:
    ours, theirs = socket.socketpair()
    wire = SocketWire(ours)
    theirs.sendall(b"i")
    assert wire.receive(1) == b"i"
    theirs.close()
    with pytest.raises(WireClosed):
        wire.receive(1)
    wire.close()
    wire.close()
    assert not wire.in_use


def test_tables_that_are_damaged_or_absent(tmp_path: Path) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname()) as ours:
        assert not waits_in_line(ours, tmp_path)
        for rows in ("", "\n", "\n1: 2\n", "\n 0: x:y z 01 a b c d e 0\n", "\n 0: 1 2 01 a b c d e 0\n"):
            (tmp_path / "tcp").write_text(f"head{rows}")
            assert not waits_in_line(ours, tmp_path)
