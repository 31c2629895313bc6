"""Rows of windows.kd.waits from memory made by hand: caps, depths, what is named of many owners."""

from __future__ import annotations

from typing import Any

import pytest

from tests.waits.made_waits import RUNNING, WIN7, WIN10, Made, ring
from volplugins.findings.waits import of_waits
from volplugins.vol.commands.waits import chain_rows as chains
from volplugins.vol.commands.waits.facts import Teller
from volplugins.vol.commands.waits.resource_rows import resource_rows
from volplugins.vol.commands.waits.row import WaitRow
from volplugins.vol.scene.waits_scene import SceneWaits
from volplugins.waits.graph import make_graph

NO_REQUESTS: Any = None


def teller(memory: Made) -> Teller:
    survey = memory.survey()
    return Teller(SceneWaits(survey, make_graph(survey), NO_REQUESTS, ()))


def chain_of(memory: Made) -> list[WaitRow]:
    return list(chains.chain_rows(teller(memory), None))


def in_a_row(memory: Made, length: int) -> list[int]:
    threads = [memory.thread() for _ in range(length)]
    for number in range(length - 1):
        memory.wait(threads[number], memory.mutant(threads[number + 1]))
    return threads


def test_a_chain_of_a_hundred_is_at_most_64_levels_deep() -> None:
    memory = Made(WIN10)
    threads = in_a_row(memory, 100)
    rows = chain_of(memory)
    assert [row.ethread for row in rows] == threads
    assert [row.depth for row in rows] == [min(place, 63) for place in range(100)]
    assert "90 levels deep" in rows[90].note and rows[-1].note == "the chain ends: Running"
    assert rows[0].note.startswith("a chain of 100 threads") and "levels deep" not in rows[63].note


def test_many_waiters_of_one_lock_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "MOST_ROWS", 10)
    memory = Made(WIN10)
    mutant = memory.mutant(memory.thread())
    for _ in range(20):
        memory.wait(memory.thread(), mutant)
    rows = chain_of(memory)
    assert len([row for row in rows if row.process != "error"]) == 10
    assert any("15 further chains are not shown" in row.note for row in rows)


def test_owners_of_a_shared_resource_stand_side_by_side() -> None:
    memory = Made(WIN7)
    owners, waiter, event = [memory.thread() for _ in range(3)], memory.thread(), memory.object(1)
    memory.resource(*owners, exclusive=False, ExclusiveWaiters=event)
    memory.wait(waiter, event, reason=27)
    last = memory.thread()
    memory.wait(owners[1], memory.mutant(last))
    rows = chain_of(memory)
    assert [(row.depth, row.ethread) for row in rows] == [
        (0, waiter), (1, owners[1]), (2, last), (1, owners[0]), (1, owners[2])
    ]  # fmt: skip
    assert "also held by" in rows[0].note and "held shared" in rows[0].note
    shown = list(resource_rows(teller(memory), None))
    assert [row.owner_thread for row in shown[1:4]] == owners and shown[4].ethread == waiter
    assert shown[-1].note == "1 resources are known, 1 are held, 1 are shown"


def test_a_deadlock_of_hundreds_is_one_finding() -> None:
    memory = Made(WIN10, bytearray(1 << 24))
    threads = ring(memory, 300)
    (found,) = of_waits(make_graph(memory.survey()))
    assert found.evidence.startswith("300 threads wait in a circle") and found.evidence.endswith("and 292 more")
    assert found.about.address in threads and found.next == "windows.kd.waits --chains --pid 4"
    rows = chain_of(memory)
    assert len(rows) == 300 and rows[0].note.startswith("a chain of 300 threads, which runs into a deadlock")


@pytest.mark.parametrize(
    ("end", "what"), [(False, "a thread waits for what it holds itself: "), (True, "a thread waits for its own end: ")]
)
def test_a_thread_that_waits_for_itself_is_no_circle(end: bool, what: str) -> None:
    memory = Made(WIN10)
    thread, event = memory.thread(), memory.object(1)
    if end:
        memory.wait(thread, thread)
    else:
        memory.resource(thread, exclusive=False, ExclusiveWaiters=event)
        memory.wait(thread, event, reason=27)
    (found,) = of_waits(make_graph(memory.survey()))
    assert found.evidence.startswith(what) and "circle" not in found.evidence


@pytest.mark.parametrize(("entries", "said"), [(0, ""), (6, "in which 6 entries wait")])
def test_a_worker_that_waits_while_its_queue_starves(entries: int, said: str) -> None:
    memory = Made(WIN10)
    worker, queue = memory.thread(), memory.object(4, entries)
    memory.wait(worker, memory.mutant(memory.thread(state=RUNNING)))
    memory.put(worker + 0xE8, queue)
    survey = memory.survey()
    assert [note for note in survey.waits[worker].notes if "it works for queue" in note] == (
        [f"it works for queue {queue:#x}, {said}"] if said else []
    )


def test_a_resource_of_an_owner_pointer_is_held_by_it() -> None:
    memory = Made(WIN10)
    pointers, waiter, event = [memory.block(0x40) for _ in range(2)], memory.thread(), memory.object(1)
    memory.resource(*(each | 3 for each in pointers), exclusive=False, ExclusiveWaiters=event)
    memory.resource(pointers[0] | 3)
    memory.wait(waiter, event, reason=27)
    first, waiting, second, last = resource_rows(teller(memory), None)
    assert (first.owner_thread, first.owner_tid, waiting.verdict) == (
        None,
        None,
        "",
    ) and "held shared by 2" in first.note
    assert f"held by the owner pointer {pointers[0]:#x}" in waiting.note and "held exclusively" in second.note
    assert last.note == "2 resources are known, 2 are held, 2 are shown"


def test_a_thread_that_waits_for_its_own_end_is_a_chain_of_one() -> None:
    memory = Made(WIN10)
    thread = memory.thread()
    memory.wait(thread, thread)
    rows = chain_of(memory)
    assert (rows[0].ethread, rows[0].owner_thread, rows[0].verdict) == (thread, thread, "deadlock") and len(rows) <= 2
