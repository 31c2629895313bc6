"""What threads and processors have used: times in ticks, context switches; queues of ready threads.

Members: public symbol tables. A processor's kernel and user times add up to the time since boot, the idle thread's is
part of its kernel time; deferred calls and interrupts are parts of it too. Ready threads: up to Windows XP in lists of
the kernel, then in lists of the processor, since Windows 10 also in a queue that processors share.
"""

from __future__ import annotations

from typing import Any

from volplugins.lab.kernel.process_records import TICK, link_list
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.processors import Processor
from volplugins.lab.waits.deferred import write_deferred
from volplugins.lab.waits.hang import Hang
from volplugins.lab.waits.wait_blocks import write_member

_LEVELS = 32
_SWITCHES = (211, 187)  # a second, of either processor
_USUAL = 9


def write_thread_accounts(hang: Hang) -> dict[int, tuple[int, int]]:
    """Times, priorities, places of every thread; gives kernel and user ticks by address."""
    machine, times = hang.machine, {}
    ticks = machine.host.uptime // TICK
    for thread in hang.threads():
        if thread.exited:
            continue
        times[thread.address] = 3 + thread.tid % 211, (thread.tid * 7 % 400 if thread.process.peb else 0)
    for thread in hang.world.idle.threads:
        times[thread.address] = ticks * 9 // 10, 0
    for thread in (*hang.threads(), *hang.world.idle.threads):
        if thread.address in times:
            _write_thread(hang, thread, times[thread.address])
    return times


def _write_thread(hang: Hang, thread: Thread, times: tuple[int, int]) -> None:
    machine = hang.machine
    idle = thread.process is hang.world.idle
    number = hang.world.idle.threads.index(thread) if idle else thread.tid // 4 % len(hang.world.processors)
    hang.priorities.setdefault(thread.address, 0 if idle else _USUAL)
    members = {
        "KernelTime": times[0], "UserTime": times[1], "Priority": hang.priorities[thread.address],
        "BasePriority": 0 if idle else 8, "IdealProcessor": number, "UserIdealProcessor": number,
        "NextProcessor": number, "CycleTime": sum(times) * 45_000_000 + thread.tid, "AbEntrySummary": 0x3F,
    }  # fmt: skip
    for member, value in members.items():
        write_member(machine, thread.address, "_ETHREAD", f"Tcb.{member}", value)
    known = machine.structures
    for path in ("Tcb.Header.WaitListHead", "KeyedWaitChain", "AlpcWaitListEntry", "OwnerEntryListHead"):
        if path.startswith("Tcb") or (known.has("_ETHREAD", path) and not _shared_with_exit(hang, path)):
            link_list(machine, thread.address + known.offset("_ETHREAD", path), [])
    if known.has("_KTHREAD", "LockEntries"):
        table = thread.address + known.offset("_ETHREAD", "LockEntries")
        write_member(machine, thread.address, "_ETHREAD", "Tcb.LockEntries", table)


def _shared_with_exit(hang: Hang, path: str) -> bool:
    """ExitTime lies in the same place, and its writer has made an empty list of it."""
    known = hang.machine.structures
    return known.offset("_ETHREAD", path) == known.offset("_ETHREAD", "ExitTime")


def write_processors(hang: Hang) -> list[dict[str, Any]]:
    """Counters and ready threads of every processor; gives what truth["waits"]["cpus"] says of them."""
    _write_shared(hang)
    return [_processor(hang, each) for each in hang.world.processors]


def _processor(hang: Hang, processor: Processor) -> dict[str, Any]:
    machine, number = hang.machine, processor.number
    ticks = machine.host.uptime // TICK
    user = ticks // (31 + number)
    counts = {
        "KernelTime": ticks - user, "UserTime": user, "DpcTime": 900 + 17 * number, "InterruptTime": 1400 + 11 * number,
        "KeContextSwitches": machine.host.uptime // 10_000_000 * _SWITCHES[number] + 12_345,
    }  # fmt: skip
    for member, value in counts.items():
        write_member(machine, processor.prcb, "_KPRCB", member, value)
    ready = [thread for place, thread in hang.ready if place == number]
    _write_ready(hang, processor, ready)
    return {
        "number": number, "prcb": processor.prcb, "thread": _pointer(hang, processor, "CurrentThread"),
        "idle": _pointer(hang, processor, "IdleThread"), "next": _pointer(hang, processor, "NextThread"),
        "switches": counts["KeContextSwitches"] if machine.structures.has("_KPRCB", "KeContextSwitches") else None,
        "kernel": counts["KernelTime"], "user": user, "dpc": counts["DpcTime"], "interrupt": counts["InterruptTime"],
        "ready": [each.address for each in ready], "dpcs": write_deferred(hang, processor),
        "active": hang.active.get(number, 0), "masked": number in hang.masked,
    }  # fmt: skip


def _pointer(hang: Hang, processor: Processor, member: str) -> int:
    at = processor.prcb + hang.machine.structures.offset("_KPRCB", member)
    return int.from_bytes(hang.machine.kernel.read(at, hang.machine.width), "little")


def _write_ready(hang: Hang, processor: Processor, ready: list[Thread]) -> None:
    """DispatcherReadyListHead of a processor; on Windows XP the kernel's, which the first processor stands for."""
    machine = hang.machine
    if machine.structures.has("_KPRCB", "DispatcherReadyListHead"):
        heads = processor.prcb + machine.structures.offset("_KPRCB", "DispatcherReadyListHead")
        write_member(machine, processor.prcb, "_KPRCB", "ReadySummary", _fill(hang, heads, ready))
        write_member(machine, processor.prcb, "_KPRCB", "ReadyThreadCount", len(ready))
    elif processor.number == 0:
        summary = _fill(hang, machine.symbol("nt!KiDispatcherReadyListHead"), ready)
        machine.write(machine.symbol("nt!KiReadySummary"), summary.to_bytes(4, "little"))


def _fill(hang: Hang, heads: int, ready: list[Thread]) -> int:
    """Lists by priority; gives the bits of those that are not empty."""
    machine, summary = hang.machine, 0
    entry = machine.structures.offset("_ETHREAD", "Tcb.WaitListEntry")
    for level in range(_LEVELS):
        those = [each.address + entry for each in ready if hang.priorities.get(each.address, _USUAL) == level]
        link_list(machine, heads + level * 2 * machine.width, those)
        summary |= bool(those) << level
    return summary


def _write_shared(hang: Hang) -> None:
    """The queue that all processors share, where the build has one."""
    machine = hang.machine
    if not machine.structures.has("_KSHARED_READY_QUEUE"):
        return
    ready = [thread for place, thread in hang.ready if place is None]
    queue = machine.pool.allocate(machine.structures.size("_KSHARED_READY_QUEUE"), "KSrq")
    heads = queue + machine.structures.offset("_KSHARED_READY_QUEUE", "ReadyListHead")
    summary = _fill(hang, heads, ready)
    members = {"ReadySummary": summary, "ReadyThreadCount": len(ready), "ProcCount": 2, "Affinity": 3}
    for member, value in members.items():
        write_member(machine, queue, "_KSHARED_READY_QUEUE", member, value)
    for processor in hang.world.processors:
        write_member(machine, processor.prcb, "_KPRCB", "SharedReadyQueue", queue)
        write_member(machine, processor.prcb, "_KPRCB", "SharedReadyQueueMask", 3)
