"""What many lists cost together: heads that lead to one ring, and locks that many hold and many wait for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from tests.waits.made_waits import WIN10, Made, _io_system
from volplugins.kernel.layouts import built_in
from volplugins.memory.reader import SegmentReader
from volplugins.waits import object_waiters
from volplugins.waits.lock_entries import LockEntries
from volplugins.waits.lock_owners import MOST_OWNERS
from volplugins.waits.object_waiters import ObjectWaiters
from volplugins.waits.owners import fast_resource, mutant, owner_tables
from volplugins.waits.owners.address import AddressWaits
from volplugins.waits.owners.fast_resource import FastResources
from volplugins.waits.owners.mutant import MutantOwners
from volplugins.waits.owners.owner_tables import OwnerTables
from volplugins.waits.owners.push_lock import held_push_lock
from volplugins.waits.owners.resource import Resource, read_resource
from volplugins.waits.resources import Resources
from volplugins.waits.system import WaitSystem
from volplugins.waits.waiter import read_waiter
from volplugins.waits.words import WR_ALERT_BY_THREAD_ID


@dataclass(slots=True)
class Counting:
    """Memory that counts what is read of it."""

    memory: SegmentReader
    reads: int = field(default=0)

    def read(self, address: int, size: int) -> bytes:
        self.reads += 1
        return self.memory.read(address, size)


def system_of(made: Made) -> tuple[WaitSystem, Counting]:
    memory = Counting(SegmentReader({made.base: bytes(made.data)}))
    layouts = built_in(made.machine.bits, made.machine.build)
    return WaitSystem(_io_system(made, memory, 0), layouts.thread, layouts.waits), memory


def circle(made: Made, length: int) -> list[int]:
    """Entries that lead to each other in a circle without a head."""
    entries = [made.block(0x10, 0x10) for _ in range(length)]
    made.link(*entries)
    return entries


def lead(made: Made, head: int, entry: int) -> None:
    made.put(head, entry)
    made.put(head + 8, entry)


def test_a_ring_that_many_objects_lead_to_costs_what_all_lists_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_waiters, "_MOST_ENTRIES", 1000)
    made = Made(WIN10)
    entries, objects = circle(made, 200), [made.object(0) for _ in range(100)]
    for each in objects:
        lead(made, made.head(each), entries[0])
    system, memory = system_of(made)
    waiters = ObjectWaiters(system)
    missing = [waiters.missing(each, 1) for each in objects]
    assert memory.reads < 2_000, memory.reads
    assert missing[0] == "its wait block is not in the object's list of waiters"
    assert missing[-1] == "the object's list of waiters was not followed to its end"
    assert waiters.note().startswith("objects' lists of waiters have more than 1,000 entries together")
    reads = memory.reads
    assert [waiters.missing(each, 1) for each in objects] == missing and memory.reads == reads


def test_a_stale_head_does_not_hide_the_list_that_it_leads_into() -> None:
    made = Made(WIN10)
    stale, event, entry = made.object(0), made.object(0), made.block(0x10, 0x10)
    made.link(made.head(event), entry)
    lead(made, made.head(stale), entry)
    waiters = ObjectWaiters(system_of(made)[0])
    assert not waiters.missing(stale, entry) and not waiters.missing(event, entry)
    assert not waiters.note()


def test_owners_whose_lists_are_one_ring_are_followed_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutant, "_MOST_MUTANTS", 1000)
    made = Made(WIN10)
    entries, owners = circle(made, 200), [made.thread() for _ in range(40)]
    mutants = [made.mutant(owner) for owner in owners]
    for owner in owners:
        lead(made, owner + made.machine.thread["MutantListHead"][0], entries[0])
    system, memory = system_of(made)
    found = MutantOwners(system)
    held = [found.held(each, "") for each in mutants]
    assert memory.reads < 2_000, memory.reads
    assert not any(each.sure for each in held)
    assert held[-1].notes == ("its owner's list of mutants was not followed to its end",)
    assert "threads' lists of mutants have more than 1,000 entries together" in found.note()


def test_what_was_left_out_is_said_of_the_survey(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_waiters, "_MOST_ENTRIES", 1)
    made = Made(WIN10)
    for _ in range(3):
        made.wait(made.thread(), made.mutant(made.thread()))
    assert any("lists of waiters have more than 1 entries" in note for note in made.survey().notes)


def test_an_entry_that_is_not_aligned_ends_a_list() -> None:
    made = Made(WIN10)
    event, entry = made.object(0), made.block(0x40)
    lead(made, made.head(event), entry + 6)
    lead(made, entry + 6, made.head(event))
    assert ObjectWaiters(system_of(made)[0]).missing(event, entry + 6)


def waiter_at(ethread: int) -> Any:
    return SimpleNamespace(ethread=ethread)


def test_all_who_wait_for_a_push_lock_share_its_owners() -> None:
    entries = LockEntries(system_of(Made(WIN10))[0])
    entries.holders[1] = [*range(1000, 1300), 1000]
    entries.wanted = {waiter: [1] for waiter in range(50)}
    held = [held_push_lock(waiter_at(waiter), 0, entries) for waiter in range(50)]
    assert held[0].owners == tuple(range(1000, 1000 + MOST_OWNERS))
    assert all(each.owners is held[0].owners for each in held)
    assert held[0].notes[-1] == f"300 threads hold it: {MOST_OWNERS} are looked at"


@pytest.mark.parametrize("exclusive", [False, True])
def test_all_who_wait_for_a_resource_share_its_owners(exclusive: bool) -> None:
    system = system_of(Made(WIN10))[0]
    resources, entries = Resources(system), LockEntries(system)
    owners = tuple(range(1000, 1300))
    resources._take(Resource(1, owners, exclusive, 0, 0, (7,), 0))
    held = [resources.held(waiter_at(waiter), 7, entries, "") for waiter in range(50)]
    assert held[0] is not None and held[0].owners == owners[:MOST_OWNERS]
    assert all(each is not None and each.owners is held[0].owners for each in held)
    assert held[0].notes[-1] == f"300 threads hold it: {MOST_OWNERS} are looked at"
    again = resources.held(waiter_at(1000), 7, entries, "")
    assert again is not None and (1000 in again.owners) != exclusive


class AsksForAddress:
    """A waiter for an address, which counts how often it is looked at."""

    looked_at = 0
    reason, first_argument, key = WR_ALERT_BY_THREAD_ID, 0x7000, 0

    def __init__(self, ethread: int) -> None:
        self._ethread, self.thread = ethread, SimpleNamespace(tid=ethread)

    @property
    def ethread(self) -> int:
        AsksForAddress.looked_at += 1
        return self._ethread


def test_each_who_waits_for_an_address_looks_at_a_few_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AsksForAddress, "looked_at", 0)
    waiters: list[Any] = [AsksForAddress(number) for number in range(300)]
    process = SimpleNamespace(eprocess=1)
    processes: Any = SimpleNamespace(
        of_thread=dict.fromkeys(range(300), process), section_waited_for=lambda process, address: None
    )
    addresses = AddressWaits(processes)
    for each in waiters:
        addresses.take(each)
    notes = [addresses.held(each, 0).notes for each in waiters]
    assert notes[0] == ("who would wake it is not kept; threads 1, 2, 3, 4 and 295 more wait for the same address",)
    assert notes[3][0].split("threads ")[1].startswith("0, 1, 2, 4 and 295 more")
    assert notes[299][0].split("threads ")[1].startswith("0, 1, 2, 3 and 295 more")
    assert AsksForAddress.looked_at < 30 * len(waiters)


def table_of(made: Made, entries: int, *owners: int) -> int:
    """An owner table of so many entries, the last ones free."""
    table = made.block(16 * entries, 0x1000)
    made.put(table + 8, entries, 4)
    for number, owner in enumerate(owners, start=1):
        made.put(table + 16 * number, owner)
        made.put(table + 16 * number + 8, 1, 4)
    return table


def test_a_table_that_many_resources_lead_to_is_read_once() -> None:
    made = Made(WIN10)
    owners = [0xFFFF800000100000 + 0x100 * number for number in range(4000)]
    table = table_of(made, 4096, *owners, owners[0])
    locks = [made.resource(made.thread(), exclusive=False, OwnerTable=table) for _ in range(40)]
    system, memory = system_of(made)
    tables = OwnerTables(system)
    found = [read_resource(system, each, tables) for each in locks]
    assert memory.reads < 4 * len(locks), memory.reads
    assert all(each.owners[1:] == tuple(owners) for each in found) and not tables.note()


def test_owner_tables_are_read_only_so_far_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_tables, "MOST_ENTRIES", 1000)
    made = Made(WIN10)
    thread = made.thread()
    for _ in range(20):
        made.resource(made.thread(), exclusive=False, OwnerTable=table_of(made, 100))  # all free
    last = made.resource(made.thread(), exclusive=False, OwnerTable=table_of(made, 3, thread))
    survey = made.survey()
    assert any("have more than 1,000 entries together" in note for note in survey.notes)
    assert survey.resources.all[last].notes == (owner_tables._LEFT_OUT,) and len(survey.resources.all[last].owners) == 1


def test_owner_pointers_of_one_table_cost_no_more_than_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(WIN10)
    pointers = [0xFFFF900000000000 + 0x40 * number | 3 for number in range(4000)]
    lock = made.resource(pointers[0], exclusive=False, OwnerTable=table_of(made, 4096, *pointers))
    system, _ = system_of(made)
    start = time.perf_counter()
    found = read_resource(system, lock, OwnerTables(system))
    assert time.perf_counter() - start < 1.0
    assert len(found.pointers) == 4000 and not found.owners


def test_a_table_that_ends_where_memory_does_is_read_up_to_there() -> None:
    made = Made(WIN10)
    owners = [made.thread() for _ in range(3)]
    end = made.base + len(made.data)
    table = end - 16 * 64
    made.put(table + 8, 4096, 4)
    for number, owner in enumerate(owners, start=1):
        made.put(table + 16 * number, owner)
        made.put(table + 16 * number + 8, 1, 4)
    lock = made.resource(made.thread(), exclusive=False, OwnerTable=table)
    system, _ = system_of(made)
    found = read_resource(system, lock, OwnerTables(system))
    assert found.owners[1:] == tuple(owners) and found.notes == ("entry 64 of its owner table cannot be read",)


def test_a_ring_that_many_threads_owner_entries_lead_to_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_resource, "_MOST_AGAIN", 100)
    made = Made(WIN10)
    entries, threads = circle(made, 200), [made.thread() for _ in range(60)]
    for each in threads:
        lead(made, each + made.machine.thread["OwnerEntryListHead"][0], entries[0])
    system, memory = system_of(made)
    found = FastResources(system)
    for each in threads:
        found.take(each, read_waiter(system, each)[1])
    assert memory.reads < 1_500, memory.reads
    assert found.notes and any("owner entries of thread" in note for note in found.notes)
    assert len(found.notes) <= fast_resource._MOST_NOTES + 1


def test_owner_entries_are_followed_only_so_far_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_resource, "_MOST_ENTRIES", 50)
    made = Made(WIN10)
    for _ in range(20):
        head = made.thread() + made.machine.thread["OwnerEntryListHead"][0]
        made.link(head, *(made.block(0x30) for _ in range(10)))
    assert any("more than 50 owner entries together" in note for note in made.survey().notes)


def test_sound_owner_entries_need_no_note() -> None:
    made = Made(WIN10)
    for _ in range(3):
        head = made.thread() + made.machine.thread["OwnerEntryListHead"][0]
        made.link(head, *(made.block(0x30) for _ in range(3)))
    assert not made.survey().notes
