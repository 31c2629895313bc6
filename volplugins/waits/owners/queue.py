"""Queues of workers: an idle worker waits for a queue without entries; entries that nobody takes are told.

KQUEUE: EntryListHead, CurrentCount (threads that work), MaximumCount. KPRIQUEUE (8.1 and later): 32 lists, by priority.
"""

from __future__ import annotations

from volplugins.waits.held import Held
from volplugins.waits.objects import Dispatcher
from volplugins.waits.system import WaitSystem
from volplugins.waits.words import PRIORITY_QUEUE, Kind

_MOST_ENTRIES = 1 << 24  # more than memory can hold


def held_queue(system: WaitSystem, waited: Dispatcher) -> Held:
    """The queue that a worker waits for."""
    entries = queue_entries(waited)
    if entries is None:
        return Held(waited.address, Kind.QUEUE, idle=True, notes=("a worker that waits for work",))
    if not entries:
        return Held(waited.address, Kind.QUEUE, idle=True, notes=("a worker that waits for work: its queue is empty",))
    return Held(waited.address, Kind.QUEUE, notes=(_starved(system, waited, entries),))


def starving_queue(queue: Dispatcher | None) -> str:
    """Words for a queue in which entries wait while a thread that works for it waits for something else."""
    entries = queue_entries(queue) if queue is not None and queue.kind is Kind.QUEUE else None
    return f"it works for queue {queue.address:#x}, in which {entries} entries wait" if queue and entries else ""


def queue_entries(queue: Dispatcher) -> int | None:
    """How many entries wait in the queue (SignalState counts them); None where that is not known."""
    return queue.signal if 0 <= queue.signal < _MOST_ENTRIES else None


def _starved(system: WaitSystem, waited: Dispatcher, entries: int) -> str:
    text = f"{entries} entries wait in the queue"
    layout = system.layouts.queue
    if waited.type == PRIORITY_QUEUE or not layout.has("MaximumCount"):
        return text
    found = system.attempt(waited.address, layout)
    if found is None:
        return text
    current, most = found.unsigned("CurrentCount"), found.unsigned("MaximumCount")
    return f"{text}: {current} of {most} threads that may work on it at once do"
