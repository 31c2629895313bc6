"""Deferred calls and timers of the processors.

Members: public symbol tables. The queue of deferred calls is a member of KPRCB up to Windows XP, of KDPC_DATA later; a
doubly linked list up to Windows 8, then a singly linked one with its last entry. A timer's pointer to its deferred call
is encoded on x64 from Windows 7 on (volatility3, KTIMER.get_dpc); which list of the table it is in follows from its
due time, bits 18 to 25 (ReactOS). Windows XP's table is a variable of the kernel, which the lab's kernel lacks.
"""

from __future__ import annotations

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.processors import Processor
from volplugins.lab.waits.dispatchers import write_header
from volplugins.lab.waits.hang import Hang, Wait
from volplugins.lab.waits.wait_blocks import write_member
from volplugins.lab.waits.wait_words import DPC, TIMER

_MASK = (1 << 64) - 1
_HANDS, _SHIFT = 256, 18
_SECOND = 10_000_000
# routine, seconds until it is due, period in milliseconds; on the first processor and on the second
_TIMERS = (
    (0, "tcpip!TcpPeriodicTimeoutHandler", 1, 500), (0, "nt!PopIrpWatchdog", 82, 0),
    (1, "usbport!UsbportTransferDpc", 3, 0), (1, "acmedrv!AcmeRequestComplete", 7, 1000),
)  # fmt: skip


def deferred_call(machine: Machine, routine: int, processor: int, context: int = 0) -> int:
    """A KDPC in the pool; gives its address."""
    record = machine.record("_KDPC").fill(Importance=1, DeferredRoutine=routine, DeferredContext=context)
    record.fill(Number=processor if machine.profile.build < 6000 else 0).set("Type", DPC)
    return machine.pool.store(record.data, "Dpc ")


def write_deferred(hang: Hang, processor: Processor) -> list[int]:
    """The processor's queue and what runs there; gives the routines that wait, in order."""
    machine, number = hang.machine, processor.number
    routines = [routine for place, routine in hang.deferred if place == number]
    calls = [deferred_call(machine, routine, number) for routine in routines]
    old = not machine.structures.has("_KPRCB", "DpcData")
    _link(machine, processor.prcb, calls, old)
    depth = "DpcQueueDepth" if old else "DpcData[0].DpcQueueDepth"
    count = "DpcCount" if old else "DpcData[0].DpcCount"
    write_member(machine, processor.prcb, "_KPRCB", depth, len(calls))
    write_member(machine, processor.prcb, "_KPRCB", count, 41_217 + 311 * number)
    routine = hang.active.get(number, 0)
    if routine:
        write_member(machine, processor.prcb, "_KPRCB", "DpcRoutineActive", 1)
        write_member(machine, processor.prcb, "_KPRCB", "CurrentDpcRoutine", routine)
    if routine and not old:
        running = deferred_call(machine, routine, number)
        write_member(machine, processor.prcb, "_KPRCB", "DpcData[0].ActiveDpc", running)
    return routines


def _link(machine: Machine, prcb: int, calls: list[int], old: bool) -> None:
    known = machine.structures
    entry = known.offset("_KDPC", "DpcListEntry")
    entries = [each + entry for each in calls]
    for index in range(1 if old else 2):
        those = [] if index else entries
        if old or known.has("_KDPC_DATA", "DpcListHead"):
            at = known.offset("_KPRCB", "DpcListHead" if old else f"DpcData[{index}].DpcListHead")
            link_list(machine, prcb + at, those)
            continue
        head = prcb + known.offset("_KPRCB", f"DpcData[{index}].DpcList")
        for place, following in zip([head, *those], [*those, 0], strict=True):
            machine.write_pointer(place, following)
        machine.write_pointer(head + machine.width, those[-1] if those else head)


def write_timers(hang: Hang) -> None:
    """The timer table of each processor, where it is a member of KPRCB, with a few timers."""
    machine = hang.machine
    limits = [_limit(machine, wait) for wait in hang.waits.values() if wait.limit]
    if not machine.structures.has("_KPRCB", "TimerTable"):
        return
    timers: dict[int, list[int]] = {}
    for number, routine, seconds, period in _TIMERS:
        due = machine.host.uptime + seconds * _SECOND + number * 77
        dpc = deferred_call(machine, machine.symbol(routine), number)
        timer = _timer(machine, due, dpc, period, number)
        timers.setdefault(_list_of(hang, number, due), []).append(timer)
        hang.timers.append({"cpu": number, "timer": timer, "dpc": dpc, "routine": machine.symbol(routine), "due": due,
                            "period": period})  # fmt: skip
    for thread, timer, due in limits:
        timers.setdefault(_list_of(hang, 0, due), []).append(timer)
        hang.timers.append({"cpu": 0, "timer": timer, "dpc": 0, "routine": 0, "due": due, "period": 0,
                            "thread": thread})  # fmt: skip
    entry = machine.structures.offset("_KTIMER", "TimerListEntry")
    for processor in hang.world.processors:
        for head in _lists(machine, processor):
            link_list(machine, head, [each + entry for each in timers.get(head, [])])


def _timer(machine: Machine, due: int, dpc: int, period: int, number: int) -> int:
    record = machine.record("_KTIMER").fill(Period=period, Processor=number)
    record.set("DueTime.QuadPart", due)
    timer = machine.pool.allocate(len(record.data), "Time")
    record.set("Dpc", _encoded(machine, timer, dpc))
    machine.write(timer, record.data)
    write_header(machine, timer, "_KTIMER", TIMER)
    _insert(machine, timer)
    return timer


def _insert(machine: Machine, timer: int) -> None:
    inserted = timer + machine.structures.offset("_DISPATCHER_HEADER", "Inserted")
    machine.write(inserted, b"\x40" if machine.profile.build >= 7600 else b"\1")


def _limit(machine: Machine, wait: Wait) -> tuple[int, int, int]:
    """Set the thread's own timer; gives the thread, the timer and when it is due."""
    thread = wait.thread.address
    timer, due = thread + machine.structures.offset("_ETHREAD", "Tcb.Timer"), machine.host.uptime + wait.limit * _SECOND
    write_member(machine, timer, "_KTIMER", "DueTime.QuadPart", due)
    _insert(machine, timer)
    return thread, timer, due


def _encoded(machine: Machine, timer: int, dpc: int) -> int:
    """The pointer as the kernel keeps it: the inverse of what volatility3's KTIMER.get_dpc does."""
    if machine.width == 4:
        return dpc
    never, always = (
        int.from_bytes(machine.kernel.read(machine.symbol(f"nt!KiWait{name}"), 8), "little")
        for name in ("Never", "Always")
    )
    word = int.from_bytes((dpc ^ always).to_bytes(8, "little"), "big") ^ timer
    turn = never & 0x3F
    return ((word >> turn | word << 64 - turn) & _MASK) ^ never


def _list_of(hang: Hang, number: int, due: int) -> int:
    """The head of the list that a timer due then is in; the second row is of timers that coalesce."""
    machine = hang.machine
    return _lists(machine, hang.world.processors[number])[due >> _SHIFT & _HANDS - 1]


def _lists(machine: Machine, processor: Processor) -> list[int]:
    """The heads of all lists of a processor."""
    rows = 2 if machine.structures.has("_KTIMER_TABLE", "TableState") else 1
    size = machine.structures.size("_KTIMER_TABLE_ENTRY")
    first = machine.structures.offset("_KPRCB", "TimerTable.TimerEntries")
    first += machine.structures.offset("_KTIMER_TABLE_ENTRY", "Entry")
    return [processor.prcb + first + size * index for index in range(_HANDS * rows)]
