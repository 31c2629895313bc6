"""Ready queues and queues of deferred calls in memory that was written by hand, sound and hostile."""

from __future__ import annotations

import itertools

import pytest

from tests.processors.made_processors import SECONDS, Made
from volplugins.processors.dpc_queue import active_routine, queued_dpcs
from volplugins.processors.ready_queues import counts, knows_queues, ready_threads

EVERY = pytest.mark.parametrize(("build", "bits"), [(3790, 64), (7601, 64), (19041, 64), (22621, 64), (7601, 32)])
ROUTINE = 0xFFFFF80000012340


def own_heads(made: Made, number: int = 0) -> int:
    return made.prcbs[number] + made.waits.processor.offset("DispatcherReadyListHead")


def ready(made: Made) -> tuple[list, list[str]]:
    problems: list[str] = []
    return list(ready_threads(made.source(), made.waits.processor, problems)), problems


def dpcs(made: Made) -> tuple[list, list[str]]:
    problems: list[str] = []
    return list(queued_dpcs(made.source(), made.prcbs[0], made.waits.processor, problems)), problems


def dpc_head(made: Made, queue: int = 0) -> int:
    data = made.waits.dpc_data
    return made.prcbs[0] + made.waits.processor.offset("DpcData") + queue * data.size + data.offset("DpcList")


def chain(made: Made, head: int, calls: list[int], end: int) -> None:
    """Links from a head through KDPCs to ``end``."""
    at = made.waits.dpc.offset("DpcListEntry")
    places = [head, *[call + at for call in calls]]
    for place, following in zip(places, [*places[1:], end], strict=True):
        made.put(place, following)


@EVERY
def test_ready_threads_come_by_priority_with_their_time(build: int, bits: int) -> None:
    made = Made(build, bits)
    low, first, second, other = (made.thread(64 * number) for number in range(1, 5))
    made.ready(own_heads(made), 8, [low])
    made.ready(own_heads(made), 15, [first, second])
    made.ready(own_heads(made, 1), 31, [other])
    found, problems = ready(made)
    assert [(each.ethread, each.priority, each.processors) for each in found] == [
        (first, 15, (0,)), (second, 15, (0,)), (low, 8, (0,)), (other, 31, (1,)),
    ]  # fmt: skip
    assert [each.waited for each in found] == [64 * ticks * SECONDS for ticks in (2, 3, 1, 4)]
    assert not problems and counts(found, 0) == (3, 0) and counts(found, 1) == (1, 0)


@pytest.mark.parametrize(("build", "bits"), [(9600, 64), (19041, 64), (22000, 64), (19041, 32)])
def test_a_shared_queue_is_read_once(build: int, bits: int) -> None:
    made = Made(build, bits, count=3)
    queue, thread, own = made.room(), made.thread(), made.thread()
    made.ready(queue + made.waits.ready_queue.offset("ReadyListHead"), 9, [thread])
    made.ready(own_heads(made, 2), 9, [own])
    for prcb in made.prcbs[:2]:
        made.member(made.waits.processor, prcb, "SharedReadyQueue", queue)
    found, problems = ready(made)
    assert {(each.ethread, each.processors) for each in found} == {(own, (2,)), (thread, (0, 1))}
    assert not problems and counts(found, 1) == (1, 1) and counts(found, 2) == (1, 0)


def test_threads_that_are_not_yet_sorted_in_are_shown() -> None:
    made = Made()
    one, two = made.thread(), made.thread()
    at = made.waits.thread.offset("WaitListEntry")
    made.member(made.waits.processor, made.prcbs[0], "DeferredReadyListHead", one + at)
    made.put(one + at, two + at)
    assert [(each.ethread, each.priority) for each in ready(made)[0]] == [(one, None), (two, None)]
    made.put(two + at, one + at)
    found, (problem,) = ready(made)
    assert len(found) == 2 and "runs in a loop" in problem


def test_windows_xp_has_one_queue_that_symbols_name() -> None:
    made = Made(2600, 32)
    thread = made.thread(32)
    heads = made.room()
    made.ready(heads, 10, [thread])
    assert ready(made)[1] == ["ready queues: their place is not known without symbols (KiDispatcherReadyListHead)"]
    assert not knows_queues(made.source(), made.waits.processor)
    made.variables["KiDispatcherReadyListHead"] = heads
    ((found,), problems) = ready(made)
    assert (found.ethread, found.priority, found.processors, found.waited) == (thread, 10, (0, 1), 0.5)
    assert not problems


def test_hostile_ready_lists_end_and_say_so() -> None:
    made = Made()
    thread, at = made.thread(), made.waits.thread.offset("WaitListEntry")
    head = own_heads(made) + 16 * 8
    for entry, word in ((0x7FF0, "no kernel address"), (made.base + 0xFFFFF, "cannot be read"),
                        (made.room() + at, "is no thread")):  # fmt: skip
        made.put(head, entry)
        made.put(head + 8, head)
        found, problems = ready(made)
        assert not found and any(word in problem for problem in problems), word
    made.ready(own_heads(made), 8, [thread])
    made.put(thread + at, thread + at)
    found, problems = ready(made)
    assert [each.ethread for each in found] == [thread] and any("loop" in problem for problem in problems)
    made.put(made.prcbs[1] + made.waits.processor.offset("SharedReadyQueue"), 0x1000)
    assert any("no kernel address" in problem for problem in ready(made)[1])


