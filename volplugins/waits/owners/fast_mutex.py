"""Fast and guarded mutexes: the event or gate that is waited for lies in the mutex, whose owner stands before it.

The mutex is told by its shape alone: a count that says "held, with waiters", an owner that is a thread, a contention
count, the IRQL that it was taken at (public symbol tables; FAST_MUTEX of wdm.h).
"""

from __future__ import annotations

from volplugins.memory.structure import Layout, Structure
from volplugins.waits.held import Held
from volplugins.waits.objects import Dispatcher
from volplugins.waits.system import WaitSystem
from volplugins.waits.words import EVENT_SYNCHRONIZATION, GATE, WR_FAST_MUTEX, WR_GUARDED_MUTEX, Kind

_OWNER_FLAGS = 3  # since Windows 7 the lowest bits of Owner may be flags
_HIGHEST_IRQL = 2


def held_fast_mutex(system: WaitSystem, waited: Dispatcher, reason: int | None, name: str) -> Held | None:
    """The mutex that holds the dispatcher object ``waited``; None where there is none."""
    said = reason in (WR_FAST_MUTEX, WR_GUARDED_MUTEX)
    for layout, member in _layouts(system, waited.type):
        if not layout.has(member) or not layout.has("Owner"):
            continue
        mutex = system.attempt(waited.address - layout.offset(member), layout)
        if mutex is None:
            continue
        owner = mutex.unsigned("Owner") & ~_OWNER_FLAGS
        if _fits(system, mutex, owner) or (said and owner and system.is_thread(owner)):
            how = "" if said else "a fast mutex by its shape: it holds the object that is waited for"
            return Held(
                mutex.address, Kind.FAST_MUTEX, (owner,), True, name, (how,) if how else (), self_blocks=True,
            )  # fmt: skip
    return None


def _layouts(system: WaitSystem, kind: int) -> tuple[tuple[Layout, str], ...]:
    if kind == EVENT_SYNCHRONIZATION:
        return ((system.layouts.fast_mutex, "Event"),)
    return ((system.layouts.guarded_mutex, "Gate"),) if kind == GATE else ()


def _fits(system: WaitSystem, mutex: Structure, owner: int) -> bool:
    """Whether what lies around the object can be a fast mutex that is held and waited for."""
    count = int.from_bytes(mutex.raw("Count"), "little", signed=True)
    contention = mutex.unsigned("Contention")
    irql = mutex.get("OldIrql") or 0
    return count <= 0 and 0 < contention < 1 << 31 and irql <= _HIGHEST_IRQL and bool(owner) and system.is_thread(owner)
