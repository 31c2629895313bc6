"""Processors that others wait for in vain: what they run, and the threads that are ready and do not come to run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from volplugins.bugcheck.hang.cause import LONG_SECONDS, Cause, Kind, Told, threads
from volplugins.bugcheck.hang.sources import HangSources, lasts
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.processors.block import ProcessorBlock
from volplugins.processors.ready_queues import ReadyThread

MOST_SHOWN = 10


def long_ready(sources: HangSources) -> list[ReadyThread]:
    """Threads that have been ready for longer than Windows leaves them so, the longest first."""
    found = [each for each in sources.ready if each.waited is not None and each.waited >= LONG_SECONDS]
    return sorted(found, key=lambda each: (-(each.waited or 0.0), each.ethread))


def starved_causes(sources: HangSources, found: Sequence[ReadyThread]) -> Iterator[Cause]:
    """The processors that are not given up while threads are long ready for them, or that take no interrupts.

    Args:
        found: long_ready.
    """
    for block in sources.processors:
        number = block.processor.index
        waiting = [each for each in found if number is not None and number in each.processors]
        busy = not block.is_idle or bool(block.in_dpc)
        off = block.interrupts_off and not block.is_idle and not _crashed(sources, block)
        if (waiting and busy) or off:
            yield _cause(sources, block, waiting, off)


def _cause(sources: HangSources, block: ProcessorBlock, waiting: list[ReadyThread], off: bool) -> Cause:
    thread = block.processor.current_thread
    running = (thread.ethread,) if thread is not None else ()
    behind = {each.ethread for each in waiting}
    behind |= sources.held_up((*behind, *running)) - set(running)
    longest = max((each.waited or 0.0 for each in waiting), default=0.0)
    what = f"processor {block.processor.index} {_runs(sources, block)}{' with interrupts off' if off else ''}"
    ready = f": {threads(len(waiting))} for it, ready to run, the longest for {lasts(longest)}" if waiting else ""
    asleep = sources.may_be_sleep(longest, LONG_SECONDS) if waiting else ""
    sure = Confidence.LOW if asleep else _sure(sources, block, bool(waiting), len(behind))
    return Cause(
        Kind.STARVED, what + ready, sure, running, routine=0 if _crashed(sources, block) else block.routine,
        held_up=len(behind), seconds=longest, why=asleep,
    )  # fmt: skip


def _sure(sources: HangSources, block: ProcessorBlock, starves: bool, held_up: int) -> Confidence:
    """A deferred call, and what runs at its level, lets no thread run; another thread may only be preferred."""
    above = block.in_dpc or (block.irql or 0) >= _DISPATCH_LEVEL
    if starves:
        return Confidence.HIGH if above and not _crashed(sources, block) else Confidence.MEDIUM
    # interrupts are off for moments all the time: that threads wait for the one that runs so makes it more
    return Confidence.MEDIUM if held_up else Confidence.LOW


def _crashed(sources: HangSources, block: ProcessorBlock) -> bool:
    """Whether the bugcheck was raised there: its level and its call may be those of the keyboard's interrupt."""
    crashed, target = sources.scene.crashed, sources.scene.target
    return target.crashed and crashed is not None and crashed.processor.prcb == block.processor.prcb


def told_starved(sources: HangSources, found: Sequence[ReadyThread], causes: Iterable[Cause]) -> Iterator[Told]:
    """A row for each processor that starves threads, then one for each of these.

    Args:
        found: long_ready. ``causes``: starved_causes.
    """
    for cause in causes:
        evidence = "; ".join(filter(None, (cause.why, "windows.kd.cpus --ready")))
        yield Told("PROCESSOR", cause.text, cause.confidence, evidence)
    for each in found[:MOST_SHOWN]:
        where = ", ".join(str(number) for number in each.processors[:16]) or "no processor"
        value = f"{sources.who(each.ethread)} has been ready for {lasts(each.waited)}"
        waiting = len(sources.held_up((each.ethread,)))
        behind = f"; {threads(waiting)} for it" if waiting else ""
        yield Told("READY_THREAD", value, None, f"priority {each.priority}, processor {where}{behind}")
    if len(found) > MOST_SHOWN:
        yield Told("READY_THREAD", f"{len(found) - MOST_SHOWN} more threads", None, "windows.kd.cpus --ready")


def _runs(sources: HangSources, block: ProcessorBlock) -> str:
    """``runs DPC acmedrv!Dpc+0x10 in System 4.100 at IRQL 2``."""
    thread = block.processor.current_thread
    who = sources.who(thread.ethread) if thread is not None else "a thread that is not in the dump"
    locate = sources.scene.symbolizer.locate
    level = f" at IRQL {block.irql}" if block.irql else ""
    return f"runs DPC {locate(block.routine).text()} in {who}{level}" if block.routine else f"runs {who}{level}"


_DISPATCH_LEVEL = 2
