"""A kernel of the lab's that stands at an int 3: a plain continue ends there again, one that was moved runs on."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from tests.lab.kd_client import STATE_CHANGE, Client
from volplugins.lab.machines.catalogue import build
from volplugins.lab.serve.breakpoint import GET_CONTEXT, SET_CONTEXT
from volplugins.lab.serve.served_machine import serve_snapshot
from volplugins.lab.serve.server import MachineServer

COUNTERS = {"xp-x86": (0xB8, "<I"), "win10-x64": (0xF8, "<Q")}


@pytest.fixture(params=COUNTERS)
def stopped(request: pytest.FixtureRequest) -> Iterator[tuple[MachineServer, Client, str]]:
    with (
        MachineServer(serve_snapshot(build(request.param, "driver-read")), breakpoint=True) as server,
        Client(server.address) as client,
    ):
        client.break_in()
        yield server, client, request.param


def test_a_continue_ends_there_again(stopped: tuple[MachineServer, Client, str]) -> None:
    server, client, name = stopped
    at, form = COUNTERS[name]
    for _ in range(3):
        client.go(wide=name == "win10-x64")
        change = client.wait(STATE_CHANGE).payload
        counter = struct.unpack_from(form, client.request(GET_CONTEXT)[2], at)[0]
        assert struct.unpack_from("<Q", change, 24)[0] & ((1 << 8 * struct.calcsize(form)) - 1) == counter
        assert client.read(counter, 1) == (0, b"\xcc")
    assert not server.running


def test_one_that_was_moved_runs_on_and_stands_anew_the_next_time(stopped: tuple[MachineServer, Client, str]) -> None:
    server, client, name = stopped
    at, form = COUNTERS[name]
    for _ in range(2):
        context = bytearray(client.request(GET_CONTEXT)[2])
        struct.pack_into(form, context, at, struct.unpack_from(form, context, at)[0] + 1)
        assert client.request(SET_CONTEXT, data=bytes(context[:-8]))[0] != 0
        assert client.request(SET_CONTEXT, data=bytes(context))[0] == 0
        assert client.request(GET_CONTEXT)[2] == bytes(context)
        client.go(wide=name == "win10-x64")
        client.break_in()
        assert client.request(GET_CONTEXT)[2] != bytes(context)
    assert len(server.log.writes) == 4
