"""Rows of windows.kd.cpus: the processors, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.bugcheck.suspects.hung_processor import hung_processor
from volplugins.bugcheck.suspects.manual import LIVE_SYSTEM_DUMP
from volplugins.bugcheck.words.codes import base_code
from volplugins.processors import dpc_queue, ready_queues
from volplugins.processors.accounts import may_have_wrapped
from volplugins.processors.block import ProcessorBlock
from volplugins.vol.commands.cpus.row import CpuRow, failure_row
from volplugins.vol.scene.processor_scene import ProcessorScene, processor_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MOST_PROBLEMS, _MOST_NUMBERS = 64, 16
_WRAPPED = "32 bits of ContextSwitches may have wrapped: that and SwitchesPerSecond are the least that they may be"


def cpu_rows(scene: CrashScene) -> Iterator[CpuRow]:
    """A row per processor, then what could not be followed."""
    found = processor_scene(scene)
    problems: list[str] = []
    for block in found.blocks:
        yield _row(scene, found, block, problems)
    if not found.blocks:
        yield failure_row("; ".join(scene.notes) or "no processor's block is known")
    said = [found.found, *_absent(scene, found), *found.ready()[1], *problems]
    for problem in list(dict.fromkeys(part for part in said if part))[:_MOST_PROBLEMS]:
        yield failure_row(problem)


def _absent(scene: CrashScene, found: ProcessorScene) -> Iterator[str]:
    """What this target does not hold at all."""
    known, stated = len(found.blocks), scene.target.number_processors
    if 0 < known < stated:
        yield f"{stated - known} of {stated} processors are not in the dump"
    if found.blocks and found.source.clock is None:
        yield "times in seconds and rates: the kernel's clock is not in the dump"
    elif found.source.clock is not None and found.blocks and found.source.clock.said:
        yield found.source.clock.said
    yield from _wrapped(found)


def _wrapped(found: ProcessorScene) -> Iterator[str]:
    """That counts are the least, once for all processors: after a day or two it is so of most machines."""
    clock = found.source.clock
    uptime = clock.awake_ticks * clock.seconds if clock is not None else 0.0
    counted = [block for block in found.blocks if block.accounts.switches]
    those = [each for each in counted if may_have_wrapped(each.accounts.switches or 0, uptime)]
    if not those:
        return
    indices = [each.processor.index for each in those[:_MOST_NUMBERS]]
    numbers = ["?" if index is None else str(index) for index in indices]
    more = f" and {len(those) - len(numbers)} more" if len(those) > len(numbers) else ""
    yield _WRAPPED if len(those) == len(counted) else f"processors {', '.join(numbers)}{more}: {_WRAPPED}"


def _row(scene: CrashScene, found: ProcessorScene, block: ProcessorBlock, problems: list[str]) -> CpuRow:
    processor, accounts, clock = block.processor, block.accounts, found.source.clock
    thread = processor.current_thread
    process = found.process_of(thread)
    ready, shared = _ready(found, block)
    dpcs = _dpcs(found, block, problems)
    uptime = clock.awake_ticks * clock.seconds if clock is not None else None

    def seconds(ticks: int | None) -> float | None:
        return ticks * clock.seconds if clock is not None and ticks is not None else None

    rate = accounts.switches / uptime if accounts.switches is not None and uptime else None
    pid = process.pid if process is not None else thread.pid if thread is not None else None
    return CpuRow(
        processor.index, processor.prcb, thread.ethread if thread is not None else None, pid,
        process.name if process is not None else "", block.next or None, block.idle or None, block.irql, block.in_dpc,
        accounts.switches, rate, seconds(accounts.kernel), seconds(accounts.user), seconds(accounts.dpc),
        seconds(accounts.interrupt), ready, dpcs, "; ".join(_notes(scene, found, block, shared)),
    )  # fmt: skip


def _ready(found: ProcessorScene, block: ProcessorBlock) -> tuple[int | None, int]:
    number = block.processor.index
    if found.source.small or number is None or not ready_queues.knows_queues(found.source, found.layout):
        return None, 0
    return ready_queues.counts(found.ready()[0], number)


def _dpcs(found: ProcessorScene, block: ProcessorBlock, problems: list[str]) -> int | None:
    if found.source.small or not dpc_queue.knows_queues(found.source, found.layout):
        return None
    said: list[str] = []
    count = sum(1 for _ in dpc_queue.queued_dpcs(found.source, block.processor.prcb, found.layout, said))
    problems.extend(f"processor {block.processor.index}: {text}" for text in said)
    return count


def _notes(scene: CrashScene, found: ProcessorScene, block: ProcessorBlock, shared: int) -> Iterator[str]:
    processor = block.processor
    hung = hung_processor(scene)
    if hung is not None and hung.prcb == processor.prcb:
        yield "hangs: bugcheck 0x101 says that it answers no clock interrupt and no IPI"
    crashed = scene.crashed is not None and scene.crashed.processor.prcb == processor.prcb
    off = block.interrupts_off and not crashed  # the one that reports has switched them off
    if off and not block.is_idle:
        yield "its interrupts are off"
    if scene.crashed is not None and crashed:
        failed = scene.target.crashed and base_code(scene.target.bugcheck.code) != LIVE_SYSTEM_DUMP
        yield f"crashed ({scene.crashed.how})" if failed else "current"
    if processor.current_thread is None:
        yield "its current thread is not in the dump"
    elif block.is_idle:
        yield "idle, with interrupts off as a processor may halt" if off else "idle"
    if block.routine:
        yield f"runs DPC {scene.symbolizer.locate(block.routine).text()}"
    elif block.in_dpc:
        yield "runs DPCs; which one is not kept"
    if shared:
        yield f"{shared} of the ready threads are in a queue shared with other processors"
    if found.source.small:
        yield "a small dump holds no queues"
    yield from block.notes
