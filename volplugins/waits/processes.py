"""Processes as waits need them: whose a thread is, which thread has an id, which critical sections are waited for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from volplugins.io.capped_notes import CappedNotes
from volplugins.kernel.process import Process
from volplugins.memory.reader import MemoryReader
from volplugins.waits.handles import PACKED_SINCE, object_of
from volplugins.waits.owners.critical_section import (
    MOST_SECTIONS,
    CriticalSection,
    SectionLimit,
    layouts_of,
    section_of_address,
    sections_of_process,
)
from volplugins.waits.system import WaitSystem
from volplugins.waits.waiter import Waiter

_MOST_NOTES = 8


@dataclass(slots=True)
class WaitProcesses:
    """The processes of the threads that were taken.

    Attributes:
        by_address: by EPROCESS.
        of_thread: the process of each thread.
        notes: what was left out.
    """

    system: WaitSystem
    by_address: dict[int, Process] = field(default_factory=dict)
    of_thread: dict[int, Process] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _said: CappedNotes = field(init=False)
    _limit: SectionLimit = field(default_factory=SectionLimit)
    _tids: dict[int, dict[int, int]] = field(default_factory=dict)
    _sections: dict[int, dict[int, CriticalSection]] = field(default_factory=dict)
    _memory: dict[int, MemoryReader | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._said = CappedNotes(self.notes, "lists of critical sections", _MOST_NOTES)

    def take(self, waiter: Waiter, process: Process | None) -> None:
        """A thread, and whose it is."""
        if process is None:
            return
        self.by_address[process.eprocess] = process
        self.of_thread[waiter.ethread] = process
        tids = self._tids.setdefault(process.eprocess, {})
        if waiter.thread.tid is not None and (not waiter.gone or waiter.thread.tid not in tids):
            tids[waiter.thread.tid] = waiter.ethread

    def know(self, processes: Iterable[Process]) -> None:
        """Processes of which no thread may be known."""
        for process in processes:
            self.by_address.setdefault(process.eprocess, process)

    def thread(self, process: Process, tid: int) -> int:
        """ETHREAD of the thread of this id; 0 for none."""
        return self._tids.get(process.eprocess, {}).get(tid, 0)

    def section_waited_for(self, process: Process, address: int) -> CriticalSection | None:
        """The critical section that who waits for ``address`` asks for."""
        memory, tids = self.memory(process), self._tids.get(process.eprocess, {})
        if memory is None:
            return None
        for _, layout in layouts_of(self.system, bool(process.wow64)):
            found = section_of_address(memory, address, layout, self.system.io.build, tids)
            if found is not None:
                return found
        return None

    def section_of_event(self, process: Process, event: int) -> CriticalSection | None:
        """The critical section whose waiters wait for this event of the process (up to Windows 7)."""
        if process.eprocess not in self._sections:
            self._sections[process.eprocess] = self._listed(process)
        return self._sections[process.eprocess].get(event)

    def _listed(self, process: Process) -> dict[int, CriticalSection]:
        """By the events that their handles stand for."""
        build, found = self.system.io.build, dict[int, CriticalSection]()
        memory, tids = self.memory(process), self._tids.get(process.eprocess, {})
        if build >= PACKED_SINCE or memory is None or not process.peb or not process.object_table:
            return found
        layout = self.system.layouts.critical_section
        for each in sections_of_process(memory, process.peb, self.system.bits, layout, build, tids, self._limit):
            event = object_of(self.system, process.object_table, each.handle) if each.handle else 0
            if event:
                found.setdefault(event, each)
        if self._limit.cut:
            all_of_them = f"those of all processes have more than {MOST_SECTIONS:,} entries"
            its_own = f"it has more than {self._limit.most:,} entries"
            why = all_of_them if self._limit.left <= 0 else its_own
            self._said.say(f"process {process.pid}: its list of critical sections is not followed to its end: {why}")
        return found

    def memory(self, process: Process) -> MemoryReader | None:
        """The memory that it sees."""
        if process.eprocess not in self._memory:
            self._memory[process.eprocess] = self.system.user_memory(process.eprocess)
        return self._memory[process.eprocess]
