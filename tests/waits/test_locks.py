"""Push locks and mutexes, made by hand: the owner by the place where Windows keeps it, and how that is known."""

from __future__ import annotations

import pytest

from tests.waits.locks import (
    EVERY,
    SYNCHRONIZATION_EVENT,
    WR_FAST_MUTEX,
    WR_PUSH_LOCK,
    fast_mutex,
    held_by,
    lock_entry,
    made,
)
from tests.waits.made_waits import READY, verdicts
from volplugins.waits.words import Kind


def test_a_push_lock_by_the_entries_of_both() -> None:
    memory = made()
    owner, waiter, lock = memory.thread(state=READY), memory.thread(), memory.block(8)
    event = memory.object(SYNCHRONIZATION_EVENT, address=memory.on_stack(waiter))
    memory.wait(waiter, event, reason=WR_PUSH_LOCK)
    without = held_by(memory, waiter)
    assert (without.kind, without.object, without.owners) == (Kind.PUSH_LOCK, event, ()) and without.notes
    lock_entry(memory, waiter, 0, lock, False)
    assert held_by(memory, waiter).object == lock and not held_by(memory, waiter).owners
    lock_entry(memory, owner, 3, lock, True)
    graph = memory.graph()
    (held,) = graph.survey.waits[waiter].held
    assert (held.object, held.owners) == (lock, (owner,)) and any("AutoBoost" in note for note in held.notes)
    assert verdicts(graph, [waiter]) == [["ready-starved"]]


def test_two_locks_that_are_asked_for_are_no_answer() -> None:
    memory = made()
    waiter = memory.thread()
    memory.wait(waiter, memory.object(1, address=memory.on_stack(waiter)), reason=WR_PUSH_LOCK)
    for number in range(2):
        lock_entry(memory, waiter, number, memory.block(8), False)
    assert held_by(memory, waiter).object == memory.on_stack(waiter)


@EVERY
@pytest.mark.parametrize("reason", [0, WR_FAST_MUTEX])
def test_a_fast_mutex_around_its_event(name: str, reason: int) -> None:
    memory = made(name)
    owner, waiter = memory.thread(), memory.thread()
    lock, event = fast_mutex(memory, owner)
    memory.wait(waiter, event, reason=reason)
    held = held_by(memory, waiter)
    assert (held.kind, held.object, held.owners) == (Kind.FAST_MUTEX, lock, (owner,))
    assert bool(held.notes) == (reason != WR_FAST_MUTEX)
    assert held.sure == (reason == WR_FAST_MUTEX or name == "xp")  # there the count of waiters is what says it


@pytest.mark.parametrize(("name", "counts"), [("win10", (4, 6, 8, 400)), ("win7", (4, 10)), ("xp", (0, -1, -5))])
def test_counts_of_a_fast_mutex_that_is_waited_for(name: str, counts: tuple[int, ...]) -> None:
    """By shape it is one, for sure only where no reason could say so and the count is that of who waits."""
    for count in counts:
        memory = made(name)
        owner, waiter = memory.thread(), memory.thread()
        _, event = fast_mutex(memory, owner, Count=count)
        memory.wait(waiter, event, reason=0)
        memory.wait(owner, memory.mutant(waiter))
        held = held_by(memory, waiter)
        assert (held.kind, held.owners, held.sure) == (Kind.FAST_MUTEX, (owner,), count == -1), count
        assert bool(memory.graph().deadlocks) == held.sure


@pytest.mark.parametrize(("name", "counts"), [("win10", (0, -1, 1, 2, 5, -4)), ("win7", (0, 5)), ("xp", (1, 4, 6))])
def test_counts_of_no_fast_mutex_that_is_waited_for(name: str, counts: tuple[int, ...]) -> None:
    for count in counts:
        memory = made(name)
        waiter = memory.thread()
        _, event = fast_mutex(memory, memory.thread(), Count=count)
        memory.wait(waiter, event, reason=0)
        assert (held_by(memory, waiter).kind, held_by(memory, waiter).owners) == (Kind.EVENT, ()), count


@EVERY
@pytest.mark.parametrize("wrong", [{"Count": 1}, {"Contention": 0}, {"OldIrql": 200}, {"Owner": 0x7FFF0000}])
def test_what_is_no_fast_mutex_is_an_event(name: str, wrong: dict[str, int]) -> None:
    memory = made(name)
    owner, waiter = memory.thread(), memory.thread()
    _, event = fast_mutex(memory, owner, **wrong)
    memory.wait(waiter, event, reason=0)
    assert (held_by(memory, waiter).kind, held_by(memory, waiter).owners) == (Kind.EVENT, ())


@pytest.mark.parametrize("flags", [2, 3])
def test_a_push_lock_that_any_thread_may_release_makes_no_deadlock(flags: int) -> None:
    memory = made()
    threads = [memory.thread(), memory.thread()]
    locks = [memory.block(8), memory.block(8)]
    for number, thread in enumerate(threads):
        memory.wait(thread, memory.object(1, address=memory.on_stack(thread)), reason=WR_PUSH_LOCK)
        lock_entry(memory, thread, 0, locks[1 - number], False, flags=1)  # of one that asks it says nothing
        lock_entry(memory, thread, 1, locks[number], True, flags=2)
    assert [set(each) for each in memory.graph().deadlocks] == [set(threads)]
    lock_entry(memory, threads[1], 1, locks[1], True, flags=flags)
    graph = memory.graph()
    (held,) = graph.survey.waits[threads[0]].held
    assert held.owners == (threads[1],) and held.sure == (flags == 2)
    assert any("any thread may release it" in note for note in held.notes) == (flags == 3)
    assert bool(graph.deadlocks) == (flags == 2)
    assert verdicts(graph, threads[:1]) == [["deadlock" if flags == 2 else "blocked"]]
