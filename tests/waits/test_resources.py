"""Executive resources, made by hand: their owners by tables, entries and stacks, and how that is known."""

from __future__ import annotations

import pytest

from tests.waits.locks import (
    EVERY,
    SEMAPHORE,
    SYNCHRONIZATION_EVENT,
    WR_RESOURCE,
    held_by,
    made,
)
from tests.waits.made_waits import Made, verdicts
from volplugins.waits.words import Kind


@EVERY
@pytest.mark.parametrize("owners", [1, 2, 5])
@pytest.mark.parametrize("side", ["SharedWaiters", "ExclusiveWaiters"])
def test_a_resource_by_what_its_waiters_wait_for(name: str, owners: int, side: str) -> None:
    memory = made(name)
    holders = [memory.thread() for _ in range(owners)]
    waiters = [memory.thread() for _ in range(2)]
    waited = memory.object(SEMAPHORE if side == "SharedWaiters" else SYNCHRONIZATION_EVENT)
    counts = {
        "NumberOfSharedWaiters": 2 * (side == "SharedWaiters"),
        "NumberOfExclusiveWaiters": 3,
        "ContentionCount": 9,
    }
    lock = memory.resource(*holders, exclusive=owners == 1, **{side: waited}, **counts)
    for waiter in waiters:
        memory.wait(waiter, waited, reason=WR_RESOURCE if name != "xp" else 0)
    survey = memory.survey()
    for waiter in waiters:
        (held,) = survey.waits[waiter].held
        assert (held.kind, held.object, held.owners, held.sure) == (Kind.RESOURCE, lock, tuple(holders), True)
        assert "known by the list of its waiters" in held.notes
    known = survey.resources.all[lock]
    assert (known.shared_waiters, known.exclusive_waiters, known.contention) == (counts["NumberOfSharedWaiters"], 3, 9)
    assert known.exclusive == (owners == 1)


def test_a_chain_of_waiters_on_their_stacks() -> None:
    """The pointer leads to the first block, each block to the next, wherever in it the pointers are."""
    memory = made()
    owner = memory.thread()
    waiters = [memory.thread() for _ in range(4)]
    blocks = [memory.on_stack(waiter) for waiter in waiters]
    for block, following, at in zip(blocks, (*blocks[1:], 0), (0x18, 0x30, -8, 0x20), strict=True):
        memory.object(SYNCHRONIZATION_EVENT, address=block)
        memory.put(block + at, following)
    lock = memory.resource(owner, ExclusiveWaiters=blocks[0] - 0x10)
    for waiter, block in zip(waiters, blocks, strict=True):
        memory.wait(waiter, block, reason=WR_RESOURCE)
    survey = memory.survey()
    assert [survey.waits[each].held[0].object for each in waiters] == [lock] * 4


def test_two_chains_are_not_mixed_up() -> None:
    memory = made()
    owners, waiters = [memory.thread() for _ in range(2)], [memory.thread() for _ in range(2)]
    locks = []
    for owner, waiter in zip(owners, waiters, strict=True):
        block = memory.object(SYNCHRONIZATION_EVENT, address=memory.on_stack(waiter))
        locks.append(memory.resource(owner, SharedWaiters=block))
        memory.wait(waiter, block, reason=WR_RESOURCE)
    assert [held_by(memory, each).object for each in waiters] == locks


def test_resources_in_a_deadlock() -> None:
    memory = made("win7")
    threads = [memory.thread() for _ in range(2)]
    events = [memory.object(SYNCHRONIZATION_EVENT) for _ in range(2)]
    for thread, event, waiter, waited in zip(threads, events, threads[::-1], events, strict=True):
        memory.resource(thread, ExclusiveWaiters=event)
        memory.wait(waiter, waited, reason=WR_RESOURCE)
    assert memory.graph().deadlocks == [tuple(threads)]


def test_one_that_holds_shared_and_wants_all_waits_for_itself() -> None:
    memory = made("win7")
    thread, event = memory.thread(), memory.object(SYNCHRONIZATION_EVENT)
    memory.resource(thread, exclusive=False, ExclusiveWaiters=event)
    memory.wait(thread, event, reason=WR_RESOURCE)
    assert memory.graph().deadlocks == [(thread,)]


@EVERY
def test_an_owner_given_by_a_pointer_that_is_a_thread(name: str) -> None:
    """It is named, and need not be who releases it."""
    memory = made(name)
    owner, waiter, event = memory.thread(), memory.thread(), memory.object(SYNCHRONIZATION_EVENT)
    memory.resource(owner | 3, ExclusiveWaiters=event)
    memory.wait(waiter, event, reason=WR_RESOURCE)
    held = held_by(memory, waiter)
    assert held.owners == (owner,) and not held.sure and any("owner pointer" in note for note in held.notes)


