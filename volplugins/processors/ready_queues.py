"""Threads that are ready to run: the queues by priority of each processor, and those that processors share.

KPRCB.DispatcherReadyListHead has a list per priority, from 8.1 on a processor shares another such array
(_KSHARED_READY_QUEUE) with its neighbours, XP has one for all processors (KiDispatcherReadyListHead). The links lead
through KTHREAD.WaitListEntry. KTHREAD.WaitTime is the tick at which a thread that is ready became so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from volplugins.io.capped_notes import CappedNotes
from volplugins.io.linked_list import ListWalk
from volplugins.io.shared_lists import SharedLists
from volplugins.kernel.members import is_kernel_address, read_member, read_word
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout
from volplugins.processors.source import ProcessorSource

PRIORITIES = 32
_MOST = 1 << 16  # entries of all queues together
_MOST_NOTES = 64
_XP_QUEUES = "KiDispatcherReadyListHead"


@dataclass(frozen=True, slots=True)
class ReadyThread:
    """One thread in a queue.

    Attributes:
        priority: of the queue; None for one that is not sorted in yet.
        processors: numbers of the processors that take from the queue.
        waited: seconds since it became ready; None: not known.
    """

    ethread: int
    priority: int | None
    processors: tuple[int, ...]
    waited: float | None


@dataclass(frozen=True, slots=True)
class _Queues:
    """An array of lists by priority: its address and the processors that take from it."""

    address: int
    processors: tuple[int, ...]
    name: str


@dataclass(frozen=True, slots=True)
class _Lists:
    """Follows the lists of all queues, as far as they may go together."""

    source: ProcessorSource
    said: CappedNotes
    shared: SharedLists

    def of_queue(self, head: int, name: str) -> Iterator[int]:
        """ETHREADs of one list; an entry that is no thread ends it only where the links are damaged too."""
        if self.shared.spent:
            return
        at = self.source.layouts.waits.thread.offset("WaitListEntry")
        walk = ListWalk(self.source.memory, head, self.source.bits, _MOST, shared=self.shared)
        for entry in walk.entries():
            if not _is_thread(self.source, entry - at):
                self.said.say(f"{name}: {entry - at:#x} is no thread")
                if walk.problems:
                    break
                continue
            yield entry - at
        for problem in walk.problems:
            self.said.say(f"{name}: {problem}")

    def deferred(self, number: int, prcb: int, entry: int | None) -> Iterator[int]:
        """ETHREADs that a processor has yet to sort into a queue: a list that ends in a null.

        What one entry that is no thread leads to may be sound; what two in a row do, is not.
        """
        source, at = self.source, self.source.layouts.waits.thread.offset("WaitListEntry")
        good = True
        while entry:
            fault, trusted = self.shared.fault(entry, prcb), good
            good = not fault and _is_thread(source, entry - at)
            if not good:
                self.said.say(f"deferred ready list of {number}: {fault or f'it leads to {entry:#x}'}")
            if fault or not (good or trusted):
                return
            self.shared.take(entry, prcb)
            if good:
                yield entry - at
            entry = read_word(source.memory, entry, source.width)


def ready_threads(source: ProcessorSource, layout: Layout, problems: list[str]) -> Iterator[ReadyThread]:
    """Every ready thread once, the highest priority of each queue first; ``problems`` takes what is wrong, in words."""
    link = source.layouts.waits.thread
    if not link.has("WaitListEntry"):
        problems.append("ready queues: where threads are linked is not known in this build")
        return
    if source.clock is None:
        problems.append("how long threads have been ready is not known: the clock is not in the dump")
    lists = _Lists(source, CappedNotes(problems, "ready queues", _MOST_NOTES), SharedLists(_MOST))
    seen: set[int] = set()
    for ethread, priority, processors in _threads(lists, layout, problems):
        if ethread not in seen:
            seen.add(ethread)
            yield ReadyThread(ethread, priority, processors, ready_since(source, ethread))
    if lists.shared.spent:
        problems.append(f"more than {_MOST:,} entries in ready queues: the rest is left out")


def _threads(lists: _Lists, layout: Layout, problems: list[str]) -> Iterator[tuple[int, int | None, tuple[int, ...]]]:
    """ETHREAD, priority and processors of each entry of all queues."""
    for queues in _all_queues(lists.source, layout, problems):
        for priority in reversed(range(PRIORITIES)):
            head = queues.address + priority * 2 * lists.source.width
            for ethread in lists.of_queue(head, f"{queues.name}, priority {priority}"):
                yield ethread, priority, queues.processors
    for number, prcb in _numbered(lists.source):
        entry = read_member(lists.source.memory, prcb, layout, "DeferredReadyListHead")
        for ethread in lists.deferred(number, prcb, entry):
            yield ethread, None, (number,)


def ready_since(source: ProcessorSource, ethread: int) -> float | None:
    """Seconds since a thread that is ready became so, or one that waits began to wait."""
    tick = read_member(source.memory, ethread, source.layouts.waits.thread, "WaitTime")
    return source.clock.since_tick(tick) if source.clock is not None and tick is not None else None


def knows_queues(source: ProcessorSource, layout: Layout) -> bool:
    """Whether the places of the ready queues are known."""
    known = layout.has("DispatcherReadyListHead") or source.variable(_XP_QUEUES) is not None
    return known and source.layouts.waits.thread.has("WaitListEntry")


def _all_queues(source: ProcessorSource, layout: Layout, problems: list[str]) -> Iterator[_Queues]:
    if layout.has("DispatcherReadyListHead"):
        for number, prcb in _numbered(source):
            yield _Queues(prcb + layout.offset("DispatcherReadyListHead"), (number,), f"ready queue of {number}")
        yield from _shared(source, layout, problems)
        return
    address = source.variable(_XP_QUEUES)
    if address is None:
        problems.append("ready queues: their place is not known" + _by_symbols(source))
        return
    yield _Queues(address, tuple(number for number, _ in _numbered(source)), "ready queue")


def _by_symbols(source: ProcessorSource) -> str:
    return f" without symbols ({_XP_QUEUES})" if source.bits == 32 and source.build < 3790 else ""


def _shared(source: ProcessorSource, layout: Layout, problems: list[str]) -> Iterator[_Queues]:
    queue = source.layouts.waits.ready_queue
    if not layout.has("SharedReadyQueue") or not queue.has("ReadyListHead"):
        return
    users: dict[int, list[int]] = {}
    for number, prcb in _numbered(source):
        address = read_member(source.memory, prcb, layout, "SharedReadyQueue")
        if address and not is_kernel_address(address, source.bits):
            problems.append(f"SharedReadyQueue of {number} is {address:#x}, which is no kernel address")
        elif address:
            users.setdefault(address, []).append(number)
    for address, numbers in users.items():
        yield _Queues(address + queue.offset("ReadyListHead"), tuple(numbers), f"ready queue {address:#x}")


def _numbered(source: ProcessorSource) -> Iterator[tuple[int, int]]:
    for processor in source.processors:
        if processor.index is not None:
            yield processor.index, processor.prcb


def _is_thread(source: ProcessorSource, address: int) -> bool:
    """A dispatcher object of type Thread (KOBJECTS 6)."""
    if not is_kernel_address(address, source.bits):
        return False
    try:
        return source.memory.read(address, 1)[0] & 0x7F == 6
    except ReadError:
        return False


def counts(threads: Sequence[ReadyThread], number: int) -> tuple[int, int]:
    """How many threads are ready on a processor, and how many of these are in a queue that it shares."""
    mine = [thread for thread in threads if number in thread.processors]
    return len(mine), sum(len(thread.processors) > 1 for thread in mine)
