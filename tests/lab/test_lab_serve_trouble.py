"""Bad lines and targets that behave badly: each does what it says, and ends when it is told to."""

from __future__ import annotations

import socket
import struct
import time
from functools import lru_cache

import pytest

from tests.lab.kd_client import Client
from volplugins.lab.machines.catalogue import build
from volplugins.lab.serve.announcements import debug_print
from volplugins.lab.serve.line import Line, Noise
from volplugins.lab.serve.misbehaviour import MISBEHAVIOURS
from volplugins.lab.serve.served_machine import ServedMachine, serve_snapshot
from volplugins.lab.serve.server import MachineServer

BYTES = bytes(range(256)) * 400


@lru_cache(maxsize=1)
def machine() -> ServedMachine:
    return serve_snapshot(build("xp-x86", "none"))


def through(noise: Noise, data: bytes = BYTES) -> bytes:
    line = Line(noise, "in")
    line.put(data, 0)
    return line.take(1000)


def test_a_good_line_changes_nothing() -> None:
    assert through(Noise()) == BYTES


@pytest.mark.parametrize("trouble", ["lose", "double", "damage"])
def test_a_bad_line_has_its_rate_and_its_seed(trouble: str) -> None:
    bad = through(Noise(**{trouble: 1}, seed=3))
    assert bad == through(Noise(**{trouble: 1}, seed=3)) != through(Noise(**{trouble: 1}, seed=4))
    changed = sum(a != b for a, b in zip(bad, BYTES, strict=True)) if trouble == "damage" else len(bad) - len(BYTES)
    assert 50 < abs(changed) < 200  # of 102,400
    assert (changed < 0) == (trouble == "lose")


def test_late_bytes_come_late_and_in_order() -> None:
    line = Line(Noise(delay=1, late=0.05, seed=1), "out")
    line.put(BYTES, 10)
    parts = [line.take(10 + step / 1000) for step in range(0, 9000, 5)]
    assert b"".join(parts) == BYTES
    assert sum(bool(part) for part in parts) > 50
    line.put(b"x", 10)
    assert line.take(10) == b""


def asked_until_it_misbehaves(server: MachineServer, client: Client, count: int) -> None:
    client.break_in()
    for _ in range(count):
        assert client.request(0x3146)[0] == 0


def test_every_misbehaviour_begins_after_so_many_requests_and_can_be_ended() -> None:
    for name in MISBEHAVIOURS:
        began = time.monotonic()
        with MachineServer(machine(), misbehaviour=(name, 3)) as server, Client(server.address, 0.3) as client:
            asked_until_it_misbehaves(server, client, 3)
            with pytest.raises((TimeoutError, EOFError, AssertionError, struct.error)):
                for _ in range(3):
                    client.until = time.monotonic() + 0.5
                    assert client.request(0x3130, struct.pack("<QI", 0x804D7000, 8))[2][:2] == b"MZ"
        assert time.monotonic() - began < 3, name


def test_one_that_dies_closes_the_line_in_the_middle_of_a_packet() -> None:
    with MachineServer(machine(), misbehaviour=("dies", 1)) as server, Client(server.address) as client:
        asked_until_it_misbehaves(server, client, 1)
        with pytest.raises(EOFError):
            client.request(0x3146)
        end = time.monotonic() + 2
        while server.serving:
            assert time.monotonic() < end
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2])))


def test_one_that_never_acknowledges_is_silent() -> None:
    with MachineServer(machine(), misbehaviour=("never-acknowledges", 0)) as server, Client(server.address, 0.2) as one:
        one.break_in()
        one.data(2, struct.pack("<IHHII", 0x3146, 0, 0, 0, 0) + bytes(40))
        with pytest.raises(TimeoutError):
            one.frame()


def test_one_that_reboots_says_that_a_kernel_is_loaded_and_runs_once_it_may() -> None:
    with MachineServer(machine(), misbehaviour=("reboots", 2)) as server, Client(server.address) as client:
        asked_until_it_misbehaves(server, client, 2)
        client.data(2, struct.pack("<IHHII", 0x3146, 0, 0, 0, 0) + bytes(40))
        payload = client.wait(7).payload
        assert struct.unpack_from("<I", payload)[0] == 0x3031
        assert client.frames[-1].id == 0x80800800
        client.go(wide=False)
        end = time.monotonic() + 2
        while not server.running:
            assert time.monotonic() < end
        assert struct.unpack_from("<I", client.break_in())[0] == 0x3030


def test_a_flood_does_not_grow_where_nobody_reads() -> None:
    with MachineServer(machine(), misbehaviour=("floods", 0)) as server, Client(server.address) as client:
        time.sleep(0.5)
        sent = server.log.bytes_out
        assert sent > 0x10000
        time.sleep(0.3)
        assert server.log.bytes_out < 32 << 20
        assert client.socket.recv(16)


def test_an_unknown_misbehaviour_is_refused() -> None:
    with pytest.raises(ValueError, match="no misbehaviour"):
        MachineServer(machine(), misbehaviour=("sulks", 1))


def test_a_machine_stays_as_it_was_left_between_connections() -> None:
    with MachineServer(machine(), before=[debug_print(machine(), "hello\n")]) as server:
        with Client(server.address) as client:
            client.break_in()
            client.request(0x3146)
        with Client(server.address) as second:
            assert not server.running
            second.control(6)
            assert second.frame().kind == 6
            assert struct.unpack_from("<I", second.wait(7).payload)[0] == 0x3030
            second.go(wide=False)
        end = time.monotonic() + 2
        while not server.running:
            assert time.monotonic() < end
        assert server.log.connections == 2


def test_what_a_line_costs_is_added_up() -> None:
    with MachineServer(machine()) as server, Client(server.address) as client:
        client.break_in()
        for _ in range(5):
            client.request(0x3146)
    assert len(server.log.asked) == 5
    assert server.log.seconds() == pytest.approx(0.010 + (server.log.bytes_in + server.log.bytes_out) * 5e-6)
    assert "5 requests (5 get version)" in server.log.summary()
