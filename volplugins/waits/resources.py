"""The kernel's resources: those of its list, and the fast ones that threads hold; which one a thread waits for.

Up to Windows 8.1 a resource's pointers lead to the semaphore and the event that its waiters wait for. Later each waiter
waits for an event in a block on its own stack, and the pointers lead to the first of a chain of such blocks, whose
layout is in no public table: a pointer in one block to that of another thread that waits for a resource continues it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from volplugins.io.linked_list import ListWalk
from volplugins.memory.reader import ReadError
from volplugins.waits.held import Held
from volplugins.waits.lock_entries import LockEntries
from volplugins.waits.lock_owners import LockOwners
from volplugins.waits.owners.fast_resource import FastResources
from volplugins.waits.owners.owner_tables import OwnerTables
from volplugins.waits.owners.push_lock import wanted_lock
from volplugins.waits.owners.resource import Resource, read_resource
from volplugins.waits.system import WaitSystem
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import Kind

LIST_HEAD = "ExpSystemResourcesList"
_MOST_RESOURCES = 1 << 18
_MOST_NOTES = 64
_NEAR = 0x40  # bytes that a pointer to a waiter's block may be off the event in it


@dataclass(slots=True)
class Resources:
    """All resources that are known.

    Attributes:
        all: by address.
        notes: what could not be followed.
    """

    system: WaitSystem
    all: dict[int, Resource] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _tables: OwnerTables = field(init=False)
    _by_object: dict[int, int] = field(default_factory=dict)
    _by_event: dict[int, int] = field(default_factory=dict)
    _followed: set[int] = field(default_factory=set)
    _owners: LockOwners = field(default_factory=LockOwners)

    def __post_init__(self) -> None:
        self._tables = OwnerTables(self.system)

    def gather(self, fast: FastResources) -> None:
        """Those of the kernel's list, then ``fast``."""
        head = self.system.io.variable(LIST_HEAD)
        if head is None or not self.system.layouts.resource.members:
            what = "neither symbols nor KDBG give their list" if head is None else self.system.layouts.resource.source
            self.notes.append(f"resources are not listed: {what}")
        else:
            walk = ListWalk(self.system.io.memory, head, self.system.bits, _MOST_RESOURCES)
            at = self.system.layouts.resource.offset("SystemResourcesList")
            for entry in walk.entries():
                self._listed(entry - at)
            self.notes.extend(f"list of resources: {problem}" for problem in walk.problems)
        for resource in fast.resources():
            self._take(resource)
        self.notes.extend(text for text in (self._tables.note(), *fast.notes) if text)

    def link(self, waited: Iterable[int]) -> None:
        """Follow the chains through the events on stacks that threads wait for who wait for some resource."""
        events = sorted(set(waited))
        work = [(pointer, lock) for pointer, lock in self._by_object.items()]
        while work:
            pointer, lock = work.pop()
            for event in _near(events, pointer):
                if self._by_event.setdefault(event, lock) == lock and event not in self._followed:
                    self._followed.add(event)
                    words = self.system.pointers(event - _NEAR, 3 * _NEAR // self.system.width)
                    work += [(word, lock) for word in words if word != pointer and self.system.io.in_kernel_half(word)]

    def held(self, waiter: Waiter, waited: int, entries: LockEntries, name: str) -> Held | None:
        """The resource for which the thread waits on the object ``waited``; None where it is none."""
        found = self.all.get(self._by_object.get(waited) or self._by_event.get(waited) or 0)
        how = "known by the list of its waiters"
        if found is None:
            found, how = self.all.get(wanted_lock(waiter, entries)), "known by the AutoBoost entry of the waiter"
        if found is None:
            return None
        every = self._owners.of(found.address, found.owners)
        owners = every.without(waiter.ethread) if found.exclusive else every.first
        held = Held(found.address, Kind.RESOURCE, owners, bool(owners), name, self_blocks=not found.exclusive)
        return held.noting(how, "held shared" if owners and not found.exclusive else "", every.note, *found.notes)

    def _listed(self, address: int) -> None:
        try:
            self._take(read_resource(self.system, address, self._tables))
        except ReadError as error:
            if len(self.notes) < _MOST_NOTES:
                self.notes.append(f"resource {address:#x}: {error}")

    def _take(self, resource: Resource) -> None:
        if resource.address in self.all:
            return
        self.all[resource.address] = resource
        for each in resource.objects:
            self._by_object.setdefault(each, resource.address)


def _near(events: list[int], pointer: int) -> list[int]:
    """The events that a pointer to a waiter's block may mean."""
    return events[bisect_left(events, pointer - _NEAR) : bisect_right(events, pointer + _NEAR)]
