"""Waits in user mode for an address: critical sections, slim locks, condition variables, WaitOnAddress, keyed events.

Since Windows 8 a thread waits with reason WrAlertByThreadId; the address is the first argument of its system call
(KTHREAD.FirstArgument). A keyed event's key is ETHREAD.KeyedWaitValue, whose lowest bit is set for one who releases.
Neither a slim lock nor a keyed event keeps its owner: others who wait for the same address are named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from volplugins.waits.held import Held
from volplugins.waits.owners.critical_section import CriticalSection
from volplugins.waits.processes import WaitProcesses
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import EXECUTIVE, WR_ALERT_BY_THREAD_ID, WR_KEYED_EVENT, Kind

_MOST_NAMED = 4
_RELEASES = 1


def address_waited_for(waiter: Waiter) -> int:
    """The user address; 0 where the thread waits for none, or this build's place of it is not known."""
    if waiter.reason == WR_ALERT_BY_THREAD_ID:
        return waiter.first_argument
    return waiter.key & ~_RELEASES if waiter.reason in (WR_KEYED_EVENT, EXECUTIVE) else 0


def waits_for_address(waiter: Waiter, waited: int) -> bool:
    """Whether a thread waits for an address; ``waited``: the object of its wait, 0 for none.

    Windows XP had no reason of its own for keyed events: there the semaphore in the thread itself tells.
    """
    if waiter.reason in (WR_ALERT_BY_THREAD_ID, WR_KEYED_EVENT):
        return True
    return waiter.reason == EXECUTIVE and waiter.key != 0 and waiter.has_inside(waited)


@dataclass(slots=True)
class AddressWaits:
    """The threads that wait for addresses, by process and address."""

    processes: WaitProcesses
    _waiters: dict[tuple[int, int], dict[int, Waiter]] = field(default_factory=dict)

    def take(self, waiter: Waiter) -> None:
        """One thread."""
        address = address_waited_for(waiter)
        process = self.processes.of_thread.get(waiter.ethread)
        if address and process is not None:
            self._waiters.setdefault((process.eprocess, address), {})[waiter.ethread] = waiter

    def held(self, waiter: Waiter, waited: int) -> Held:
        """What a thread waits for that waits for an address; ``waited`` is the object of its wait, 0 for none."""
        kind = Kind.WAIT_ADDRESS if waiter.reason == WR_ALERT_BY_THREAD_ID else Kind.KEYED_EVENT
        address = address_waited_for(waiter)
        if not address:
            return Held(waited, kind, notes=("which address it waits for is not known",))
        process = self.processes.of_thread.get(waiter.ethread)
        section = self.processes.section_waited_for(process, address) if process is not None else None
        if section is not None and process is not None:
            return section_held(section, self.processes.thread(process, section.owner))
        return Held(address, kind, notes=self._others(waiter, process.eprocess if process is not None else 0, address))

    def _others(self, waiter: Waiter, eprocess: int, address: int) -> tuple[str, ...]:
        waiters = self._waiters.get((eprocess, address), {})
        count = len(waiters) - (waiter.ethread in waiters)
        if not count:
            return ("who would wake it is not kept",)
        first = [each for each in islice(waiters.values(), _MOST_NAMED + 1) if each.ethread != waiter.ethread]
        named = ", ".join(str(each.thread.tid) for each in first[:_MOST_NAMED])
        more = f" and {count - _MOST_NAMED} more" if count > _MOST_NAMED else ""
        return (f"who would wake it is not kept; threads {named}{more} wait for the same address",)


def section_held(section: CriticalSection, owner: int, *notes: str) -> Held:
    """A critical section that a thread of the process holds."""
    owners = (owner,) if owner else ()
    gone = "" if owner else ", of which there is no thread in the process"
    text = f"held by thread id {section.owner}{gone}; {section.waiters} wait for it"
    return Held(
        section.address, Kind.CRITICAL_SECTION, owners, bool(owners), notes=(text, *notes), owner_gone=not owner,
    )  # fmt: skip
