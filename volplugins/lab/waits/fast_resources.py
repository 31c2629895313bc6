"""Fast resources (build 17763 and later): in no list of the kernel, their owners' entries hang off the threads.

Places of members: public listings of Windows' structures (_FAST_ERESOURCE and its owner entry); what the waiters' words
lead to is as in resources.py. The lock word: 1 taken exclusively, 2 somebody waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.waits.dispatchers import write_header
from volplugins.lab.waits.hang import Hang, Wait, Waited
from volplugins.lab.waits.wait_words import EVENT, reason_number

_SIZE = 0x68
_EXCLUSIVE_WAITERS, _OWNER, _CONTENTION = 0x10, 0x40, 0x3C
_ENTRY_THREAD, _ENTRY_LOCK, _ENTRY_COUNT = 0x10, 0x18, 0x20
_TAKEN, _CONFLICT = 1, 2
_LOCALS = 0x48


@dataclass(slots=True)
class FastResource:
    """A fast resource that a thread has exclusively."""

    address: int
    owner: Thread
    waiters: list[int] = field(default_factory=list)


def fast_resource(hang: Hang, owner: Thread) -> FastResource:
    """A fast resource in the pool; one per owner."""
    made = FastResource(hang.machine.pool.allocate(_SIZE, "FstR"), owner)
    hang.late.append(lambda: _write(hang.machine, made))
    return made


def wait_for_fast_resource(hang: Hang, thread: Thread, lock: FastResource, seconds: int) -> Wait:
    """A driver's worker wants the resource exclusively."""
    machine = hang.machine
    stack = hang.begin(thread, "NtReadFile")
    for function in ("nt!ExAcquireResourceExclusiveLite", "nt!ExpWaitForResource"):
        stack.call(function)
    block = stack.place(_LOCALS, bytes(machine.structures.size("_KEVENT") + 2 * machine.width))
    write_header(machine, block, "_KEVENT", EVENT)
    if lock.waiters:
        machine.write_pointer(lock.waiters[-1] + machine.structures.size("_KEVENT"), block)
    lock.waiters.append(block)
    stack.call("nt!KeWaitForSingleObject")
    waited = Waited(lock.address, block, "Resource", "", lock.owner)
    return hang.commit(stack, Wait(thread, reason_number(machine, "WrResource"), [waited]), seconds)


def _write(machine: Machine, lock: FastResource) -> None:
    entry = lock.address + _OWNER
    machine.write_pointer(lock.address, _TAKEN | (_CONFLICT if lock.waiters else 0))
    machine.write_pointer(lock.address + _EXCLUSIVE_WAITERS, lock.waiters[0] if lock.waiters else 0)
    machine.write(lock.address + _CONTENTION, len(lock.waiters).to_bytes(4, "little"))
    machine.write_pointer(entry + _ENTRY_THREAD, lock.owner.address)
    machine.write_pointer(entry + _ENTRY_LOCK, lock.address)
    machine.write(entry + _ENTRY_COUNT, b"\1\0\0\0")
    head = lock.owner.address + machine.structures.offset("_ETHREAD", "OwnerEntryListHead")
    link_list(machine, head, [entry])
