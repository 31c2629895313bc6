"""Messages of ALPC and LPC, made by hand: the thread that serves one, by the place where Windows keeps it."""

from __future__ import annotations

import pytest

from tests.waits.locks import (
    SEMAPHORE,
    WR_LPC_RECEIVE,
    WR_LPC_REPLY,
    held_by,
    made,
)
from tests.waits.made_waits import Made, verdicts
from volplugins.waits.words import Kind


@pytest.mark.parametrize("name", ["win10", "win7"])
@pytest.mark.parametrize("taken", [True, False])
def test_a_message_and_the_thread_that_serves_it(name: str, taken: bool) -> None:
    memory = made(name)
    server, client = memory.thread(pid=8), memory.thread(pid=12)
    message, port = memory.block(0x120), memory.block(0x200)
    server_at, waiting_at, port_at = (0xC8, 0x20, 0xC0) if name == "win10" else (0xD0, 0x58, 0xC8)
    memory.put(message + server_at, server if taken else 0)
    memory.put(message + waiting_at, client)
    memory.put(message + port_at, port)
    memory.put(port + 0x18, memory.processes[8].eprocess)
    memory.member(client, memory.machine.thread["AlpcMessage"], message | 1)
    memory.wait(
        client, memory.object(SEMAPHORE, address=client + memory.machine.thread["Semaphore"][0]), reason=WR_LPC_REPLY
    )
    held = held_by(memory, client)
    assert (held.kind, held.object) == (Kind.ALPC, message)
    assert (held.owners, held.owner_pid) == (((server,), None) if taken else ((), 8))
    memory.wait(
        server, memory.object(SEMAPHORE, address=server + memory.machine.thread["Semaphore"][0]), reason=WR_LPC_RECEIVE
    )
    assert verdicts(memory.graph(), [server]) == [["idle"]]


LPC_PORT, LPC_CREATOR = 0x0, 0x18


LPC = {"WaitingOnPort": 0x208, "ReceivedId": 0x228, "ReplyId": 0x23C, "Valid": 0x250}


def lpc_client(memory: Made, creator: int = 8, number: int = 0x2301) -> int:
    """A client that waits for the answer to a message, its port connected to one that a process made."""
    client = memory.thread(pid=12)
    port, connection = memory.block(0xC0), memory.block(0xC0)
    memory.put(port + LPC_PORT, connection)
    memory.put(connection + LPC_PORT, connection)
    memory.put(connection + LPC_CREATOR, creator)
    memory.put(client + LPC["ReplyId"], number)
    memory.put(client + LPC["WaitingOnPort"], port | 1)
    semaphore = memory.object(SEMAPHORE, address=client + memory.machine.thread["Semaphore"][0])
    memory.wait(client, semaphore, reason=WR_LPC_REPLY)
    return client


def lpc_server(memory: Made, pid: int = 8, number: int = 0x2301, valid: int = 1) -> int:
    server = memory.thread(pid=pid)
    memory.put(server + LPC["ReceivedId"], number)
    memory.put(server + LPC["Valid"], valid, 1)
    return server


def test_a_message_of_lpc_by_its_number() -> None:
    memory = made("xp")
    server, client = lpc_server(memory), lpc_client(memory)
    held = held_by(memory, client)
    assert (held.kind, held.owners, held.sure) == (Kind.ALPC, (server,), True)
    memory.wait(server, memory.mutant(client))
    assert memory.graph().deadlocks == [(server, client)]


@pytest.mark.parametrize("wrong", ["another process", "answered", "another number", "two have it"])
def test_a_thread_that_does_not_work_on_the_message(wrong: str) -> None:
    memory = made("xp")
    pid, valid, number = (7 if wrong == "another process" else 8, int(wrong != "answered"),
                          0x2302 if wrong == "another number" else 0x2301)  # fmt: skip
    lpc_server(memory, pid, number, valid)
    if wrong == "two have it":
        lpc_server(memory)
    held = held_by(memory, lpc_client(memory))
    assert (held.kind, held.owners, held.owner_pid) == (Kind.ALPC, (), 8)


def test_a_port_that_leads_nowhere_makes_no_deadlock() -> None:
    memory = made("xp")
    server, client = lpc_server(memory), lpc_client(memory)
    memory.put(client + LPC["WaitingOnPort"], 0x1000)
    memory.wait(server, memory.mutant(client))
    graph = memory.graph()
    assert not graph.deadlocks and verdicts(graph, [client]) == [["blocked"]]
