"""Fast resources (17763 and later): no list holds them; their owners' threads lead to them.

ETHREAD.OwnerEntryListHead links owner entries: the list entry, then the thread (its lowest bits are flags, the lowest
one: disowned, for another thread to release), the resource and a count of recursions, a pointer's width each. Of the
resource itself (x64): LockWord at 0 (bit 0 held exclusively), SharedWaiters 8, ExclusiveWaiters 0x10,
NumberOfSharedWaiters 0x38, ContentionCount 0x3c; source: the types of the NtDoc project's ntexapi.h, checked by size
against public symbol tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from volplugins.io.capped_notes import CappedNotes
from volplugins.io.linked_list import ListWalk
from volplugins.io.shared_lists import SharedLists
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Structure
from volplugins.waits.owners.owner_tables import OWNER_FLAGS
from volplugins.waits.owners.resource import Resource
from volplugins.waits.system import WaitSystem

_MOST_OF_THREAD = 4096
_MOST_ENTRIES, _MOST_AGAIN = 1 << 18, 1 << 12  # of all threads' lists; of these such that two lists lead to
_MOST_NOTES = 8
_MOST_OWNERS = 4096
_MOST_LOCKS = 1 << 18
_EXCLUSIVE = 1
_DISOWNED = 1
_SIZE = 0x68


@dataclass(slots=True)
class FastResources:
    """Fast resources by the owner entries of the threads that were taken.

    Attributes:
        owners: ETHREADs by resource. ``disowned``: of these those that gave it up for others to release.
        notes: what could not be followed.
    """

    system: WaitSystem
    owners: dict[int, list[int]] = field(default_factory=dict)
    disowned: dict[int, list[int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _said: CappedNotes = field(init=False)
    _shared: SharedLists = field(default_factory=lambda: SharedLists(_MOST_ENTRIES, again=_MOST_AGAIN))

    def __post_init__(self) -> None:
        self._said = CappedNotes(self.notes, "threads' owner entries", _MOST_NOTES)

    def take(self, ethread: int, record: Structure) -> None:
        """The owner entries of one thread; ``record`` has its bytes."""
        if not record.layout.has("OwnerEntryListHead") or not any(record.raw("OwnerEntryListHead")):
            return
        if self._shared.spent:
            self._said.limit(f"threads have more than {_MOST_ENTRIES:,} owner entries together: the rest is left out")
            return
        system, head = self.system, ethread + record.layout.offset("OwnerEntryListHead")
        walk = ListWalk(system.io.memory, head, system.bits, _MOST_OF_THREAD, shared=self._shared)
        for entry in walk.entries():
            words = system.pointers(entry, 4)
            if words and words[2] & ~OWNER_FLAGS == ethread and system.io.in_kernel_half(words[3]):
                self._hold(words[3], ethread, bool(words[2] & _DISOWNED))
        for problem in walk.problems:
            self._said.say(f"owner entries of thread {ethread:#x}: {problem}")

    def _hold(self, lock: int, ethread: int, disowned: bool) -> None:
        if lock in self.owners or len(self.owners) < _MOST_LOCKS:
            holders = self.owners.setdefault(lock, [])
            if len(holders) < _MOST_OWNERS:
                holders.append(ethread)
                if disowned:
                    self.disowned.setdefault(lock, []).append(ethread)

    def resources(self) -> Iterator[Resource]:
        """Those that some thread holds."""
        for address, owners in self.owners.items():
            yield self._read(address, tuple(dict.fromkeys(owners)))

    def _read(self, address: int, owners: tuple[int, ...]) -> Resource:
        given = tuple(dict.fromkeys(self.disowned.get(address, ())))
        up = ("an owner of it gave it up: any thread may release it",) if given else ()
        how = ("a fast resource, known by its owner's entry", *up)
        try:
            data = self.system.io.memory.read(address, _SIZE) if self.system.bits == 64 else b""
        except ReadError:
            data = b""
        if not data:
            notes = (*how, "its waiters cannot be read")
            return Resource(address, owners, False, 0, 0, (), 0, True, notes, (), given)

        def number(at: int, size: int) -> int:
            return int.from_bytes(data[at : at + size], "little")

        objects = tuple(each for each in (number(0x8, 8), number(0x10, 8)) if each)
        exclusive = bool(number(0, 8) & _EXCLUSIVE)
        contention = number(0x3C, 4)
        return Resource(address, owners, exclusive, number(0x38, 4), 0, objects, contention, True, how, (), given)
