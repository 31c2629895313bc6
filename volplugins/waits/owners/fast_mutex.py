"""Fast and guarded mutexes: the event or gate that is waited for lies in the mutex, whose owner stands before it.

Where the wait's reason does not say that it is one, the shape does: a count that says "held, with waiters", an owner
that is a thread, a contention count, the IRQL that it was taken at (public symbol tables; FAST_MUTEX of wdm.h). The
count, since Vista: bit 0 free (FM_LOCK_BIT), bit 1 a waiter was woken (FM_LOCK_WAITER_WOKEN), 4 for each waiter
(FM_LOCK_WAITER_INC); before, 1 less the number of those who have or want it (ReactOS has guarded mutexes of 2003 count
as later ones do: both are taken). Shape alone makes nobody a sure owner. Windows XP has no reason that could say it:
up to 2003 the owner is sure also where the mutex counts as many as wait for its event.
"""

from __future__ import annotations

from volplugins.io.linked_list import ListWalk
from volplugins.memory.structure import Layout, Structure
from volplugins.waits.held import Held
from volplugins.waits.objects import Dispatcher
from volplugins.waits.system import WaitSystem
from volplugins.waits.words import EVENT_SYNCHRONIZATION, GATE, WR_FAST_MUTEX, WR_GUARDED_MUTEX, Kind

_OWNER_FLAGS = 3  # since Windows 7 the lowest bits of Owner may be flags
_HIGHEST_IRQL = 2
_VISTA = 6000
_FREE, _WAITER = 1, 4
_MOST_COUNTED = 256  # waiters of one mutex


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
            sure = said or _counts(system, mutex, waited)
            return Held(
                mutex.address, Kind.FAST_MUTEX, (owner,), sure, name, (how,) if how else (), self_blocks=True,
            )  # fmt: skip
    return None


def _layouts(system: WaitSystem, kind: int) -> tuple[tuple[Layout, str], ...]:
    if kind == EVENT_SYNCHRONIZATION:
        return ((system.layouts.fast_mutex, "Event"),)
    return ((system.layouts.guarded_mutex, "Gate"),) if kind == GATE else ()


def _fits(system: WaitSystem, mutex: Structure, owner: int) -> bool:
    """Whether what lies around the object can be a fast mutex that is held and waited for."""
    contention = mutex.unsigned("Contention")
    irql = mutex.get("OldIrql") or 0
    fits = _contended(system, mutex) and 0 < contention < 1 << 31 and irql <= _HIGHEST_IRQL
    return fits and bool(owner) and system.is_thread(owner)


def _contended(system: WaitSystem, mutex: Structure) -> bool:
    """Whether the count says that somebody has the mutex and others wait, by the build's rule."""
    count = _count(mutex)
    by_bits = count >= _WAITER and not count & _FREE
    if system.io.build >= _VISTA:
        return by_bits
    return count <= 0 or (by_bits and mutex.layout.has("Gate"))


def _counts(system: WaitSystem, mutex: Structure, waited: Dispatcher) -> bool:
    """Whether, up to 2003, as many threads wait for the event as the mutex counts."""
    wanted, layout = -_count(mutex), system.layouts.dispatcher
    if system.io.build >= _VISTA or not 0 < wanted <= _MOST_COUNTED or not layout.has("WaitListHead"):
        return False
    head = waited.address + layout.offset("WaitListHead")
    walk = ListWalk(system.io.memory, head, system.bits, _MOST_COUNTED + 1)
    return sum(1 for _ in walk.entries()) == wanted and not walk.problems


def _count(mutex: Structure) -> int:
    return int.from_bytes(mutex.raw("Count"), "little", signed=True)
