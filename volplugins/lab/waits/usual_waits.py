"""What the threads wait for that a hang is not about: requests, the worker queue, events of their own.

Members: public symbol tables. Worker threads wait on nt!ExWorkerQueue's queues up to Windows 8, on a queue of the pool
since then.
"""

from __future__ import annotations

from volplugins.lab.devices.packets import COMPLETED, FREE
from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.kernel.processes import WAITING, WR_QUEUE, Thread
from volplugins.lab.machine.io_registry import Request
from volplugins.lab.machine.machine import Machine
from volplugins.lab.waits.dispatchers import event, write_header
from volplugins.lab.waits.hang import Hang, Wait, Waited
from volplugins.lab.waits.wait_blocks import write_member
from volplugins.lab.waits.wait_words import NOTIFICATION_EVENT, PRIORITY_QUEUE, QUEUE, WAIT_ANY, WAIT_QUEUE

_NORMAL = 12  # the priority of usual work
_REDIRECTORS = ("\\FileSystem\\MRxSmb",)


def add_usual_waits(hang: Hang) -> None:
    """Waits of every waiting thread that has none yet."""
    idle: list[Thread] = []
    for thread in hang.threads():
        if thread.state != WAITING or thread.exited or thread.address in hang.waits:
            continue
        if thread.reason == WR_QUEUE:
            idle.append(thread)
            continue
        hang.waits[thread.address] = _request_wait(hang, thread) or _event_wait(hang, thread)
    worker_queue(hang, idle)


def _event_wait(hang: Hang, thread: Thread) -> Wait:
    """An unnamed event of its own; of the thread that zeroes pages two."""
    two = thread.process.pid == 4
    objects = [event(hang, kind=NOTIFICATION_EVENT) for _ in range(1 + two)]
    return Wait(thread, thread.reason, objects, mode=int(thread.process.pid != 4 and thread.reason == 6))


def _request_wait(hang: Hang, thread: Thread) -> Wait | None:
    """The wait for a file's event that the I/O system's builder has written: a request is under way for it."""
    machine = hang.machine
    width = machine.width
    at = thread.address + machine.structures.offset("_ETHREAD", "Tcb.WaitBlock[0].Object")
    waited = int.from_bytes(machine.kernel.read(at, width), "little")
    offset = machine.structures.offset("_FILE_OBJECT", "Event")
    found = [each for each in machine.io.requests if waited and each.file + offset == waited and _under_way(each)]
    if not found:
        return None
    device = machine.io.devices.get(found[0].device)
    name = machine.io.drivers[device.driver].name if device else ""
    verdict = "remote" if name in _REDIRECTORS else "driver"
    return Wait(thread, thread.reason, [Waited(found[0].address, waited, "Irp", name)], WAIT_ANY, 0, verdict)


def _under_way(request: Request) -> bool:
    return request.state not in (COMPLETED, FREE, "cancelled")


def worker_queue(hang: Hang, idle: list[Thread]) -> int:
    """The queue that idle workers wait on, and its list of threads; gives its address."""
    machine = hang.machine
    known = machine.structures
    structure = "_KPRIQUEUE" if known.has("_KPRIQUEUE") else "_KQUEUE"
    queue = machine.pool.allocate(known.size("_EX_WORK_QUEUE"), "ExWq")
    if structure == "_KQUEUE":
        queue = machine.symbol("nt!ExWorkerQueue") + known.size("_EX_WORK_QUEUE")
        for index in (0, 2):
            _empty_queue(machine, machine.symbol("nt!ExWorkerQueue") + index * known.size("_EX_WORK_QUEUE"))
    _empty_queue(machine, queue)
    join_queue(hang, queue, [*idle, *hang.busy])
    items = _work_items(hang, queue, structure)
    hang.queues.append({"queue": queue, "idle": [each.address for each in idle], "items": len(items),
                        "routines": hang.work, "threads": [each.address for each in (*idle, *hang.busy)]})  # fmt: skip
    for thread in idle:
        waited = Waited(queue, queue, "Queue")
        hang.waits[thread.address] = Wait(thread, WR_QUEUE, [waited], _queue_kind(hang), 0, "idle")
    return queue


def _empty_queue(machine: Machine, queue: int) -> None:
    """A queue that nobody belongs to; of the kernel's three up to Windows 7 all but the delayed one stay so."""
    known = machine.structures
    wide = known.has("_KPRIQUEUE")
    structure = "_KPRIQUEUE" if wide else "_KQUEUE"
    write_header(machine, queue, structure, PRIORITY_QUEUE if wide else QUEUE)
    for index in range(32 if wide else 1):
        path = f"EntryListHead[{index}]" if wide else "EntryListHead"
        link_list(machine, queue + known.offset(structure, path), [])
    link_list(machine, queue + known.offset(structure, "ThreadListHead"), [])
    write_member(machine, queue, structure, "MaximumCount", 2)


def _work_items(hang: Hang, queue: int, structure: str) -> list[int]:
    """The queue's entries: work that nobody has begun."""
    machine = hang.machine
    items = []
    for routine in hang.work:
        record = machine.record("_WORK_QUEUE_ITEM").fill(WorkerRoutine=routine)
        items.append(machine.pool.store(record.data, "Work"))
    wide = structure == "_KPRIQUEUE"
    level = f"[{_NORMAL}]" if wide else ""
    link_list(machine, queue + machine.structures.offset(structure, f"EntryListHead{level}"), items)
    write_member(machine, queue, structure, "Header.SignalState", len(items))
    if wide:
        write_member(machine, queue, structure, f"CurrentCount[{_NORMAL}]", len(hang.busy))
    else:
        write_member(machine, queue, structure, "CurrentCount", 0)
    return items


def _queue_kind(hang: Hang) -> int:
    return WAIT_QUEUE if hang.machine.profile.build >= 9200 else WAIT_ANY


def join_queue(hang: Hang, queue: int, threads: list[Thread]) -> None:
    """The threads belong to the queue: its list of them, and KTHREAD.Queue."""
    machine = hang.machine
    known = machine.structures
    structure = "_KPRIQUEUE" if known.has("_KPRIQUEUE") else "_KQUEUE"
    entry = known.offset("_ETHREAD", "Tcb.QueueListEntry")
    link_list(machine, queue + known.offset(structure, "ThreadListHead"), [each.address + entry for each in threads])
    for thread in threads:
        write_member(machine, thread.address, "_ETHREAD", "Tcb.Queue", queue)