@EVERY
def test_an_owner_given_by_a_pointer_that_is_no_thread(name: str) -> None:
    memory = made(name)
    pointer, waiter, event = memory.block(0x40), memory.thread(), memory.object(SYNCHRONIZATION_EVENT)
    lock = memory.resource(pointer | 3, ExclusiveWaiters=event)
    memory.wait(waiter, event, reason=WR_RESOURCE)
    graph = memory.graph()
    (held,) = graph.survey.waits[waiter].held
    assert (held.kind, held.object, held.owners, held.sure) == (Kind.RESOURCE, lock, (), False)
    assert any(f"held by the owner pointer {pointer:#x}, which is no thread" in note for note in held.notes)
    assert verdicts(graph, [waiter]) == [[""]] and graph.survey.resources.all[lock].held


def test_a_pointer_beside_threads() -> None:
    memory = made()
    owners, waiter, event = [memory.thread() for _ in range(2)], memory.thread(), memory.object(SYNCHRONIZATION_EVENT)
    pointers = [memory.block(0x40) for _ in range(6)]
    lock = memory.resource(*owners, *(each | 3 for each in pointers), exclusive=False, ExclusiveWaiters=event)
    memory.wait(waiter, event, reason=WR_RESOURCE)
    survey = memory.survey()
    assert survey.waits[waiter].held[0].owners == tuple(owners) and survey.waits[waiter].held[0].sure
    assert survey.resources.all[lock].pointers == tuple(pointers)
    assert any("and 2 more" in note for note in survey.resources.all[lock].notes)


@EVERY
@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x10000, 0])
def test_an_owner_table_of_any_size(name: str, size: int) -> None:
    memory = made(name)
    owners, waiter = [memory.thread() for _ in range(3)], memory.thread()
    event = memory.object(SYNCHRONIZATION_EVENT)
    lock = memory.resource(*owners, exclusive=False, ExclusiveWaiters=event)
    table = memory.get(lock + memory.machine.resource["OwnerTable"][0])
    memory.put(table + memory.machine.width, size, 4)
    memory.wait(waiter, event, reason=WR_RESOURCE)
    held = held_by(memory, waiter)
    assert held.owners[0] == owners[0] and any("owner table" in note for note in held.notes)


@EVERY
@pytest.mark.parametrize("bad", ["loop", "user", "unreadable"])
def test_a_list_of_resources_that_is_damaged(name: str, bad: str) -> None:
    memory = made(name)
    owner = memory.thread()
    locks = [memory.resource(owner) for _ in range(4)]
    assert set(memory.survey().resources.all) == set(locks)
    memory.put(locks[1], {"loop": locks[0], "user": 0x7FFF0000, "unreadable": memory.base + (1 << 24)}[bad])
    found = memory.survey(link=False)
    assert set(locks[:2]) <= set(found.resources.all) and any("list of resources" in note for note in found.notes)


def fast_resource(memory: Made, *owners: int, event: int = 0, flags: int = 0) -> int:
    """Known by its owners' entries alone: list, thread, lock, recursion."""
    lock = memory.block(0x68)
    memory.put(lock, 1)
    memory.put(lock + 0x10, event)
    memory.put(lock + 0x38, 7, 4)
    for owner in owners:
        entry = memory.block(0x30)
        memory.put(entry + 0x10, owner | flags)
        memory.put(entry + 0x18, lock)
        memory.link(owner + memory.machine.thread["OwnerEntryListHead"][0], entry)
    return lock


@pytest.mark.parametrize("disowned", [0, 1])
def test_a_fast_resource_by_its_owners_entry(disowned: int) -> None:
    """One who disowned it is named, and need not be who releases it."""
    memory = made()
    owner, waiter = memory.thread(), memory.thread()
    event = memory.object(SYNCHRONIZATION_EVENT, address=memory.on_stack(waiter))
    lock = fast_resource(memory, owner, event=event, flags=disowned)
    memory.wait(waiter, event, reason=WR_RESOURCE)
    survey = memory.survey()
    (held,) = survey.waits[waiter].held
    assert (held.object, held.owners, held.kind, held.sure) == (lock, (owner,), Kind.RESOURCE, not disowned)
    assert survey.resources.all[lock].fast and survey.resources.all[lock].shared_waiters == 7
