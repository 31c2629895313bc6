"""Rows of windows.kd.cpus --ready, --dpcs and --timers: what is in the queues and tables of the processors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.kernel.thread import Thread
from volplugins.processors.dpc_queue import Dpc, queued_dpcs
from volplugins.processors.ready_queues import ReadyThread
from volplugins.processors.timers import Timer, read_timers
from volplugins.processors.timers2 import Timer2, read_timers2
from volplugins.vol.commands.cpus.row import EntryRow, entry_failure_row
from volplugins.vol.scene.processor_scene import ProcessorScene, processor_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MOST_PROBLEMS = 64


@dataclass(frozen=True, slots=True)
class Lists:
    """Which entries are to be shown."""

    ready: bool = False
    dpcs: bool = False
    timers: bool = False


def entry_rows(scene: CrashScene, lists: Lists) -> Iterator[EntryRow]:
    """Rows of the lists, each followed by what could not be read of it."""
    found = processor_scene(scene)
    if found.source.small or not found.blocks:
        why = "a small dump holds no queues and no timers" if found.source.small else "; ".join(scene.notes)
        yield entry_failure_row(why or "no processor's block is known")
        return
    maker = _Rows(scene, found)
    if found.found:
        yield entry_failure_row(found.found)
    for wanted, rows in ((lists.ready, maker.ready), (lists.dpcs, maker.dpcs), (lists.timers, maker.timers)):
        if wanted:
            problems: list[str] = []
            yield from rows(problems)
            yield from (entry_failure_row(text) for text in list(dict.fromkeys(problems))[:_MOST_PROBLEMS])


class _Rows:
    """Makes the rows of one scene."""

    def __init__(self, scene: CrashScene, found: ProcessorScene) -> None:
        self._scene, self._found = scene, found

    def ready(self, problems: list[str]) -> Iterator[EntryRow]:
        """Threads that are ready to run, those of the highest priority first."""
        threads, said = self._found.ready()
        problems.extend(said)
        for each in threads:
            yield self._of_thread(each)

    def _of_thread(self, ready: ReadyThread) -> EntryRow:
        thread = self._found.thread(ready.ethread)
        pid, name, tid = self._whose(thread)
        notes = []
        if len(ready.processors) > 1:
            notes.append(f"in the queue that processors {_numbers(ready.processors)} share")
        if ready.priority is None:
            notes.append("not yet sorted into a queue")
        if thread is not None and thread.state not in (1, 7):
            notes.append(f"its State is {thread.state}, not ready")
        return EntryRow(
            ready.processors[0] if ready.processors else None, "ready", ready.ethread, pid, name, tid, ready.ethread,
            ready.priority, ready.waited, note="; ".join(notes),
        )  # fmt: skip

    def dpcs(self, problems: list[str]) -> Iterator[EntryRow]:
        """Deferred calls that wait, in the order in which they will run."""
        found = self._found
        for block in found.blocks:
            number, said = block.processor.index, list[str]()
            for dpc in queued_dpcs(found.source, block.processor.prcb, found.layout, said):
                yield self._of_dpc(number, "dpc", dpc.address, dpc)
            problems.extend(f"processor {number}: {text}" for text in said)

    def timers(self, problems: list[str]) -> Iterator[EntryRow]:
        """Timers that are set, in the order of the tables."""
        for timer in read_timers(self._found.source, self._found.layout, problems):
            yield self._of_timer(timer)
        for second in read_timers2(self._found.source, problems):
            yield self._of_timer2(second)

    def _of_timer2(self, timer: Timer2) -> EntryRow:
        row = self._of_dpc(None, "timer", timer.address, None, "KTIMER2")
        module = self._scene.modules.at(timer.callback) if timer.callback else None
        if module is None:
            return row._replace(due_time=timer.due, period=timer.period)
        symbol = self._scene.symbolizer.locate(timer.callback).text()
        return row._replace(
            routine=timer.callback, symbol=symbol, module=module.name, due_time=timer.due, period=timer.period
        )

    def _of_timer(self, timer: Timer) -> EntryRow:
        thread = self._found.thread(timer.thread)
        pid, name, tid = self._whose(thread)
        row = self._of_dpc(timer.processor, "timer", timer.address, timer.dpc, timer.note)
        return row._replace(
            pid=pid, process=name, tid=tid, thread=thread.ethread if thread is not None else None,
            due_time=timer.due, period=timer.period,
        )  # fmt: skip

    def _of_dpc(self, number: int | None, word: str, address: int, dpc: Dpc | None, note: str = "") -> EntryRow:
        if dpc is None:
            return EntryRow(number, word, address, note=note)
        location = self._scene.symbolizer.locate(dpc.routine)
        module = location.module
        notes = [note, "threaded" if dpc.threaded else "", f"DPC {dpc.address:#x}" if word == "timer" else ""]
        if module is None and len(self._scene.modules):
            notes.append("its routine is in no module")
        return EntryRow(
            number, word, address, routine=dpc.routine, symbol=location.text() if module is not None else "",
            module=module.name if module is not None else "", note="; ".join(part for part in notes if part),
        )  # fmt: skip

    def _whose(self, thread: Thread | None) -> tuple[int | None, str, int | None]:
        process = self._found.process_of(thread)
        if thread is None:
            return None, "", None
        return (process.pid, process.name, thread.tid) if process is not None else (thread.pid, "", thread.tid)


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers[:16]) + (" …" if len(numbers) > 16 else "")
