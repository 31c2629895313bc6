"""Dispatcher objects: events, mutants, semaphores, queues; with names in \\BaseNamedObjects where they have one.

Members: public symbol tables; SignalState of a mutant is one less the number of times that its owner has taken it
(wdm.h's documentation of KeReadStateMutant).
"""

from __future__ import annotations

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.kernel.processes import Process, Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.waits.hang import Hang, Mutant, Waited
from volplugins.lab.waits.wait_words import EVENT, MUTANT, SEMAPHORE

NAMED = "\\BaseNamedObjects\\"
_TAGS = {"Event": "Even", "Mutant": "Muta", "Semaphore": "Sema", "Timer": "Time"}


def _object(machine: Machine, kind: str, structure: str, name: str) -> int:
    """An executive object's body, with its name in the directory."""
    address = machine.pool.allocate_object(machine.structures.size(structure), _TAGS[kind], kind, name)
    if name:
        machine.io.named[NAMED + name] = address
    return address


def write_header(machine: Machine, address: int, structure: str, kind: int, signalled: int = 0) -> None:
    """The dispatcher header at the beginning of a structure, with nobody waiting."""
    record = machine.record("_DISPATCHER_HEADER")
    record.set("Type", kind).set("Size", machine.structures.size(structure) // 4 & 0xFF).set("SignalState", signalled)
    machine.write(address, record.data)
    link_list(machine, address + record.offset("WaitListHead"), [])


def event(hang: Hang, name: str = "", kind: int = EVENT) -> Waited:
    """An event that is not signalled."""
    machine = hang.machine
    address = _object(machine, "Event", "_KEVENT", name)
    write_header(machine, address, "_KEVENT", kind)
    return Waited(address, address, "Event", NAMED + name if name else "")


def semaphore(hang: Hang, name: str = "") -> Waited:
    """A semaphore whose count is used up."""
    machine = hang.machine
    address = _object(machine, "Semaphore", "_KSEMAPHORE", name)
    write_header(machine, address, "_KSEMAPHORE", SEMAPHORE)
    machine.write(address + machine.structures.offset("_KSEMAPHORE", "Limit"), (4).to_bytes(4, "little"))
    return Waited(address, address, "Semaphore", NAMED + name if name else "")


def mutant(hang: Hang, owner: Thread | None, name: str = "", taken: int = 1) -> Waited:
    """A mutant that a thread owns, taken so many times; it gets into the thread's list at the end."""
    machine = hang.machine
    address = _object(machine, "Mutant", "_KMUTANT", name)
    write_header(machine, address, "_KMUTANT", MUTANT, 1 - taken if owner else 1)
    machine.write_pointer(address + machine.structures.offset("_KMUTANT", "OwnerThread"), owner.address if owner else 0)
    link_list(machine, address + machine.structures.offset("_KMUTANT", "MutantListEntry"), [])
    whole = NAMED + name if name else ""
    hang.mutants.append(Mutant(address, owner, whole))
    return Waited(address, address, "Mutant", whole, owner)


def thread_object(thread: Thread) -> Waited:
    """The thread itself: who waits for it waits for its end."""
    return Waited(thread.address, thread.address, "Thread", "", thread)


def process_object(process: Process) -> Waited:
    """A process, which is signalled at its end."""
    return Waited(process.address, process.address, "Process", process.name)


def write_mutant_lists(hang: Hang) -> None:
    """KTHREAD.MutantListHead of every thread: the mutants that it owns."""
    machine = hang.machine
    entry = machine.structures.offset("_KMUTANT", "MutantListEntry")
    head = machine.structures.offset("_ETHREAD", "Tcb.MutantListHead")
    owned: dict[int, list[int]] = {}
    for each in hang.mutants:
        if each.owner is not None:
            owned.setdefault(each.owner.address, []).append(each.address + entry)
    for thread in (*hang.threads(), *hang.world.idle.threads):
        link_list(machine, thread.address + head, owned.get(thread.address, []))
