"""Queues, noise where locks should be, and a ring through every kind of lock."""

from __future__ import annotations

import random

import pytest

from tests.waits.locks import (
    EVERY,
    QUEUE,
    SEMAPHORE,
    SYNCHRONIZATION_EVENT,
    WR_FAST_MUTEX,
    WR_KEYED,
    WR_PUSH_LOCK,
    WR_QUEUE,
    WR_RESOURCE,
    fast_mutex,
    lock_entry,
    made,
)
from tests.waits.made_waits import KERNEL, WIN7, WIN10, XP, Made, ring, verdicts


@EVERY
@pytest.mark.parametrize(("entries", "word"), [(0, "idle"), (5, "")])
def test_an_idle_worker_and_a_starved_queue(name: str, entries: int, word: str) -> None:
    memory = made(name)
    worker, queue = memory.thread(), memory.object(QUEUE, entries)
    at = 0x28 if memory.machine.width == 8 else 0x18
    memory.put(queue + at, 2, 4)
    memory.put(queue + at + 4, 2, 4)
    memory.wait(worker, queue, reason=WR_QUEUE)
    graph = memory.graph()
    assert verdicts(graph, [worker]) == [[word]]
    text = graph.survey.waits[worker].held[0].notes[0]
    assert text == "5 entries wait in the queue: 2 of 2 threads that may work on it at once do" if entries else "idle"


@pytest.mark.parametrize("machine", [WIN10, WIN7, XP], ids=["win10", "win7", "xp"])
def test_noise_gives_no_deadlock_and_no_error(machine: object) -> None:
    """Words of the whole memory overwritten at random, in a scene that has every kind of lock and no deadlock."""
    for seed in range(25):
        _noise(machine, seed)


@pytest.mark.slow
@pytest.mark.parametrize("machine", [WIN10, WIN7, XP], ids=["win10", "win7", "xp"])
def test_much_noise_gives_no_deadlock_and_no_error(machine: object) -> None:
    for seed in range(1000):
        _noise(machine, 1_000_000 + seed)


def _noise(machine: object, seed: int) -> None:
    assert isinstance(machine, type(WIN10))
    random_ = random.Random(seed)
    memory = Made(machine, bytearray(1 << 19))
    threads = [memory.thread(pid=4 + 4 * (number % 2)) for number in range(8)]
    memory.wait(threads[0], memory.mutant(threads[1]))
    event = memory.object(SYNCHRONIZATION_EVENT)
    memory.resource(threads[2], threads[3], exclusive=False, ExclusiveWaiters=event)
    memory.wait(threads[1], event, reason=WR_RESOURCE)
    _, inner = fast_mutex(memory, threads[3])
    memory.wait(threads[2], inner, reason=WR_FAST_MUTEX)
    memory.wait(threads[3], threads[4])
    memory.wait(threads[4], memory.object(QUEUE), reason=WR_QUEUE)
    memory.wait(threads[5], *(memory.mutant(each) for each in threads[:4]))
    memory.wait(
        threads[6], memory.object(SEMAPHORE, address=threads[6] + machine.thread["Semaphore"][0]), reason=WR_KEYED
    )
    words = memory.used // machine.width
    for _ in range(random_.choice((3, 30, 300))):
        anywhere = KERNEL[machine.bits] + random_.randrange(1 << 19)
        values = (random_.getrandbits(machine.bits), random_.choice(threads), anywhere, 0, 1, (1 << machine.bits) - 1)
        value = random_.choice(values)
        memory.put(memory.base + random_.randrange(8, words) * machine.width, value)
    assert not memory.graph().deadlocks, seed


def test_a_ring_through_every_kind_is_a_deadlock() -> None:
    memory = made()
    threads = [memory.thread() for _ in range(4)]
    memory.wait(threads[0], memory.mutant(threads[1]))
    event = memory.object(SYNCHRONIZATION_EVENT, address=memory.on_stack(threads[1]))
    memory.resource(threads[2], ExclusiveWaiters=event)
    memory.wait(threads[1], event, reason=WR_RESOURCE)
    _, inner = fast_mutex(memory, threads[3])
    memory.wait(threads[2], inner, reason=WR_FAST_MUTEX)
    lock = memory.block(8)
    lock_entry(memory, threads[3], 0, lock, False)
    lock_entry(memory, threads[0], 1, lock, True)
    memory.wait(threads[3], memory.object(1, address=memory.on_stack(threads[3])), reason=WR_PUSH_LOCK)
    assert [set(each) for each in memory.graph().deadlocks] == [set(threads)]
    assert ring(memory, 2)
