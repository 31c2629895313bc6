"""ERESOURCEs: their owners by the entries that they keep, and their waiters.

Up to 2003 two owner entries lie in the resource (OwnerThreads), later one (OwnerEntry); more are in OwnerTable, whose
first entry's count is the table's size. Flag 0x80: held by one exclusively. Two lowest bits of an owner are set where
it was given by ExSetResourceOwnerPointer (Microsoft's page on it): it is an address that the driver chose, as that of
what an I/O request goes on with, seldom a thread, and any thread may release the resource. All are linked from
ExpSystemResourcesList.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Structure
from volplugins.waits.owners.owner_tables import OWNER_FLAGS, OwnerTables, entries_in_use
from volplugins.waits.system import WaitSystem

OWNED_EXCLUSIVELY = 0x80
_BY_POINTER = 3
_MOST_NAMED = 4
_SHORT = 2  # bytes


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource.

    Attributes:
        owners: threads that its entries name, flags taken away, as they stand.
        exclusive: whether one thread holds it alone.
        shared_waiters, exclusive_waiters: how many wait, as it counts them.
        objects: what its waiters' pointers lead to: a semaphore, an event, or a block on the stack of a waiter.
        contention: how often somebody had to wait.
        fast: whether it is one of those that the list of resources does not hold.
        notes: what does not fit, and owners that are no threads.
        pointers: what ExSetResourceOwnerPointer made its owner and is no thread.
        disowned: of the owners those that need not be who releases it.
    """

    address: int
    owners: tuple[int, ...]
    exclusive: bool
    shared_waiters: int
    exclusive_waiters: int
    objects: tuple[int, ...]
    contention: int
    fast: bool = False
    notes: tuple[str, ...] = ()
    pointers: tuple[int, ...] = ()
    disowned: tuple[int, ...] = ()

    @property
    def held(self) -> bool:
        """Whether somebody or something owns it."""
        return bool(self.owners or self.pointers)


def read_resource(system: WaitSystem, address: int, tables: OwnerTables) -> Resource:
    """The resource at ``address``; raises ReadError."""
    found = system.structure(address, system.layouts.resource)
    notes: list[str] = []
    held = bool(found.get("ActiveCount")) or bool(found.get("ActiveEntries"))
    named = dict.fromkeys(_owners(system, found, tables, notes)) if held else {}
    given = dict.fromkeys(each & ~OWNER_FLAGS for each in named if each & _BY_POINTER == _BY_POINTER)
    threads = tuple(each for each in given if tables.is_thread(each))
    others = tuple(each for each in given if not tables.is_thread(each))
    nobody = frozenset(others)
    owners = tuple(dict.fromkeys(each & ~OWNER_FLAGS for each in named if each & ~OWNER_FLAGS not in nobody))
    notes.extend(_told(others, threads))
    pointers = (found.get(member) or 0 for member in ("SharedWaiters", "ExclusiveWaiters"))
    objects = tuple(each for each in pointers if each)
    shared, alone = _counts(found)
    exclusive = bool((found.get("Flag") or 0) & OWNED_EXCLUSIVELY)
    contention = found.get("ContentionCount") or 0
    return Resource(
        address, owners, exclusive, shared, alone, objects, contention, False, tuple(notes), others, threads,
    )  # fmt: skip


def _told(others: tuple[int, ...], threads: tuple[int, ...]) -> Iterator[str]:
    """Owners by ExSetResourceOwnerPointer in words."""
    if others:
        named = ", ".join(f"{each:#x}" for each in others[:_MOST_NAMED])
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        yield f"held by the owner pointer {named}{more}, which is no thread: any thread may release it"
    if threads:
        yield "its owner is named by an owner pointer: any thread may release it"


def _counts(found: Structure) -> tuple[int, int]:
    """How many wait for shared and for exclusive access; up to 2003 two bytes each, one behind the other."""
    layout = found.layout
    shared, alone = found.get("NumberOfSharedWaiters") or 0, found.get("NumberOfExclusiveWaiters") or 0
    if not layout.has("NumberOfSharedWaiters") or not layout.has("NumberOfExclusiveWaiters"):
        return shared, alone
    short = layout.offset("NumberOfExclusiveWaiters") - layout.offset("NumberOfSharedWaiters") == _SHORT
    return (shared & 0xFFFF, alone & 0xFFFF) if short else (shared, alone)


def _owners(system: WaitSystem, found: Structure, tables: OwnerTables, notes: list[str]) -> Iterator[int]:
    layout, size = found.layout, system.layouts.owner_entry.size
    member, count = ("OwnerEntry", 1) if layout.has("OwnerEntry") else ("OwnerThreads", 2)
    if layout.has(member) and size:
        at = layout.offset(member)
        try:
            data = system.io.memory.read(found.address + at, count * size)
        except ReadError:
            data = b""
        yield from entries_in_use(system, data)
    table = found.get("OwnerTable") or 0
    if table:
        further = tables.owners(table)
        notes.extend(further.notes)
        yield from further.owners
