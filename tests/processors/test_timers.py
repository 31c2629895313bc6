"""Timers in tables of every kind, with their calls in clear and encoded; hostile tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from volatility3.framework.objects import utility

from tests.processors.made_processors import Made
from volplugins.processors.timers import decode_dpc, read_timers

WORD = st.integers(0, (1 << 64) - 1)
ROUTINE = 0xFFFFF80000012340
NEVER, ALWAYS = 0x9F3A5C0011E2D4B7, 0x20C4FA7715B3E861


def encode(dpc: int, timer: int, never: int, always: int) -> int:
    """What the kernel writes: the decoding of volatility3's windows.timers from its end to its begin."""
    mixed = utility.bswap_64(dpc ^ always) ^ timer
    turn = never & 0x3F
    return ((mixed >> turn | mixed << (64 - turn)) & ((1 << 64) - 1)) ^ never


def timers(made: Made, **more) -> tuple[list, list[str]]:
    problems: list[str] = []
    return list(read_timers(made.source(**more), made.waits.processor, problems)), problems


def head(made: Made, entry: int, number: int = 0) -> int:
    waits = made.waits
    table = made.prcbs[number] + waits.processor.offset("TimerTable") + waits.timer_table.offset("TimerEntries")
    return table + entry * waits.timer_entry.size + waits.timer_entry.offset("Entry")


def linked(made: Made, at: int, made_timers: list[int]) -> None:
    made.ring(at, [timer + made.waits.timer.offset("TimerListEntry") for timer in made_timers])


def with_keys(made: Made) -> None:
    for name, value in (("KiWaitNever", NEVER), ("KiWaitAlways", ALWAYS)):
        made.variables[name] = made.room(0x40)
        made.put(made.variables[name], value, 8)


@given(WORD, WORD, WORD, WORD)
def test_decoding_undoes_what_the_kernel_does(dpc: int, timer: int, never: int, always: int) -> None:
    assert decode_dpc(encode(dpc, timer, never, always), timer, never, always) == dpc


@pytest.mark.parametrize(("build", "last"), [(7601, 255), (14393, 255), (19041, 511), (22621, 511)])
def test_encoded_calls_are_decoded(build: int, last: int) -> None:
    made = Made(build)
    with_keys(made)
    dpc = made.dpc(ROUTINE)
    first, second, none = made.timer(2.5, 0, 1000), made.timer(-1, 0), made.timer(60, 0)
    for timer, call in ((first, dpc), (second, dpc), (none, 0)):
        made.member(made.waits.timer, timer, "Dpc", encode(call, timer, NEVER, ALWAYS))
    linked(made, head(made, 0), [first, none])
    linked(made, head(made, last, 1), [second])
    found, problems = timers(made)
    assert [(each.address, each.processor, each.due, each.period) for each in found] == [
        (first, 0, 2.5, 1.0), (none, 0, 60, 0), (second, 1, -1, 0),
    ]  # fmt: skip
    assert [each.dpc.routine if each.dpc else None for each in found] == [ROUTINE, None, ROUTINE]
    assert not problems and not any(each.note for each in found)


def test_without_the_keys_the_code_is_shown_and_said() -> None:
    made = Made()
    timer = made.timer(1, 0x1122334455667788)
    linked(made, head(made, 3), [timer])
    (found,), (problem,) = timers(made)
    assert found.dpc is None and found.note == "its DPC is encoded: 0x1122334455667788"
    assert "KiWaitNever and KiWaitAlways" in problem
    assert timers(Made())[1] == []  # nothing to decode, nothing to say


@pytest.mark.parametrize(("build", "bits"), [(7601, 32), (19041, 32)])
def test_32_bit_kernels_have_them_in_clear(build: int, bits: int) -> None:
    made = Made(build, bits)
    dpc = made.dpc(ROUTINE)
    timer, wrong = made.timer(1, dpc), made.timer(1, 0x4000)
    linked(made, head(made, 255), [timer, wrong])
    found, problems = timers(made)
    assert found[0].dpc is not None and found[0].dpc.address == dpc
    assert found[1].dpc is None and found[1].note == "its DPC 0x4000 is none" and not problems


