"""Every kind of lock, made by hand: its owner by the place where Windows keeps it, and how that is known."""

from __future__ import annotations

import random

import pytest

from tests.waits.made_waits import KERNEL, MACHINES, READY, WIN7, WIN10, XP, Made, made_process, ring, verdicts
from volplugins.waits.held import Held
from volplugins.waits.words import Kind

EVERY = pytest.mark.parametrize("name", MACHINES)
WR_RESOURCE, WR_PUSH_LOCK, WR_FAST_MUTEX, WR_ALERT, WR_KEYED, WR_QUEUE = 27, 28, 34, 37, 21, 15
WR_LPC_RECEIVE, WR_LPC_REPLY = 16, 17
SYNCHRONIZATION_EVENT, SEMAPHORE, QUEUE = 1, 5, 4


def made(name: str = "win10") -> Made:
    return Made(MACHINES[name])


def held_by(memory: Made, waiter: int) -> Held:
    return memory.survey().waits[waiter].held[0]


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
def test_an_owner_given_by_a_pointer_with_flags(name: str) -> None:
    memory = made(name)
    owner, waiter, event = memory.thread(), memory.thread(), memory.object(SYNCHRONIZATION_EVENT)
    memory.resource(owner | 3, ExclusiveWaiters=event)
    memory.wait(waiter, event, reason=WR_RESOURCE)
    assert held_by(memory, waiter).owners == (owner,)


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


def fast_resource(memory: Made, *owners: int, event: int = 0) -> int:
    """Known by its owners' entries alone: list, thread, lock, recursion."""
    lock = memory.block(0x68)
    memory.put(lock, 1)
    memory.put(lock + 0x10, event)
    memory.put(lock + 0x38, 7, 4)
    for owner in owners:
        entry = memory.block(0x30)
        memory.put(entry + 0x10, owner | 1)
        memory.put(entry + 0x18, lock)
        memory.link(owner + memory.machine.thread["OwnerEntryListHead"][0], entry)
    return lock


def test_a_fast_resource_by_its_owners_entry() -> None:
    memory = made()
    owner, waiter = memory.thread(), memory.thread()
    event = memory.object(SYNCHRONIZATION_EVENT, address=memory.on_stack(waiter))
    lock = fast_resource(memory, owner, event=event)
    memory.wait(waiter, event, reason=WR_RESOURCE)
    survey = memory.survey()
    (held,) = survey.waits[waiter].held
    assert (held.object, held.owners, held.kind) == (lock, (owner,), Kind.RESOURCE)
    assert survey.resources.all[lock].fast and survey.resources.all[lock].shared_waiters == 7


def lock_entry(memory: Made, thread: int, number: int, lock: int, acquired: bool) -> None:
    """AutoBoost's entry: the lock's address loses its highest bit and gains flags."""
    at, size = memory.machine.thread["LockEntries"]
    entry = thread + at + number * size
    memory.put(entry + 0x20, (lock & ~(1 << 63)) | (1 << 63 if number % 2 else 0) | 1)
    memory.put(entry + 0x1A, acquired, 1)


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


def fast_mutex(memory: Made, owner: int, **values: int) -> tuple[int, int]:
    """The mutex, and the event in it."""
    width = memory.machine.width
    places = {"Count": 0, "Owner": width, "Contention": 2 * width, "OldIrql": 0x30 if width == 8 else 0x1C}
    address = memory.block(0x38)
    event = address + (0x18 if width == 8 else 0xC)
    memory.object(SYNCHRONIZATION_EVENT, address=event)
    for name, value in {"Count": -1, "Owner": owner, "Contention": 1, **values}.items():
        memory.put(address + places[name], value, width if name == "Owner" else 4)
    return address, event


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


@EVERY
@pytest.mark.parametrize("wrong", [{"Count": 1}, {"Contention": 0}, {"OldIrql": 200}, {"Owner": 0x7FFF0000}])
def test_what_is_no_fast_mutex_is_an_event(name: str, wrong: dict[str, int]) -> None:
    memory = made(name)
    owner, waiter = memory.thread(), memory.thread()
    _, event = fast_mutex(memory, owner, **wrong)
    memory.wait(waiter, event, reason=0)
    assert (held_by(memory, waiter).kind, held_by(memory, waiter).owners) == (Kind.EVENT, ())


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


def section(
    owner: int, bits: int, lock_count: int = -6, recursions: int = 1, handle: int = 0, debug: int = -1
) -> bytes:
    width = bits // 8

    def number(value: int, size: int) -> bytes:
        return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    return (
        number(debug, width) + number(lock_count, 4) + number(recursions, 4) + number(owner, width)
        + number(handle, width) + number(0, width)
    )  # fmt: skip


