"""Counters of processors, the layouts that they fit, and the IRQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.processors.made_processors import SECONDS, TICKS, Made
from volplugins.io.clock import KernelClock
from volplugins.kernel.wait_layouts import WaitLayouts
from volplugins.processors.accounts import fitting_layout, may_have_wrapped, read_accounts
from volplugins.processors.block import read_block
from volplugins.processors.irql import read_irql


def moved(made: Made, distance: int) -> None:
    """What the table says is from an update whose members lie elsewhere."""
    layout = made.waits.processor
    first = layout.offset("TimerTable")
    members = {name: (at - distance if at >= first else at, size) for name, (at, size) in layout.members.items()}
    waits: WaitLayouts = replace(made.waits, processor=replace(layout, members=members))
    made.layouts = replace(made.layouts, waits=waits)


@pytest.mark.parametrize("build", [7601, 9600, 14393, 19041])
@pytest.mark.parametrize("distance", [0x800, -0x800, 0x80])
def test_members_that_an_update_moved_are_found(build: int, distance: int) -> None:
    made = Made(build)
    right = made.waits.processor.offset("KernelTime")
    assert fitting_layout(made.source()) == (made.waits.processor, "")
    moved(made, distance)
    layout, said = fitting_layout(made.source())
    assert layout.offset("KernelTime") == right and f"{distance:+#x}" in said
    found = read_accounts(made.source(), made.prcbs[0], layout)
    assert (found.kernel, found.user, found.doubt) == (TICKS * 9 // 10, TICKS // 10, "")


def test_what_fits_nowhere_is_left_out_and_said() -> None:
    made = Made(19041)
    for prcb in made.prcbs:
        made.member(made.waits.processor, prcb, "KernelTime", 0xFFFFFFFF)
    layout, said = fitting_layout(made.source())
    assert "do not fit" in said
    assert not layout.has("KernelTime") and not layout.has("TimerTable") and not layout.has("SharedReadyQueue")
    assert layout.has("IdleThread") and layout.has("DpcData") and layout.has("KeContextSwitches")
    assert read_accounts(made.source(), made.prcbs[0], layout).kernel is None


@pytest.mark.parametrize("distance", [0x1240, -0x344, 0x2C])
def test_counters_of_an_unknown_update_are_looked_for(distance: int) -> None:
    made = Made(22621, count=3)
    right = made.waits.processor.offset("KernelTime")
    for prcb in made.prcbs:
        made.member(made.waits.processor, prcb, "DpcTime", 400)
    moved(made, distance)
    layout, said = fitting_layout(made.source())
    assert layout.offset("KernelTime") == right and f"{distance:+#x}" in said
    assert not layout.has("TimerTable") and not layout.has("SharedReadyQueue")
    assert read_accounts(made.source(), made.prcbs[2], layout).dpc == 400
    made.put(made.prcbs[0] + right + 0x40, TICKS * 9 // 10, 4)
    for prcb in made.prcbs:  # two places fit: neither is taken
        made.put(prcb + right + 0x40, TICKS * 9 // 10, 4)
        made.put(prcb + right + 0x44, TICKS // 10, 4)
    assert not fitting_layout(made.source())[0].has("KernelTime")


def test_on_x86_the_counters_alone_are_left_out() -> None:
    made = Made(7601, 32)
    for prcb in made.prcbs:
        made.member(made.waits.processor, prcb, "UserTime", TICKS)
    layout, _ = fitting_layout(made.source())
    assert not layout.has("KernelTime") and layout.has("TimerTable") and layout.has("DispatcherReadyListHead")


def asleep(made: Made, part: float) -> KernelClock:
    """A clock of which so much is a sleep: the counters of every processor have the rest."""
    for prcb in made.prcbs:
        made.member(made.waits.processor, prcb, "KernelTime", round(TICKS * (1 - part)))
        made.member(made.waits.processor, prcb, "UserTime", 0)
    return KernelClock(TICKS, SECONDS, TICKS * 156250, TICKS * SECONDS * part)


@pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
def test_counters_of_a_machine_that_slept_fit(part: float) -> None:
    made = Made(7601)
    source = made.source(clock=asleep(made, part))
    layout, said = fitting_layout(source)
    assert layout.has("KernelTime") and layout.has("TimerTable") and not said
    assert read_accounts(source, made.prcbs[0], layout).doubt == ""
    for prcb in made.prcbs:  # a processor does not count while the machine sleeps
        made.member(made.waits.processor, prcb, "KernelTime", TICKS)
    assert "do not fit" in fitting_layout(source)[1]


def test_counters_of_a_machine_that_slept_are_looked_for() -> None:
    made = Made(22621, count=3)
    clock, right = asleep(made, 0.7), made.waits.processor.offset("KernelTime")
    for prcb in made.prcbs:
        made.member(made.waits.processor, prcb, "UserTime", 1)
        made.member(made.waits.processor, prcb, "DpcTime", 400)
    moved(made, 0x1240)
    assert fitting_layout(made.source(clock=clock))[0].offset("KernelTime") == right


def test_symbols_are_believed_and_a_doubt_is_said() -> None:
    made = Made(19041)
    waits = replace(made.waits, processor=replace(made.waits.processor, source="symbols"))
    made.layouts = replace(made.layouts, waits=waits)
    made.member(waits.processor, made.prcbs[1], "UserTime", 0xFFFFFFF0)
    layout, said = fitting_layout(made.source())
    assert (layout, said) == (waits.processor, "")
    found = read_accounts(made.source(), made.prcbs[1], layout)
    assert found.user == 0xFFFFFFF0 and "the clock counts" in found.doubt


def test_one_processor_that_stopped_counting_spoils_nothing() -> None:
    made = Made(19041, count=4)
    made.member(made.waits.processor, made.prcbs[3], "KernelTime", 17)
    assert fitting_layout(made.source())[0] is made.waits.processor


def test_parts_are_not_larger_than_the_whole() -> None:
    made = Made()
    made.member(made.waits.processor, made.prcbs[0], "DpcTime", TICKS + 1)
    found = read_accounts(made.source(), made.prcbs[0], made.waits.processor)
    assert found.dpc is None and "larger than all its ticks" in found.doubt


def test_without_a_clock_nothing_is_doubted() -> None:
    made = Made()
    source = made.source(clock=None)
    assert fitting_layout(source) == (made.waits.processor, "")
    assert read_accounts(source, made.prcbs[0], made.waits.processor).doubt == ""


def test_x86_counts_switches_in_front_of_the_block() -> None:
    made = Made(7601, 32)
    made.put(made.prcbs[0] - 0x110, 4711, 4)
    assert read_accounts(made.source(), made.prcbs[0], made.waits.processor).switches == 4711
    assert read_accounts(made.source(), made.prcbs[1], made.waits.processor).switches is None


@pytest.mark.parametrize(
    ("cr8", "before", "level", "said"),
    [(0, 0, 0, ""), (2, 9, 2, ""), (15, 2, 2, "IRQL 15 when"), (15, 0, 15, "not kept"), (200, 2, None, "0xc8")],
)
def test_the_level_is_that_of_before_it_was_stopped(cr8: int, before: int, level: int | None, said: str) -> None:
    made = Made()
    made.member(made.waits.processor, made.prcbs[0], "Cr8", cr8)
    made.member(made.waits.processor, made.prcbs[0], "DebuggerSavedIRQL", before)
    found, text = read_irql(made.source(), made.prcbs[0], made.waits.processor)
    assert found == level and said in text and bool(said) == bool(text)


def test_a_processor_that_runs_on_has_no_level_in_memory() -> None:
    made = Made()
    assert read_irql(made.source(stopped=False), made.prcbs[0], made.waits.processor)[0] is None
    x86 = Made(7601, 32)
    x86.put(x86.prcbs[0] - 0x120 + 0x24, 2, 1)
    assert read_irql(x86.source(stopped=False), x86.prcbs[0], x86.waits.processor) == (2, "")


@pytest.mark.parametrize(
    ("build", "mask", "level"), [(2600, 0xFFFF20F0, 2), (2600, 0xFFFFFFFF, None), (3790, 0xFFFFFFFF, 2)]
)
def test_xp_with_an_apic_has_no_level_in_memory(build: int, mask: int, level: int | None) -> None:
    made = Made(build, 32)
    made.put(made.prcbs[0] - 0x120 + 0x24, 2, 1)
    made.put(made.prcbs[0] - 0x120 + 0x30, mask, 4)
    found, said = read_irql(made.source(), made.prcbs[0], made.waits.processor)
    assert found == level and ("APIC" in said) == (level is None)


def test_a_block_says_what_is_wrong_with_it() -> None:
    made = Made()
    layout, prcb = made.waits.processor, made.prcbs[0]
    made.member(layout, prcb, "NextThread", 0x1234)
    made.member(layout, prcb, "DpcRoutineActive", 1)
    block = read_block(made.source(), made.source().processors[0], layout)
    assert block.next == 0x1234 and "NextThread 0x1234 is no thread" in block.notes
    assert block.in_dpc is True and block.routine == 0
    made.prcbs[0] = made.base + 0x400000
    gone = read_block(made.source(), made.source().processors[0], layout)
    assert (gone.next, gone.irql, gone.in_dpc, gone.accounts.kernel) == (None, None, None, None)


def test_a_counter_of_32_bits_may_have_wrapped() -> None:
    day = 86400
    assert not may_have_wrapped(1_000_000, day / 2)
    assert may_have_wrapped(1_000_000, 3 * day)
    # 40,000 a second for three days and a quarter, of which 32 bits are kept
    true = round(40_000 * 3.25 * day)
    assert may_have_wrapped(true % (1 << 32), 3.25 * day)
    assert not may_have_wrapped((1 << 32) - 1, 1.5 * day)  # one time more is more than a processor does


def test_what_is_no_count_of_switches_is_not_given() -> None:
    made = Made(2600, bits=32)
    waits, prcb = made.waits.processor, made.prcbs[0]
    most = int(2_000_000 * SECONDS * TICKS)
    for value, given in ((min(most, 0xFFFFFFFF), True), (0x8045F50C, most >= 0x8045F50C)):
        made.member(waits, prcb, "KeContextSwitches", value)
        found = read_accounts(made.source(), prcb, waits)
        assert (found.switches == value) is given and bool(found.doubt) is not given
    short = replace(made.source(), clock=KernelClock(1000, SECONDS, 1000 * 156_250))
    found = read_accounts(short, prcb, waits)
    assert found.switches is None and "more than can be in 16 s" in found.doubt
