"""A thread as far as waits need it, with one read of its structure.

A wait with a time limit sets the thread's own timer: KTHREAD.Timer is then in a list of timers, as Header.Inserted says
(bit 6 of its fourth byte from Windows 7 on; public symbol tables). From Windows 8 on nothing else shows the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.kernel.thread import THREAD_OBJECT, Thread, decode_thread
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout, Structure
from volplugins.waits.system import WaitSystem
from volplugins.waits.words import GATE_WAIT, TERMINATED, WAITING

# pointers to ALPC messages are kept with flags below, as messages lie at multiples of eight
_FLAGS = 7
_INSERTED_AT, _INSERTED = 3, 0x40
_LIMIT_BY_TIMER_SINCE = 9200


@dataclass(frozen=True, slots=True)
class Waiter:
    """One thread. Numbers that its build's layout lacks are 0.

    Attributes:
        thread: what every command knows of it.
        size: bytes of its ETHREAD that are known.
        seconds: how long it has been waiting; None where it does not wait, or the clock is not there.
        block_list, block_count: where its wait blocks are, and how many.
        first_argument: of its system call.
        key: that it waits for on a keyed event.
        message: the ALPC message that it waits to have answered.
        queue: the KQUEUE that it works for.
        timer: address of its own timer; ``timed``: whether that is set, where the build shows limits so alone.
        due: seconds from now until its timer goes off, below zero: overdue; None: it is not set, or not known.
    """

    thread: Thread
    size: int
    seconds: float | None = None
    block_list: int = 0
    block_count: int = 0
    first_argument: int = 0
    key: int = 0
    message: int = 0
    queue: int = 0
    timer: int = 0
    timed: bool = False
    due: float | None = None

    @property
    def ethread(self) -> int:
        """Its address."""
        return self.thread.ethread

    @property
    def waits(self) -> bool:
        """Whether it waits."""
        return self.thread.state in (WAITING, GATE_WAIT)

    @property
    def gone(self) -> bool:
        """Whether it has run to its end."""
        return self.thread.state == TERMINATED

    @property
    def reason(self) -> int | None:
        """KWAIT_REASON; None where it does not wait."""
        return self.thread.wait_reason if self.waits else None

    def has_inside(self, address: int) -> bool:
        """Whether ``address`` lies in the part of its ETHREAD that is known: its own semaphores and timers."""
        return self.ethread < address < self.ethread + self.size


def read_waiter(system: WaitSystem, ethread: int) -> tuple[Waiter, Structure]:
    """The thread at ``ethread``, and its bytes by the layout of waits.

    Raises:
        ReadError: it cannot be read, or no thread is there.
    """
    own, further = system.thread, system.layouts.thread
    size = max(own.size, further.size)
    structure = system.io.present(ethread, Layout(own.name, size, own.members, own.source, own.bits))
    if system.io.memory.read(ethread, 1)[0] & 0x7F != THREAD_OBJECT:
        raise ReadError(ethread, "no thread is there")
    record = Structure(ethread, structure.data, further)
    if structure.absent:
        record = system.io.present(ethread, further)
    thread = decode_thread(structure)
    waits = thread.state in (WAITING, GATE_WAIT)
    tick = record.get("WaitTime") if waits and system.clock is not None else None
    seconds = system.clock.since_tick(tick) if system.clock is not None and tick is not None else None
    numbers = (
        record.get(each) or 0
        for each in (_list_member(thread), "WaitBlockCount", "FirstArgument", "KeyedWaitValue", "AlpcMessage", "Queue")
    )
    block_list, count, argument, key, message, queue = numbers
    if thread.state == GATE_WAIT and further.has("WaitBlock"):
        block_list = ethread + further.offset("WaitBlock")
    timer, due = _limit(system, record) if waits else (0, None)
    timed = bool(timer) and due is not None
    return Waiter(
        thread, size, seconds, block_list, count, argument, key, message & ~_FLAGS, queue, timer, timed,
        due[0] if due else None,
    ), record  # fmt: skip


def _limit(system: WaitSystem, record: Structure) -> tuple[int, tuple[float | None] | None]:
    """Address of the thread's own timer; where that is set, when it goes off, as far as that is known."""
    if not record.layout.has("Timer"):
        return 0, None
    data, timer = record.raw("Timer"), record.address + record.layout.offset("Timer")
    if system.io.build < _LIMIT_BY_TIMER_SINCE or len(data) <= _INSERTED_AT or not data[_INSERTED_AT] & _INSERTED:
        return timer, None
    layout, clock = system.layouts.timer, system.clock
    due = Structure(timer, data, layout).get("DueTime") if layout.has("DueTime") else None
    return timer, ((due - clock.interrupt_time) / 1e7 if due and clock is not None else None,)


def _list_member(thread: Thread) -> str:
    return "WaitBlockList" if thread.state == WAITING else ""
