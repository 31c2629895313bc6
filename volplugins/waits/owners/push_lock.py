"""Locks that keep no owner (push locks), and those whose waiters wait on their own stacks: by AutoBoost's entries."""

from __future__ import annotations

from volplugins.waits.held import Held
from volplugins.waits.lock_entries import LockEntries
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import Kind

_ANY = "any thread may release it, as its owner's entry says"
_ASKED = "known by the AutoBoost entry of the thread that waits"


def wanted_lock(waiter: Waiter, entries: LockEntries) -> int:
    """The one lock that the thread asks for; 0 where there is none, or more than one."""
    wanted = entries.wanted.get(waiter.ethread, [])
    return wanted[0] if len(set(wanted)) == 1 else 0


def held_push_lock(waiter: Waiter, waited: int, entries: LockEntries) -> Held:
    """The push lock that a thread waits for, whose wait is for ``waited`` on its own stack."""
    lock = wanted_lock(waiter, entries)
    if not lock:
        why = "which push lock is not known: " + (
            "the thread has no AutoBoost entry of it" if entries.known else "this build keeps no AutoBoost entries"
        )
        return Held(waited, Kind.PUSH_LOCK, notes=(why,))
    holders = entries.owners(lock)
    if not holders.first:
        return Held(lock, Kind.PUSH_LOCK, notes=(_ASKED, "no thread has an AutoBoost entry of holding it"))
    how = "its owner is known by that thread's AutoBoost entry"
    crossing = lock in entries.crossing
    found = Held(lock, Kind.PUSH_LOCK, holders.first, sure=not crossing, self_blocks=True)
    return found.noting(_ASKED, how, _ANY if crossing else "", holders.note)
