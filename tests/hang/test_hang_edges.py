"""Hangs of memory made by hand: long chains, many waiters, nothing at all, names that would run away."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.waits.made_waits import MACHINES, WIN10, Made, ring
from volplugins.bugcheck.hang.cause import Kind
from volplugins.bugcheck.hang.find import explain_hang
from volplugins.bugcheck.hang.locks import lock_causes, told_resources
from volplugins.bugcheck.hang.paths import deadlock_causes, longest_paths, told_deadlocks, told_paths
from volplugins.bugcheck.hang.requests import old_requests
from volplugins.bugcheck.hang.sources import HangSources, named
from volplugins.bugcheck.hang.starved import long_ready, starved_causes
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.processors.ready_queues import ReadyThread
from volplugins.waits.words import WR_RESOURCE


def sources_of(memory: Made, **more: Any) -> HangSources:
    """Without requests; the scene has nothing but what these parts ask for."""
    requests = SimpleNamespace(found={}, free=set(), reader=SimpleNamespace(known=True))
    scene = SimpleNamespace(crashed=None, target=SimpleNamespace(crashed=False), symbolizer=None)
    return HangSources(cast(Any, scene), memory.graph(), cast(Any, requests), cast(Any, None), **more)


def test_nothing_waits() -> None:
    memory = Made(WIN10)
    memory.thread()
    sources = sources_of(memory)
    assert not list(deadlock_causes(sources)) and not list(lock_causes(sources)) and not longest_paths(sources)
    assert not old_requests(sources) and not list(starved_causes(sources, long_ready(sources)))


def test_a_limited_wait_makes_a_deadlock_less_than_certain() -> None:
    memory = Made(MACHINES["win7"])
    first, second = memory.thread(), memory.thread()
    memory.wait(first, memory.mutant(second))
    memory.wait(second, memory.mutant(first), timed=memory.object(8))
    (cause,) = deadlock_causes(sources_of(memory))
    assert cause.confidence is Confidence.HIGH and set(cause.threads) == {first, second}


def test_a_thread_that_waits_for_itself_says_for_what() -> None:
    memory = Made(WIN10)
    thread, event = memory.thread(), memory.object(1)
    memory.resource(thread, exclusive=False, ExclusiveWaiters=event)
    memory.wait(thread, event, reason=WR_RESOURCE)
    sources = sources_of(memory)
    (row,) = told_deadlocks(sources, deadlock_causes(sources))
    assert row.evidence == "it waits for what it holds itself"


def test_many_deadlocks_are_counted() -> None:
    memory = Made(WIN10)
    for _ in range(14):
        ring(memory, 2)
    sources = sources_of(memory)
    rows = list(told_deadlocks(sources, deadlock_causes(sources)))
    assert len(rows) == 11 and rows[-1].value == "4 more deadlocks"


def test_a_ring_of_many_is_cut_in_its_line() -> None:
    memory = Made(WIN10)
    threads = ring(memory, 40)
    sources = sources_of(memory)
    (row,) = told_deadlocks(sources, deadlock_causes(sources))
    assert "… 28 more …" in row.value and row.value.endswith(sources.who(threads[0])) and len(row.value) < 1000


@pytest.mark.parametrize("length", [12, 60])
def test_a_chain_keeps_its_length_in_a_line_of_bounded_length(length: int) -> None:
    memory = Made(WIN10)
    threads = [memory.thread() for _ in range(length)]
    for one, other in pairwise(threads):
        memory.wait(one, memory.mutant(other))
    sources = sources_of(memory)
    row = next(iter(told_paths(sources, longest_paths(sources))))
    assert row.evidence.startswith(f"{length} threads") and len(row.value) < 1200
    assert row.value.startswith(sources.who(threads[0])) and row.value.endswith(
        f"{sources.who(threads[-1])}, which runs"
    )
    assert sources.held_up((threads[-1],)) == set(threads[:-1])


def test_those_that_wait_alike_are_one_row() -> None:
    memory = Made(WIN10)
    owner = memory.thread()
    lock = memory.mutant(owner)
    for _ in range(30):
        memory.wait(memory.thread(), lock)
    sources = sources_of(memory)
    (row,) = told_paths(sources, longest_paths(sources))
    assert "29 threads wait as its first one does" in row.evidence


def test_a_circle_that_is_no_deadlock_says_so() -> None:
    memory = Made(WIN10)
    first, second = memory.thread(), memory.thread()
    memory.wait(first, memory.mutant(second))
    memory.wait(second, memory.mutant(first), memory.object(1))
    sources = sources_of(memory)
    rows = list(told_paths(sources, longest_paths(sources)))
    assert not list(deadlock_causes(sources)) and "again, which is no deadlock for sure" in rows[0].value


def test_a_program_may_keep_its_mutex_for_a_while() -> None:
    memory = Made(WIN10)
    owner = memory.thread()
    memory.wait(memory.thread(), memory.mutant(owner), seconds=20.0)
    assert not list(lock_causes(sources_of(memory)))
    memory.wait(memory.thread(), memory.mutant(owner), seconds=40.0)
    (cause,) = lock_causes(sources_of(memory))
    assert cause.confidence is Confidence.LOW and cause.kind is Kind.LOCK and cause.held_up == 2


def test_ready_threads_count_from_ten_seconds_on() -> None:
    memory = Made(WIN10)
    threads = [memory.thread(state=1) for _ in range(4)]
    ready = [ReadyThread(each, 8, (0,), waited) for each, waited in zip(threads, (3.0, 10.0, None, 70.0), strict=True)]
    found = long_ready(sources_of(memory, ready=ready))
    assert [each.ethread for each in found] == [threads[3], threads[1]]


def test_names_of_programs_stand_in_quotes() -> None:
    assert named("Mutant", '\\BaseNamedObjects\\a "b" > c', 1) == "Mutant \"\\BaseNamedObjects\\a 'b' > c\""
    assert named("Resource", "nt!x", 1) == "Resource nt!x" and named("Event", "", 0x10) == "Event 0x10"


def test_the_cost_is_linear_where_all_wait_for_one() -> None:
    memory = Made(WIN10, bytearray(1 << 25))
    owner = memory.thread()
    before = [memory.thread() for _ in range(400)]
    lock = memory.mutant(owner)
    for each in before:
        memory.wait(each, lock, reason=WR_RESOURCE, seconds=99.0)
    sources = sources_of(memory)
    start = time.perf_counter()
    for _ in range(50):
        list(lock_causes(sources))
        longest_paths(sources)
    assert time.perf_counter() - start < 5.0


def test_how_long_a_resource_is_waited_for_is_said_where_that_is_known() -> None:
    memory = Made(WIN10)
    event = memory.object(1)
    memory.resource(memory.thread(), ExclusiveWaiters=event)
    memory.wait(memory.thread(), event, reason=WR_RESOURCE, seconds=99.0)
    sources = sources_of(memory)
    assert [row.evidence for row in told_resources(sources)] == ["held exclusively; the longest wait lasts 99 s"]
    for ethread, wait in sources.survey.waits.items():
        sources.survey.waits[ethread] = replace(wait, waiter=replace(wait.waiter, seconds=None))
    assert [row.evidence for row in told_resources(sources)] == ["held exclusively"]


def test_an_owner_pointer_is_nobody_who_has_ended() -> None:
    """As a file system sets it, that hands a resource to an I/O request."""
    memory = Made(WIN10)
    event, pointer = memory.object(1), memory.block(0x40)
    memory.resource(pointer | 3, ExclusiveWaiters=event)
    memory.wait(memory.thread(), event, reason=WR_RESOURCE, seconds=99.0)
    sources = sources_of(memory)
    assert not list(lock_causes(sources))
    (row,) = told_resources(sources)
    assert row.value.endswith(f"1 thread waits, held by the owner pointer {pointer:#x}")
    assert row.evidence.startswith("held exclusively")


def test_rows_and_causes_count_the_same_where_counting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Made(WIN10)
    threads = [memory.thread() for _ in range(6)]
    for one, other in pairwise(threads):
        memory.wait(one, memory.mutant(other), seconds=99.0)
    ring(memory, 2)
    monkeypatch.setattr("volplugins.bugcheck.hang.sources._MOST_MET", 6)
    for name in ("memory_causes", "told_memory", "told_queues", "told_requests", "request_causes", "old_requests"):
        monkeypatch.setattr(f"volplugins.bugcheck.hang.find.{name}", lambda *_: ())
    monkeypatch.setattr("volplugins.bugcheck.hang.find.unread_queues", lambda _: ((), ""))
    monkeypatch.setattr("volplugins.bugcheck.hang.find.unknown_memory", lambda _: "")
    monkeypatch.setattr("volplugins.bugcheck.hang.find.blame_cause", lambda *_: None)
    found = explain_hang(sources_of(memory))
    locks = [cause.text for cause in found.causes if cause.kind is Kind.LOCK]
    assert locks and [row.value for row in found.told if row.field == "KEPT_LOCK"] == locks
