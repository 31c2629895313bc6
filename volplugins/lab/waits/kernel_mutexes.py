"""Fast mutexes, guarded mutexes, push locks: what kernel code waits for that no handle leads to.

Members: public symbol tables. Count: up to Vista one less the number of those who have or want the mutex; then a free
bit, a bit for a waiter that was woken, and 4 for each waiter (ReactOS, GM_LOCK_*). A push lock's word: locked 1,
waiting 2, and the address of the first wait block, on the waiter's stack. Whose it is only AutoBoost's entries say,
since Windows 8.1 (KLOCK_ENTRY: public symbol tables).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.machine import Machine, symbol_at
from volplugins.lab.waits.dispatchers import write_header
from volplugins.lab.waits.hang import Hang, Wait, Waited
from volplugins.lab.waits.wait_words import EVENT, GATE, reason_number

_VISTA, _WINDOWS_7 = 6000, 7600
_LOCKED, _WAITING, _WAITER = 1, 2, 4
_LOCALS = 0x20
_BLOCK = 7  # pointers, and the event, of a push lock's wait block
_BOOSTED = 0x3F  # all six entries are free


@dataclass(slots=True)
class KernelMutex:
    """A fast or guarded mutex: ``kind`` is the structure's name on Windows 7."""

    address: int
    kind: str
    owner: Thread
    name: str = ""
    waiters: list[Thread] = field(default_factory=list)


def kernel_mutex(hang: Hang, owner: Thread, kind: str = "_FAST_MUTEX", address: int = 0) -> KernelMutex:
    """A mutex that somebody has; in pool where no address is given."""
    machine = hang.machine
    name = symbol_at(machine.images, address) if address else ""
    address = address or machine.pool.allocate(machine.structures.size("_FAST_MUTEX"), "FstM")
    made = KernelMutex(address, kind, owner, name)
    hang.late.append(lambda: _write_mutex(machine, made))
    event = address + machine.structures.offset("_FAST_MUTEX", "Event")
    gate = kind == "_KGUARDED_MUTEX" and machine.structures.has(kind)
    write_header(machine, event, "_KEVENT", GATE if gate else EVENT)
    return made


def wait_for_mutex(hang: Hang, thread: Thread, lock: KernelMutex, seconds: int) -> Wait:
    """A driver's worker, or a program's thread within a service, wants the mutex."""
    machine = hang.machine
    guarded = lock.kind == "_KGUARDED_MUTEX"
    stack = hang.begin(thread, "NtReadFile")
    if guarded and machine.structures.has(lock.kind):
        calls = ("nt!KeAcquireGuardedMutex", "nt!KiAcquireGuardedMutex", "nt!KeWaitForGate")
    else:
        calls = ("nt!ExAcquireFastMutex", "nt!ExpAcquireFastMutexContended", "nt!KeWaitForSingleObject")
    for function in calls:
        stack.call(function)
    lock.waiters.append(thread)
    event = lock.address + machine.structures.offset("_FAST_MUTEX", "Event")
    waited = Waited(lock.address, event, "FastMutex", lock.name, lock.owner)
    reason = reason_number(machine, "WrGuardedMutex" if guarded else "WrFastMutex")
    return hang.commit(stack, Wait(thread, reason, [waited]), seconds)


def _write_mutex(machine: Machine, lock: KernelMutex) -> None:
    known, count = machine.structures, _WAITER * len(lock.waiters)
    if machine.profile.build < _VISTA:
        count = -len(lock.waiters)
    at = lock.address + known.offset("_FAST_MUTEX", "Count")
    machine.write(at, (count & 0xFFFFFFFF).to_bytes(4, "little"))
    machine.write_pointer(lock.address + known.offset("_FAST_MUTEX", "Owner"), lock.owner.address)
    at = lock.address + known.offset("_FAST_MUTEX", "Contention")
    machine.write(at, (2 * len(lock.waiters) + 1).to_bytes(4, "little"))


@dataclass(slots=True)
class PushLock:
    """A push lock that somebody has exclusively."""

    address: int
    owner: Thread
    name: str = ""


def push_lock(hang: Hang, owner: Thread, address: int = 0) -> PushLock:
    """A push lock; AutoBoost's entry of the owner names it where the build has entries."""
    machine = hang.machine
    name = symbol_at(machine.images, address) if address else ""
    address = address or machine.pool.allocate(machine.width, "PshL")
    machine.write_pointer(address, _LOCKED)
    if machine.structures.has("_KLOCK_ENTRY"):
        hang.late.append(lambda: _lock_entry(machine, owner, address, acquired=True))
    return PushLock(address, owner, name)


def wait_for_push_lock(hang: Hang, thread: Thread, lock: PushLock, seconds: int) -> Wait:
    """The one waiter of a push lock: its block on its stack is what the lock leads to."""
    machine = hang.machine
    boosted = machine.structures.has("_KLOCK_ENTRY")
    stack = hang.begin(thread, "NtReadFile")
    stack.call("nt!ExfAcquirePushLockExclusive")
    block = _wait_block(machine, stack, EVENT if boosted else GATE)
    machine.write_pointer(lock.address, block | _LOCKED | _WAITING)
    stack.call("nt!KeWaitForSingleObject" if boosted else "nt!KeWaitForGate")
    if boosted:
        hang.late.append(lambda: _lock_entry(machine, thread, lock.address, acquired=False))
        waited = Waited(lock.address, block, "PushLock", lock.name, lock.owner)
    else:  # nothing leads from the thread to the lock
        waited = Waited(block, block, "PushLock")
    return hang.commit(stack, Wait(thread, reason_number(machine, "WrPushLock"), [waited]), seconds)


def _wait_block(machine: Machine, stack: KernelStack, kind: int) -> int:
    """Among the locals, at an address whose low four bits are free."""
    assert stack.current is not None
    offset = _LOCALS + -(stack.current.sp + _LOCALS) % 16
    block = stack.place(offset, bytes(machine.structures.size("_KEVENT") + _BLOCK * machine.width))
    write_header(machine, block, "_KEVENT", kind)
    last = block + machine.structures.size("_KEVENT") + machine.width
    machine.write_pointer(last, block)
    return block


def _lock_entry(machine: Machine, thread: Thread, lock: int, acquired: bool) -> None:
    """AutoBoost's first free entry of a thread: the lock, and whether the thread has it or waits for it."""
    known = machine.structures
    summary = thread.address + known.offset("_ETHREAD", "Tcb.AbEntrySummary")
    free = machine.kernel.read(summary, 1)[0] & _BOOSTED
    index = (free & -free).bit_length() - 1
    machine.write(summary, bytes([free & ~(1 << index)]))
    entry = thread.address + known.offset("_ETHREAD", f"LockEntries[{index}]")
    record = machine.record("_KLOCK_ENTRY").set("LockState.LockState", lock).set("SessionId", 0xFFFFFFFF)
    record.set("EntryFlags", index * known.size("_KLOCK_ENTRY") & 0xFF)
    record.set("AcquiredBit" if acquired else "WaitingBit", 1)
    machine.write(entry, record.data)
