"""Wait blocks in every layout, made by hand: read whole, and doubted where they lie."""

from __future__ import annotations

import pytest

from tests.waits.made_waits import MACHINES, READY, RUNNING, TERMINATED, TICKS, Made, ring, verdicts
from volplugins.waits.words import Kind

EVERY = pytest.mark.parametrize("name", MACHINES)


def made(name: str) -> Made:
    return Made(MACHINES[name])


@EVERY
def test_a_mutant_and_its_owner(name: str) -> None:
    memory = made(name)
    owner, waiter = memory.thread(), memory.thread()
    mutant = memory.mutant(owner)
    memory.wait(waiter, mutant, seconds=25.0)
    graph = memory.graph()
    (held,) = graph.survey.waits[waiter].held
    assert (held.kind, held.object, held.owners, held.sure) == (Kind.MUTANT, mutant, (owner,), True)
    assert graph.survey.threads[waiter].seconds == pytest.approx(25.0)
    assert verdicts(graph, [waiter]) == [["owner-runs"]]


@EVERY
@pytest.mark.parametrize(
    ("state", "word"), [(RUNNING, "owner-runs"), (READY, "ready-starved"), (TERMINATED, "owner-gone")]
)
def test_what_the_owner_does(name: str, state: int, word: str) -> None:
    memory = made(name)
    owner, waiter = memory.thread(state=state), memory.thread()
    memory.wait(waiter, memory.mutant(owner))
    assert verdicts(memory.graph(), [waiter]) == [[word]]


@EVERY
def test_an_owner_that_is_no_thread_any_more(name: str) -> None:
    memory = made(name)
    owner, waiter = memory.thread(), memory.thread()
    memory.wait(waiter, memory.mutant(owner))
    memory.put(owner, 0, 1)
    memory.threads.remove(owner)
    graph = memory.graph()
    assert verdicts(graph, [waiter]) == [["owner-gone"]] and not graph.survey.waits[waiter].held[0].sure


@EVERY
@pytest.mark.parametrize("objects", [1, 2, 3, 4, 64])
def test_every_object_is_found(name: str, objects: int) -> None:
    memory = made(name)
    waiter = memory.thread()
    events = [memory.object(1) for _ in range(objects)]
    memory.wait(waiter, *events)
    wait = memory.survey().waits[waiter]
    assert [held.object for held in wait.held] == events
    assert all(held.kind is Kind.EVENT for held in wait.held) and wait.any == (objects > 1)


@EVERY
def test_objects_by_type(name: str) -> None:
    memory = made(name)
    kinds = {
        0: Kind.EVENT, 1: Kind.EVENT, 5: Kind.SEMAPHORE, 7: Kind.GATE, 8: Kind.TIMER, 9: Kind.TIMER, 4: Kind.QUEUE,
        3: Kind.PROCESS, 77: Kind.UNKNOWN,
    }  # fmt: skip
    waiters = {}
    for kind in kinds:
        waiters[kind] = memory.thread()
        memory.wait(waiters[kind], memory.object(kind))
    waits = memory.survey().waits
    assert {kind: waits[waiter].held[0].kind for kind, waiter in waiters.items()} == kinds


@EVERY
def test_a_thread_that_waits_for_another_ones_end(name: str) -> None:
    memory = made(name)
    first, second = memory.thread(), memory.thread()
    memory.wait(first, second)
    memory.wait(second, memory.object(1))
    graph = memory.graph()
    assert verdicts(graph, [first, second]) == [["blocked"], [""]]
    memory.wait(second, first)
    assert verdicts(memory.graph(), [first, second]) == [["deadlock"], ["deadlock"]]


@pytest.mark.parametrize("name", ["win7", "xp"])
def test_a_time_limit_is_no_object(name: str) -> None:
    memory = made(name)
    waiter, event, timer = memory.thread(), memory.object(1), memory.object(8)
    memory.wait(waiter, event, timed=timer)
    wait = memory.survey().waits[waiter]
    assert [held.object for held in wait.held] == [event] and "its wait has a time limit" in wait.notes and not wait.any
    sleeper = memory.thread()
    memory.wait(sleeper, timed=memory.object(8), reason=4)
    assert [held.kind for held in memory.survey().waits[sleeper].held] == [Kind.TIMER]