def test_one_damaged_entry_hides_no_other() -> None:
    made = Made()
    threads = [made.thread() for _ in range(5)]
    made.ready(own_heads(made), 8, threads)
    calls = [made.dpc(ROUTINE + number) for number in range(5)]
    chain(made, dpc_head(made), calls, 0)
    for each in (threads[1], calls[1]):
        made.put(each, 5, 1)
    found, problems = ready(made)
    assert [each.ethread for each in found] == [threads[0], *threads[2:]] and len(problems) == 1
    queued, problems = dpcs(made)
    assert [each.address for each in queued] == [calls[0], *calls[2:]] and len(problems) == 1
    for each in (threads[2], calls[2]):  # two in a row: good links still lead on, a chain of single ones is none
        made.put(each, 5, 1)
    assert [each.ethread for each in ready(made)[0]] == [threads[0], *threads[3:]] and len(ready(made)[1]) == 2
    assert [each.address for each in dpcs(made)[0]] == calls[:1] and len(dpcs(made)[1]) == 2


def test_a_thread_that_became_ready_in_the_future_has_no_time() -> None:
    made = Made()
    thread = made.thread(-5)
    made.ready(own_heads(made), 8, [thread])
    assert [each.waited for each in ready(made)[0]] == [None]


@EVERY
def test_calls_come_in_their_order_whatever_ends_the_list(build: int, bits: int) -> None:
    made = Made(build, bits)
    normal = [made.dpc(ROUTINE + number) for number in range(3)]
    threaded = made.dpc(ROUTINE + 9, 26)
    for end in (0, dpc_head(made)):
        chain(made, dpc_head(made), normal, end)
        chain(made, dpc_head(made, 1), [threaded], 0)
        found, problems = dpcs(made)
        assert [each.address for each in found] == [*normal, threaded]
        assert [each.threaded for each in found] == [False, False, False, True]
        assert found[1].routine == (ROUTINE + 1) & ((1 << bits) - 1) and not problems


def test_hostile_queues_of_calls_end_and_say_so() -> None:
    made = Made()
    one, at = made.dpc(ROUTINE), made.waits.dpc.offset("DpcListEntry")
    for end, word in ((one + at, "loop"), (0x1000, "leads to 0x1000"), (made.room() + at, "is no DPC"),
                      (made.base + 0xFFFFC, "is no DPC")):  # fmt: skip
        chain(made, dpc_head(made), [one], end)
        found, problems = dpcs(made)
        assert [each.address for each in found] == [one]
        assert any(word in problem for problem in problems), (word, problems)


@EVERY
def test_calls_behind_one_that_is_none(build: int, bits: int) -> None:
    made = Made(build, bits)
    calls = [made.dpc(ROUTINE + number) for number in range(6)]
    chain(made, dpc_head(made), calls, 0)
    for number in (1, 3):
        made.put(calls[number], 0, 1)
    found, problems = dpcs(made)
    assert [each.address for each in found] == [calls[number] for number in (0, 2, 4, 5)]
    assert [text.rpartition("queue: ")[2] for text in problems] == [f"{calls[n]:#x} is no DPC" for n in (1, 3)]
    made.put(calls[2], 0, 1)
    assert [each.address for each in dpcs(made)[0]] == calls[:1]


@EVERY
def test_ready_threads_behind_what_is_no_thread(build: int, bits: int) -> None:
    made = Made(build, bits)
    threads = [made.thread() for _ in range(5)]
    made.ready(own_heads(made), 8, threads)
    for number in (1, 3):
        made.put(threads[number], 0, 1)
    found, problems = ready(made)
    assert [each.ethread for each in found] == [threads[number] for number in (0, 2, 4)]
    assert sorted(text.rpartition(": ")[2] for text in problems) == sorted(
        f"{threads[number]:#x} is no thread" for number in (1, 3)
    )


@pytest.mark.parametrize("build", [9600, 19041])
def test_the_routine_that_runs(build: int) -> None:
    made = Made(build)
    layout, prcb = made.waits.processor, made.prcbs[0]
    assert active_routine(made.source(), prcb, layout) == 0
    at = prcb + layout.offset("DpcData") + made.waits.dpc_data.offset("ActiveDpc")
    made.put(at, made.dpc(ROUTINE))
    assert active_routine(made.source(), prcb, layout) == ROUTINE
    made.put(at, 0x5000)
    assert active_routine(made.source(), prcb, layout) == 0
    if layout.has("CurrentDpcRoutine"):
        made.member(layout, prcb, "CurrentDpcRoutine", ROUTINE + 4)
        assert active_routine(made.source(), prcb, layout) == ROUTINE + 4


def test_a_ring_that_many_queues_lead_to_is_walked_once() -> None:
    made = Made()
    at, threads = made.waits.thread.offset("WaitListEntry"), [made.thread() for _ in range(150)]
    made.ring(threads[0] + at, [thread + at for thread in threads[1:]])
    for number in (0, 1):
        for priority in range(32):
            made.put(own_heads(made, number) + 16 * priority, threads[priority] + at)
            made.put(own_heads(made, number) + 16 * priority + 8, threads[priority] + at)
    made.reads = 0
    found, problems = ready(made)
    assert {each.ethread for each in found} == set(threads)
    assert made.reads < 1_000, made.reads
    assert any("of the list at" in problem for problem in problems)


def test_all_queues_together_are_bounded_with_those_not_sorted_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volplugins.processors.ready_queues._MOST", 10)
    made = Made()
    at, threads = made.waits.thread.offset("WaitListEntry"), [made.thread() for _ in range(30)]
    made.ready(own_heads(made), 8, [made.thread() for _ in range(3)])
    made.member(made.waits.processor, made.prcbs[0], "DeferredReadyListHead", threads[0] + at)
    for one, following in itertools.pairwise(threads):
        made.put(one + at, following + at)
    found, problems = ready(made)
    assert len(found) == 10
    assert "more than 10 entries in ready queues: the rest is left out" in problems
