"""Locks of user mode and how the kernel sees who wants them: critical sections, slim locks, addresses.

Members: public symbol tables. Up to Windows 7 such a thread waits in a keyed event, the lock's address being the key;
since Windows 8 it waits to be alerted, and the address is the first argument of NtWaitForAlertByThreadId. A critical
section's LockCount: documented by Microsoft (displaying a critical section), up to Windows XP the number of waiters. A
section without an event of its own has -1 as LockSemaphore up to Windows 7 (ReactOS: it then uses the keyed event).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.lab.kernel.processes import Process, Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.ranges import private_range
from volplugins.lab.structures.notation import Record
from volplugins.lab.waits.dispatchers import write_header
from volplugins.lab.waits.hang import Hang, Wait, Waited
from volplugins.lab.waits.wait_blocks import write_member
from volplugins.lab.waits.wait_words import SEMAPHORE, reason_number
from volplugins.lab.world.wow64 import narrow

_PAGE = 0x003C0000  # of every process: where its locks are
_SIZE = 0x1000
_NO_OBJECT = (1 << 64) - 2  # what the wait block of a thread that waits to be alerted points to: no object at all
_ALERT_CALL = 0x1D3
_WINDOWS_8, _VISTA = 9200, 6000


@dataclass(slots=True)
class CriticalSection:
    """A critical section of a process, 32 bits wide where ``view`` is that machine."""

    address: int
    process: Process
    owner: Thread
    machine: Machine
    view: Machine
    waiters: list[Thread] = field(default_factory=list)


def _room(hang: Hang, process: Process, size: int) -> int:
    """The next free bytes of a process's page of locks."""
    if _PAGE not in process.ranges:
        process.space.map(_PAGE, _SIZE, "data")
        process.add(private_range(_PAGE, _SIZE))
    used = hang.rooms.setdefault(process.pid, 0x40)
    hang.rooms[process.pid] = used + (size + 0xF & -0x10)
    return _PAGE + used


def critical_section(hang: Hang, owner: Thread) -> CriticalSection:
    """A section that a thread has entered; of a 32-bit program on x64 one of its 32-bit code."""
    machine, process = hang.machine, owner.process
    view = narrow(machine) if process.images32 else machine
    size = view.structures.size("_RTL_CRITICAL_SECTION") + view.structures.size("_RTL_CRITICAL_SECTION_DEBUG")
    made = CriticalSection(_room(hang, process, size), process, owner, machine, view)
    hang.late.append(lambda: _write_section(made))
    return made


def _write_section(section: CriticalSection) -> None:
    view, count = section.view, len(section.waiters)
    record, alerts = Record(view.structures, "_RTL_CRITICAL_SECTION"), _alerts(section.machine)
    new = section.machine.profile.build >= _VISTA
    record.fill(LockCount=-2 - 4 * count if new else count, RecursionCount=1, OwningThread=section.owner.tid,
                LockSemaphore=0 if alerts else -1, SpinCount=0x20007D0)  # fmt: skip
    debug = section.address + len(record.data)
    record.fill(DebugInfo=-1 if alerts else debug)
    section.process.space.write(section.address, bytes(record.data))
    note = Record(view.structures, "_RTL_CRITICAL_SECTION_DEBUG")
    note.fill(CriticalSection=section.address, ContentionCount=count, EntryCount=count)
    ring = view.pointer(debug + note.offset("ProcessLocksList"))
    section.process.space.write(debug, bytes(note.set("ProcessLocksList", ring * 2).data))


def _alerts(machine: Machine) -> bool:
    """Whether threads wait to be alerted."""
    return machine.profile.build >= _WINDOWS_8


def wait_for_section(hang: Hang, thread: Thread, section: CriticalSection, seconds: int) -> Wait:
    """A thread of the same program wants to enter."""
    section.waiters.append(thread)
    key = section.address
    if _alerts(hang.machine):
        key += section.view.structures.offset("_RTL_CRITICAL_SECTION", "LockSemaphore")
    waited = Waited(section.address, 0, "CriticalSection", "", section.owner)
    return _wait_at(hang, thread, key, waited, seconds)


def wait_at_address(hang: Hang, threads: list[Thread], seconds: int) -> int:
    """Threads of one program wait at one address, as for a slim lock; gives the address."""
    address = _room(hang, threads[0].process, 0x10)
    threads[0].process.space.write(address, bytes([3]))
    for place, thread in enumerate(threads):
        kind = "WaitAddress" if _alerts(hang.machine) else "KeyedEvent"
        _wait_at(hang, thread, address, Waited(address, 0, kind), seconds - place)
    return address


def _wait_at(hang: Hang, thread: Thread, key: int, waited: Waited, seconds: int) -> Wait:
    machine = hang.machine
    known = machine.structures
    if _alerts(machine):
        stack = hang.begin(thread, "NtWaitForAlertByThreadId")
        stack.call("nt!KeWaitForAlertByThreadId")
        waited.dispatcher, waited.linked = _NO_OBJECT, False
        hang.late.append(lambda: _alert_call(machine, thread, key))
        return hang.commit(stack, Wait(thread, reason_number(machine, "WrAlertByThreadId"), [waited], mode=1), seconds)
    stack = hang.begin(thread, "NtWaitForKeyedEvent")
    stack.call("nt!KeWaitForSingleObject")
    waited.dispatcher = thread.address + known.offset("_ETHREAD", "KeyedWaitSemaphore")
    hang.late.append(lambda: _keyed_wait(machine, thread, key))
    return hang.commit(stack, Wait(thread, reason_number(machine, "WrKeyedEvent"), [waited], mode=1), seconds)


def _alert_call(machine: Machine, thread: Thread, key: int) -> None:
    write_member(machine, thread.address, "_ETHREAD", "Tcb.FirstArgument", key)
    write_member(machine, thread.address, "_ETHREAD", "Tcb.SystemCallNumber", _ALERT_CALL)


def _keyed_wait(machine: Machine, thread: Thread, key: int) -> None:
    write_member(machine, thread.address, "_ETHREAD", "KeyedWaitValue", key)
    write_header(machine, thread.address + machine.structures.offset("_ETHREAD", "KeyedWaitSemaphore"), "_KSEMAPHORE",
                 SEMAPHORE)  # fmt: skip