@pytest.mark.parametrize(
    ("build", "bits", "stride", "last"),
    [(2600, 32, 8, 255), (3790, 32, 16, 511), (6002, 32, 16, 511), (3790, 64, 24, 511), (6002, 64, 24, 511)],
)
def test_the_one_table_of_older_kernels_is_named_by_symbols(build: int, bits: int, stride: int, last: int) -> None:
    made = Made(build, bits)
    assert "KiTimerTableListHead" in timers(made)[1][0]
    table, dpc = made.room(0x4000), made.dpc(ROUTINE)
    one, two = made.timer(1, dpc), made.timer(2, dpc)
    linked(made, table, [one])
    linked(made, table + last * stride, [two])
    made.variables["KiTimerTableListHead"] = table
    found, problems = timers(made)
    assert [(each.address, each.processor) for each in found] == [(one, None), (two, None)] and not problems


def test_the_thread_that_waits_for_a_timer_is_shown() -> None:
    made = Made()
    timer, thread, block = made.timer(5, 0), made.thread(), made.room(0x40)
    linked(made, head(made, 9), [timer])
    made.put(timer + made.waits.dispatcher.offset("WaitListHead"), block)
    made.member(made.waits.wait_block, block, "Thread", thread)
    assert [each.thread for each in timers(made)[0]] == [thread]
    made.put(timer + made.waits.dispatcher.offset("WaitListHead"), 0x7FFE0000)
    assert [each.thread for each in timers(made)[0]] == [0]


def test_hostile_tables_end_and_say_so() -> None:
    made = Made()
    at = made.waits.timer.offset("TimerListEntry")
    timer, twice = made.timer(1, 0), made.timer(1, 0)
    linked(made, head(made, 0), [timer])
    made.put(timer + at, timer + at)
    for number, entry in ((1, 0x10000), (2, made.room() + at), (3, made.base + 0xFFFF8)):
        made.put(head(made, number), entry)
        made.put(head(made, number) + 8, entry)
    for entry in (4, 5):
        linked(made, head(made, entry), [twice])
    found, problems = timers(made)
    assert [each.address for each in found] == [timer, twice]
    for word in ("loop", "no kernel address", "is no timer", "cannot be read"):
        assert any(word in problem for problem in problems), (word, problems)


def test_timers_behind_what_is_none() -> None:
    made = Made()
    every = [made.timer(number, 0) for number in range(6)]
    linked(made, head(made, 0), every)
    for number in (1, 2, 4):
        made.put(every[number], 0, 1)
    found, problems = timers(made)
    assert [each.address for each in found] == [every[number] for number in (0, 3, 5)]
    assert [text.rpartition(": ")[2] for text in problems[1:]] == [f"{every[n]:#x} is no timer" for n in (1, 2, 4)]


def test_times_without_a_clock_are_not_known() -> None:
    made = Made(7601, 32)
    linked(made, head(made, 0), [made.timer(1, 0)])
    assert [each.due for each in timers(made, clock=None)[0]] == [None]


def test_a_ring_that_many_lists_lead_to_is_walked_once() -> None:
    made = Made()
    at, rings = made.waits.timer.offset("TimerListEntry"), [made.timer(1, 0) for _ in range(300)]
    made.ring(rings[0] + at, [timer + at for timer in rings[1:]])
    for number in range(256):
        made.put(head(made, number), rings[number] + at)
        made.put(head(made, number) + 8, rings[number] + at)
    made.reads = 0
    found, problems = timers(made)
    assert [timer.address for timer in found[:300]] == rings and len(found) == 300
    assert made.reads < 4_000, made.reads  # of each list's head one, of each timer a few
    assert any("runs in a loop" in problem for problem in problems)
    assert any("of the list at" in problem for problem in problems)
    assert problems[-1].endswith("more notes about timer lists are left out") and len(problems) < 100


def test_all_timer_lists_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volplugins.processors.timers._MOST", 5)
    made = Made()
    for number in range(4):
        linked(made, head(made, number), [made.timer(1, 0) for _ in range(2)])
    found, problems = timers(made)
    assert len(found) == 5
    assert "more than 5 entries in timer lists: the rest is left out" in problems