def test_since_windows_8_the_threads_own_timer_shows_a_limit() -> None:
    """Header.Inserted of KTHREAD.Timer; a timer that is not set says nothing, whatever its time."""
    memory = made("win10")
    first, second, sleeper = memory.thread(), memory.thread(), memory.thread()
    for thread, flag, seconds in ((first, 0x40, 30), (second, 0, 30), (sleeper, 0x40, -1)):
        memory.put(thread + 0x103, flag, 1)
        memory.put(thread + 0x118, TICKS * 156250 + seconds * 10_000_000)
    event = memory.object(1)
    memory.wait(first, event)
    memory.wait(second, event)
    memory.wait(sleeper, (1 << 64) - 1, reason=4)
    waits = memory.survey().waits
    assert waits[first].timed and "its wait has a time limit, 30.0 s from now" in waits[first].notes
    assert not waits[second].timed and not waits[second].notes
    assert [(held.kind, held.object) for held in waits[sleeper].held] == [(Kind.TIMER, sleeper + 0x100)]
    assert not waits[sleeper].timed


@EVERY
def test_a_block_of_another_thread_counts_for_nothing(name: str) -> None:
    memory = made(name)
    first, second = ring(memory, 2)
    block = first + memory.machine.thread["Block"][0]
    memory.member(block, memory.machine.block["Thread"], memory.thread())
    graph = memory.graph()
    assert not graph.deadlocks and "names another thread" in graph.survey.waits[first].notes[0]
    assert verdicts(graph, [second]) == [["blocked"]]


@EVERY
def test_an_object_that_does_not_know_the_waiter(name: str) -> None:
    memory = made(name)
    first, _ = ring(memory, 2)
    mutant = memory.get(first + memory.machine.thread["Block"][0] + memory.machine.block["Object"][0])
    memory.link(memory.head(mutant))
    graph = memory.graph()
    assert not graph.deadlocks
    assert "its wait block is not in the object's list of waiters" in graph.survey.waits[first].held[0].notes


def test_a_count_beyond_what_there_can_be() -> None:
    memory = made("win10")
    waiter = memory.thread()
    memory.wait(waiter, *(memory.object(1) for _ in range(64)))
    memory.member(waiter, memory.machine.thread["WaitBlockCount"], 255)
    wait = memory.survey().waits[waiter]
    assert len(wait.held) == 64 and "more than there can be" in wait.notes[0]


@pytest.mark.parametrize("name", ["win7", "xp"])
def test_blocks_that_run_in_a_loop_beside_the_first(name: str) -> None:
    memory = made(name)
    waiter = memory.thread()
    memory.wait(waiter, *(memory.object(1) for _ in range(3)))
    first = waiter + memory.machine.thread["Block"][0]
    last = first + 2 * memory.machine.block_size
    memory.member(last, memory.machine.block["Next"], first + memory.machine.block_size)
    wait = memory.survey().waits[waiter]
    assert len(wait.held) == 3 and "loop" in wait.notes[0]


@pytest.mark.parametrize("name", ["win7", "xp"])
def test_a_ring_of_more_objects_than_there_can_be(name: str) -> None:
    """A thread that claims to wait for thousands of objects: the first are looked at, the rest is said."""
    memory = made(name)
    waiter, event = memory.thread(), memory.object(1)
    memory.wait(waiter, *([event] * 3000))
    wait = memory.survey().waits[waiter]
    assert len(wait.held) <= 65 and any("more than 64 wait blocks" in note for note in wait.notes)
    assert not any(held.sure for held in wait.held)


@EVERY
@pytest.mark.parametrize("pointer", [0, 0x1000, -1, 8])
def test_blocks_that_lead_out_of_the_kernel(name: str, pointer: int) -> None:
    memory = made(name)
    waiter = memory.thread()
    memory.wait(waiter, memory.object(1))
    memory.member(waiter, memory.machine.thread["WaitBlockList"], pointer)
    wait = memory.survey().waits[waiter]
    assert not wait.held and wait.notes