@pytest.mark.parametrize("offset", [0, 0x18])
def test_a_critical_section_by_the_address_waited_for(offset: int) -> None:
    memory = made()
    owner, waiter = memory.thread(pid=12), memory.thread(pid=12)
    memory.user[0x10000] = section(memory.tid(owner), 64)
    memory.wait(waiter, memory.object(1), reason=WR_ALERT)
    memory.member(waiter, memory.machine.thread["WaitBlockCount"], 0)
    memory.member(waiter, memory.machine.thread["FirstArgument"], 0x10000 + offset)
    held = held_by(memory, waiter)
    assert (held.kind, held.object, held.owners, held.sure) == (Kind.CRITICAL_SECTION, 0x10000, (owner,), True)


@pytest.mark.parametrize("count", [-1, 0, -2, -5, 1 << 30])
def test_what_nobody_holds_or_waits_for_is_no_section(count: int) -> None:
    memory = made()
    owner, waiter = memory.thread(pid=12), memory.thread(pid=12)
    memory.user[0x10000] = section(memory.tid(owner), 64, count)
    memory.wait(waiter, memory.object(1), reason=WR_ALERT)
    memory.member(waiter, memory.machine.thread["FirstArgument"], 0x10000)
    assert held_by(memory, waiter).kind is Kind.WAIT_ADDRESS


def test_the_owner_of_a_section_is_a_thread_of_its_process() -> None:
    memory = made()
    other, waiter = memory.thread(pid=16), memory.thread(pid=12)
    memory.user[0x10000] = section(memory.tid(other), 64)
    memory.wait(waiter, memory.object(1), reason=WR_ALERT)
    memory.member(waiter, memory.machine.thread["FirstArgument"], 0x10000)
    assert verdicts(memory.graph(), [waiter]) == [["owner-gone"]] and not held_by(memory, waiter).owners
    memory.user[0x10000] = section(memory.tid(other), 64, debug=0x123456)
    assert held_by(memory, waiter).kind is Kind.WAIT_ADDRESS


def test_a_section_of_a_32_bit_program() -> None:
    memory = made()
    owner, waiter = memory.thread(pid=12), memory.thread(pid=12)
    process = memory.processes[12]
    memory.processes[12] = type(process)(process.eprocess, 12, 0, "made32.exe", 0, 0, "made", wow64=0x7000)
    memory.user[0x10000] = section(memory.tid(owner), 32)
    memory.wait(waiter, memory.object(1), reason=WR_ALERT)
    memory.member(waiter, memory.machine.thread["FirstArgument"], 0x10000)
    assert held_by(memory, waiter).owners == (owner,)


@pytest.mark.parametrize("name", ["win7", "xp"])
def test_a_section_whose_event_is_waited_for(name: str) -> None:
    """Up to Windows 7: by the handle, through the list that PEB.LoaderLock leads to."""
    memory = made(name)
    owner, waiter = memory.thread(pid=12), memory.thread(pid=12)
    process = memory.processes[12]
    table, page, header = memory.block(0x80), memory.block(0x1000, 0x1000), memory.block(0x200)
    memory.put(table, page)
    wide = memory.machine.width
    memory.put(page + 0x44 // 4 * 2 * wide, header | 1)
    memory.processes[12] = made_process(process.eprocess, 12, peb=0x20000, table=table)
    debugs = [0x30000, 0x31000]
    lock, body, count = (0x110, 0x30, -6) if wide == 8 else (0xA0, 0x18, 1)
    bits = memory.machine.bits
    memory.user[0x20000 + lock] = (0x10000).to_bytes(wide, "little")
    memory.user[0x10000] = section(0, bits, -1, 0, debug=debugs[0])
    memory.user[0x11000] = section(memory.tid(owner), bits, count, handle=0x44, debug=debugs[1])
    for debug, following, address in zip(debugs, debugs[::-1], (0x10000, 0x11000), strict=True):
        words = (address, following + 2 * wide)
        memory.user[debug + wide] = b"".join(each.to_bytes(wide, "little") for each in words)
    event = memory.object(SYNCHRONIZATION_EVENT, address=header + body)
    memory.wait(waiter, event)
    held = held_by(memory, waiter)
    assert (held.object, held.owners, held.kind) == (0x11000, (owner,), Kind.CRITICAL_SECTION)
    memory.put(page + 0x44 // 4 * 2 * wide, memory.block(0x100))
    assert held_by(memory, waiter).object == event


@EVERY
def test_others_who_wait_for_the_same_key(name: str) -> None:
    memory = made(name)
    waiters = [memory.thread(pid=12) for _ in range(7)]
    other = memory.thread(pid=16)
    for waiter in (*waiters, other):
        semaphore = memory.object(SEMAPHORE, address=waiter + memory.machine.thread["Semaphore"][0])
        memory.wait(waiter, semaphore, reason=0 if name == "xp" else WR_KEYED)
        memory.member(waiter, memory.machine.thread["KeyedWaitValue"], 0x50001)
    survey = memory.survey()
    (held,) = survey.waits[waiters[0]].held
    assert (held.kind, held.object) == (Kind.KEYED_EVENT, 0x50000) and "and 2 more" in held.notes[0]
    assert str(memory.tid(waiters[1])) in held.notes[0]
    assert survey.waits[other].held[0].notes == ("who would wake it is not kept",)


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
