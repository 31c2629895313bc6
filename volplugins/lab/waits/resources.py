"""ERESOURCEs: owners, owner table, waiters, and the list of all of them (nt!ExpSystemResourcesList).

Members: public symbol tables. ResourceOwnedExclusive: ReactOS. Up to Windows 7 those who wait share one semaphore or
one event; Windows 10 chains blocks on the waiters' stacks, of which public tables say no more than the pointer: the
lab's begin with the event, the next block's address behind it.
"""

from __future__ import annotations

from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.waits.dispatchers import write_header
from volplugins.lab.waits.hang import Hang, Resource, Wait, Waited
from volplugins.lab.waits.wait_words import EVENT, SEMAPHORE, reason_number

_OWNED_EXCLUSIVE = 0x80
_LOCALS = 0x48  # where the wait block lies among the locals of ExpWaitForResource
_TABLE = 4  # entries of an owner table
_WINDOWS_8 = 9200


def resource(
    hang: Hang, owners: list[tuple[Thread, int]], exclusive: bool = True, symbol: str = "", address: int = 0
) -> Resource:
    """A resource in the pool, or the kernel's own of that name; it is written at the end.

    Args:
        owners: who has it, and how many times.
    """
    machine = hang.machine
    size = machine.structures.size("_ERESOURCE")
    address = machine.symbol(symbol) if symbol else address or machine.pool.allocate(size, "Reso")
    made = Resource(address, symbol, exclusive and bool(owners), owners)
    hang.resources.append(made)
    return made


def wait_for_resource(hang: Hang, thread: Thread, lock: Resource, seconds: int, exclusive: bool = True) -> Wait:
    """A driver's worker, or a program's thread within a service, wants the resource."""
    machine = hang.machine
    stack = hang.begin(thread, "NtReadFile")
    stack.call(f"nt!ExAcquireResource{'Exclusive' if exclusive else 'Shared'}Lite")
    stack.call("nt!ExpWaitForResource")
    dispatcher = _dispatcher(machine, lock, exclusive, stack)
    (lock.exclusive_waiters if exclusive else lock.shared_waiters).append((thread, dispatcher))
    stack.call("nt!KeWaitForSingleObject")
    holders = [each for each, _ in lock.owners]
    waited = Waited(lock.address, dispatcher, "Resource", lock.name, holders[0], others=holders[1:])
    return hang.commit(stack, Wait(thread, reason_number(machine, "WrResource"), [waited]), seconds)


def _dispatcher(machine: Machine, lock: Resource, exclusive: bool, stack: KernelStack) -> int:
    """What the waiter's block points to: of those who have come before, or its own."""
    structure, kind = ("_KEVENT", EVENT) if exclusive else ("_KSEMAPHORE", SEMAPHORE)
    earlier = lock.exclusive_waiters if exclusive else lock.shared_waiters
    if machine.profile.build >= _WINDOWS_8:
        address = stack.place(_LOCALS, bytes(machine.structures.size("_KEVENT") + 2 * machine.width))
        write_header(machine, address, "_KEVENT", EVENT)
        if earlier:
            machine.write_pointer(earlier[-1][1] + machine.structures.size("_KEVENT"), address)
        return address
    if earlier:
        return earlier[0][1]
    address = machine.pool.allocate(machine.structures.size(structure), "ReEv" if exclusive else "ReSe")
    write_header(machine, address, structure, kind)
    return address


def write_resources(hang: Hang) -> None:
    """All resources, in their list."""
    machine = hang.machine
    for each in hang.resources:
        _write(machine, each)
    entry = machine.structures.offset("_ERESOURCE", "SystemResourcesList")
    link_list(machine, machine.symbol("nt!ExpSystemResourcesList"), [each.address + entry for each in hang.resources])


def _write(machine: Machine, lock: Resource) -> None:
    record = machine.record("_ERESOURCE")
    shared, exclusive = lock.shared_waiters, lock.exclusive_waiters
    held = 1 if lock.exclusive else len(lock.owners)
    record.fill(ActiveCount=held, ActiveEntries=held, Flag=_OWNED_EXCLUSIVE if lock.exclusive else 0,
                SharedWaiters=shared[0][1] if shared else 0, ExclusiveWaiters=exclusive[0][1] if exclusive else 0,
                NumberOfSharedWaiters=len(shared), NumberOfExclusiveWaiters=len(exclusive),
                ContentionCount=3 * (len(shared) + len(exclusive)))  # fmt: skip
    first, rest = (lock.owners[:1], lock.owners[1:]) if lock.owners else ([], [])
    old = not machine.structures.has("_ERESOURCE", "OwnerEntry")
    for thread, count in first:  # of two entries on Windows XP, the first is the exclusive owner's
        path = f"OwnerThreads[{0 if lock.exclusive else 1}]" if old else "OwnerEntry"
        record.set(f"{path}.OwnerThread", thread.address).set(f"{path}.OwnerCount", count)
    if rest:
        record.fill(OwnerTable=_owner_table(machine, rest))
    machine.write(lock.address, record.data)


def _owner_table(machine: Machine, owners: list[tuple[Thread, int]]) -> int:
    """The table of further owners, whose first entry says how long it is."""
    size = machine.structures.size("_OWNER_ENTRY")
    entries = [machine.record("_OWNER_ENTRY").set("TableSize", _TABLE)]
    entries += [machine.record("_OWNER_ENTRY").set("OwnerThread", thread.address).set("OwnerCount", count)
                for thread, count in owners]  # fmt: skip
    return machine.pool.store(b"".join(each.data for each in entries).ljust(size * _TABLE, b"\0"), "ReTa")
