"""What many lists cost together: heads that lead to one ring, and memory full of pointers to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.waits.made_waits import WIN10, Made, _io_system
from volplugins.kernel.layouts import built_in
from volplugins.memory.reader import SegmentReader
from volplugins.waits import object_waiters
from volplugins.waits.object_waiters import ObjectWaiters
from volplugins.waits.owners import mutant
from volplugins.waits.owners.mutant import MutantOwners
from volplugins.waits.system import WaitSystem


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
