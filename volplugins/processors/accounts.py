"""The counters of a processor: clock ticks by kind, and context switches; checked against the clock.

KPRCB counts every clock tick of a processor in KernelTime (its idle thread's too) or UserTime, so that both together
are about the ticks since it was started, without those that a sleep of the machine added to the clock. On x64 what
updates put into the timer table moves all behind it: 7601 and 9600 grew by 0x800 bytes so (public symbol tables of both
states).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from volplugins.kernel.members import read_member, read_word
from volplugins.memory.structure import Layout
from volplugins.processors.counter_search import found_counters
from volplugins.processors.source import ProcessorSource

_TIMES = ("KernelTime", "UserTime", "DpcTime", "InterruptTime")
_COUNTERS = (*_TIMES, "InterruptCount", "DebuggerSavedIRQL")
_FEWEST, _MOST = 0.5, 1.01  # of the ticks awake: a processor may be started late, none counts more ticks than are
_LATE = 64  # ticks that a count may be ahead of the clock's own
_MOVED = (0x800, -0x800, 0x80, -0x80, 0x100, -0x100)
_SWITCHES_WRAP = 1 << 32  # KeContextSwitches and KPCR.ContextSwitches have 32 bits in every build
_MOST_SWITCHES = 50_000  # a second: more is no mean of a processor's hours, however busy it is
_FASTEST = 2_000_000  # a second: a change of threads alone takes longer than half a microsecond
_PCR_BELOW, _SWITCHES_IN_PCR = 0x120, 0x10  # x86 since Vista: KPCR.ContextSwitches (public symbol tables)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Of one processor. Times are in ticks of the clock; None: not known.

    Attributes:
        doubt: why the times are not given, or that they were found elsewhere; empty where all fits.
    """

    switches: int | None
    kernel: int | None
    user: int | None
    dpc: int | None
    interrupt: int | None
    doubt: str = ""


def fitting_layout(source: ProcessorSource) -> tuple[Layout, str]:
    """The layout of KPRCB that the counters of all processors fit, and what was found out about it, in words.

    Symbols are believed. A built-in one may be of another update: what lies behind the timer table is then looked for
    at the distances that updates have moved it by, and left out where no place fits.
    """
    layout = source.layouts.waits.processor
    if not layout.source.startswith("built-in") or not layout.has("KernelTime"):
        return layout, ""
    if source.clock is None or not source.processors or _fits(source, layout):
        return layout, ""
    for distance in _MOVED if _moves(layout) else ():
        moved = _moved(layout, distance)
        if _fits(source, moved):
            return moved, f"members behind the timer table lie {distance:+#x} from where build {source.build} has them"
    moves = _moves(layout)
    first = layout.offset("TimerTable") if moves else 0
    kept = {
        name: place for name, place in layout.members.items() if (place[0] < first if moves else name not in _COUNTERS)
    }
    without = replace(layout, members=kept)
    elsewhere = found_counters(source, layout)
    if elsewhere is not None:
        counters = {name: elsewhere.members[name] for name in _TIMES}
        distance = elsewhere.offset("KernelTime") - layout.offset("KernelTime")
        said = f"the counters lie {distance:+#x} from where build {source.build} has them; what lies about them"
        return replace(elsewhere, members={**kept, **counters}), f"{said} is not given"
    about = ", nor what lies behind the timer table" if moves else ""
    why = f"the counters of build {source.build}'s KPRCB do not fit the time since boot: they are not given{about}"
    return without, why


def read_accounts(source: ProcessorSource, prcb: int, layout: Layout) -> Accounts:
    """The counters of the processor whose block is at ``prcb``."""
    kernel, user, dpc, interrupt = (read_member(source.memory, prcb, layout, name) for name in _TIMES)
    doubt = ""
    if source.clock is not None and kernel is not None and user is not None:
        total, ticks = kernel + user, source.clock.awake_ticks
        if not _plausible(total, ticks):
            awake = " while the machine was awake" if ticks != source.clock.ticks else ""
            doubt = f"KernelTime and UserTime are {total} ticks, the clock counts {ticks}{awake}"
        elif max(dpc or 0, interrupt or 0) > total:
            doubt, dpc, interrupt = "DpcTime or InterruptTime is larger than all its ticks", None, None
    switches, no_count = _switches_that_fit(source, _switches(source, prcb, layout))
    doubts = "; ".join(part for part in (doubt, no_count) if part)
    return Accounts(switches, kernel, user, dpc, interrupt, doubts)


def may_have_wrapped(switches: int, seconds: float) -> bool:
    """Whether a processor may have switched threads 2^32 times more than its counter says in so many seconds."""
    return switches + _SWITCHES_WRAP <= _MOST_SWITCHES * seconds


def _switches(source: ProcessorSource, prcb: int, layout: Layout) -> int | None:
    if layout.has("KeContextSwitches"):
        return read_member(source.memory, prcb, layout, "KeContextSwitches")
    if source.bits == 32 and source.build >= 6000:
        # a processor that runs has switched: 0 is what a kernel without the member has there
        return read_word(source.memory, prcb - _PCR_BELOW + _SWITCHES_IN_PCR, 4) or None
    return None


def _switches_that_fit(source: ProcessorSource, switches: int | None) -> tuple[int | None, str]:
    """The count, or None and why: what lies there is no count where it is more than a processor can have made."""
    if switches is None or source.clock is None:
        return switches, ""
    seconds = max(source.clock.awake_ticks * source.clock.seconds, 1.0)
    if switches <= _FASTEST * seconds:
        return switches, ""
    return None, f"ContextSwitches would be {switches}, more than can be in {seconds:.0f} s: it is not given"


def _plausible(total: int, ticks: int) -> bool:
    return _FEWEST * ticks - _LATE <= total <= _MOST * ticks + _LATE


def _fits(source: ProcessorSource, layout: Layout) -> bool:
    """Whether the counters can be those of most processors that can be read, and of one at least."""
    assert source.clock is not None
    ticks, seen = source.clock.awake_ticks, list(_counters(source, layout))
    good = sum(_plausible(kernel + user, ticks) and dpc <= kernel + user for kernel, user, dpc in seen)
    return bool(seen) and 2 * good > len(seen)


def _counters(source: ProcessorSource, layout: Layout) -> Iterator[tuple[int, int, int]]:
    for processor in source.processors:
        found: Sequence[int | None] = [
            read_member(source.memory, processor.prcb, layout, name) for name in ("KernelTime", "UserTime", "DpcTime")
        ]
        kernel, user, dpc = found
        if kernel is not None and user is not None:
            yield kernel, user, dpc or 0


def _moves(layout: Layout) -> bool:
    """Whether the counters lie behind the timer table."""
    return layout.has("TimerTable") and layout.offset("TimerTable") < layout.offset("KernelTime")


def _moved(layout: Layout, distance: int) -> Layout:
    first = layout.offset("TimerTable")
    members = {name: (at + distance if at >= first else at, size) for name, (at, size) in layout.members.items()}
    return replace(layout, members=members, size=layout.size + max(distance, 0))
