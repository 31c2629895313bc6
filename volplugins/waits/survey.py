"""All threads and what each of them waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from volplugins.io.device_lookup import DeviceLookup
from volplugins.io.object_directories import ObjectNamespace
from volplugins.io.request_sources import RequestSources
from volplugins.kernel.process import Process
from volplugins.memory.reader import ReadError
from volplugins.waits.held import Held
from volplugins.waits.lock_entries import LockEntries
from volplugins.waits.object_waiters import ObjectWaiters
from volplugins.waits.objects import DispatcherObjects
from volplugins.waits.owners.address import AddressWaits, waits_for_address
from volplugins.waits.owners.fast_resource import FastResources
from volplugins.waits.owners.lpc import LpcMessages
from volplugins.waits.owners.mutant import MutantOwners
from volplugins.waits.owners.queue import starving_queue
from volplugins.waits.owners.request import RequestWaits
from volplugins.waits.processes import WaitProcesses
from volplugins.waits.resolver import Resolver
from volplugins.waits.resources import Resources
from volplugins.waits.system import WaitSystem
from volplugins.waits.wait_blocks import WaitBlock, WaitBlocks, read_wait_blocks
from volplugins.waits.waiter import Waiter, read_waiter
from volplugins.waits.words import WR_RESOURCE, Kind

MOST_THREADS = 1 << 18
TIMED = "its wait has a time limit"
_MOST_OTHERS = 1 << 16
_MOST_NOTES = 64
_MOST_BLOCKS = 1 << 20


@dataclass(frozen=True, slots=True)
class Wait:
    """What one thread waits for.

    Attributes:
        held: one for each object. ``any``: whether one of them is enough.
        timed: whether the wait ends by itself after some time.
        notes: what is odd about the wait as a whole.
    """

    waiter: Waiter
    held: tuple[Held, ...]
    any: bool = False
    notes: tuple[str, ...] = ()
    timed: bool = False


@dataclass(slots=True)
class Survey:
    """The threads of one machine.

    Attributes:
        threads: by ETHREAD; ``others`` those that only something else leads to, None where no thread is there.
        waits: of the threads that wait.
        notes: what could not be read or followed.
    """

    system: WaitSystem
    objects: DispatcherObjects
    processes: WaitProcesses
    resources: Resources
    threads: dict[int, Waiter] = field(default_factory=dict)
    others: dict[int, Waiter | None] = field(default_factory=dict)
    waits: dict[int, Wait] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def thread(self, ethread: int) -> Waiter | None:
        """The thread at ``ethread``, listed or not; None where none is there."""
        known = self.threads.get(ethread)
        if known is not None:
            return known
        if ethread not in self.others:
            if len(self.others) >= _MOST_OTHERS:
                return None
            try:
                self.others[ethread] = read_waiter(self.system, ethread)[0]
            except ReadError:
                self.others[ethread] = None
        return self.others[ethread]

    def note(self, text: str) -> None:
        """Say once what is wrong."""
        if len(self.notes) < _MOST_NOTES and text not in self.notes:
            self.notes.append(text)


def make_survey(
    system: WaitSystem,
    names: ObjectNamespace,
    threads: Iterable[tuple[int, Process | None]],
    processes: Iterable[Process] = (),
    requests: tuple[RequestSources, DeviceLookup] | None = None,
) -> Survey:
    """Read the threads, then what each of those that wait waits for.

    Args:
        threads: ETHREADs, each with the process whose it is.
        processes: those that are known.
        requests: the I/O requests under way.
    """
    objects, resources, found = DispatcherObjects(system, names), Resources(system), WaitProcesses(system)
    entries, fast, addresses = LockEntries(system), FastResources(system), AddressWaits(found)
    messages, survey = LpcMessages(system), Survey(system, objects, found, resources)
    found.know(processes)
    for ethread, process in threads:
        if len(survey.threads) >= MOST_THREADS:
            survey.note(f"more than {MOST_THREADS} threads: the rest is left out")
            break
        try:
            waiter, record = read_waiter(system, ethread)
        except ReadError as error:
            survey.note(f"thread {ethread:#x}: {error}")
            continue
        if record.absent or waiter.thread.absent:
            survey.note(f"thread {ethread:#x}: {record.absent or waiter.thread.absent}")
        survey.threads[ethread] = waiter
        found.take(waiter, process)
        entries.take(waiter, record)
        fast.take(ethread, record)
        messages.take(waiter, record)
    resources.gather(fast)
    sources, devices = requests if requests is not None else (None, None)
    resolver = Resolver(
        system, objects, found, MutantOwners(system), entries, resources, RequestWaits(sources, devices), addresses,
        messages,
    )  # fmt: skip
    blocks = _all_blocks(survey)
    for ethread, those in blocks.items():
        if waits_for_address(survey.threads[ethread], those.blocks[0].object if those.blocks else 0):
            addresses.take(survey.threads[ethread])
    resources.link(_events_on_stacks(survey, blocks))
    listed = ObjectWaiters(system)
    for ethread, those in blocks.items():
        survey.waits[ethread] = _wait(survey.threads[ethread], those, resolver, listed)
    for text in (*names.notes, *resources.notes, *found.notes, listed.note(), resolver.mutants.note()):
        if text:
            survey.note(text)
    return survey


def _all_blocks(survey: Survey) -> dict[int, WaitBlocks]:
    """The wait blocks of every thread that waits."""
    found: dict[int, WaitBlocks] = {}
    count = 0
    for waiter in survey.threads.values():
        if waiter.waits:
            known = count < _MOST_BLOCKS
            found[waiter.ethread] = read_wait_blocks(survey.system, waiter) if known else WaitBlocks()
            count += len(found[waiter.ethread].blocks)
    if count >= _MOST_BLOCKS:
        survey.note(f"threads wait for more than {_MOST_BLOCKS} objects: the rest is left out")
    return found


def _events_on_stacks(survey: Survey, blocks: dict[int, WaitBlocks]) -> Iterator[int]:
    """What threads wait for on their own stacks who wait for some resource."""
    for ethread, those in blocks.items():
        waiter = survey.threads[ethread]
        if waiter.reason == WR_RESOURCE:
            yield from (each.object for each in those.blocks if waiter.thread.holds(each.object))


def _wait(waiter: Waiter, blocks: WaitBlocks, resolver: Resolver, listed: ObjectWaiters) -> Wait:
    """What a thread waits for."""
    held = tuple(_held(waiter, block, resolver, listed) for block in blocks.blocks)
    if not held:
        lone = resolver.without_object(waiter)
        held = (lone,) if lone is not None else ()
    notes = [*dict.fromkeys(blocks.faults)]
    timed = blocks.timed and not _is_timer(held)
    if timed:
        notes.append(TIMED + (f", {waiter.due:.1f} s from now" if waiter.due is not None else ""))
    if len(held) > 1:
        notes.append(
            f"one of {len(held)} objects is enough" if blocks.any else f"it waits for all of {len(held)} objects"
        )
    starving = starving_queue(resolver.objects.at(waiter.queue)) if waiter.queue else ""
    if starving and not any(each.object == waiter.queue for each in held):
        notes.append(starving)
    if blocks.faults:
        held = tuple(replace(each, sure=False) for each in held)
    return Wait(waiter, held, blocks.any, tuple(notes), timed)


def _held(waiter: Waiter, block: WaitBlock, resolver: Resolver, listed: ObjectWaiters) -> Held:
    held = resolver.held(waiter, block.object)
    missing = "" if held.kind is Kind.UNKNOWN else listed.missing(block.object, block.entry)
    return replace(held, sure=False).noting(missing) if missing else held


def _is_timer(held: tuple[Held, ...]) -> bool:
    return len(held) == 1 and held[0].kind is Kind.TIMER
