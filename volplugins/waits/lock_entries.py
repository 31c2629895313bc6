"""AutoBoost's lock entries of all threads: which locks each holds, and which it waits for (Windows 8.1 and later).

_KLOCK_ENTRY.LockState has the lock's address with flags in its two lowest bits and in its highest (public symbol
tables: Waiting on 8.1, CrossThreadReleasable since 10240; Busy; InTree); an entry whose Acquired byte is not set is of
a lock that its thread asks for. A thread has six. They lie in KTHREAD up to 18362, from 19041 on in ETHREAD.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from volplugins.memory.structure import Structure
from volplugins.waits.lock_owners import LockOwners, Owners
from volplugins.waits.system import WaitSystem
from volplugins.waits.waiter import Waiter

ENTRIES = 6
_LOW_FLAGS = 3
_CROSS_THREAD, _CROSS_THREAD_SINCE = 1, 10240  # another thread than the entry's may release the lock
_ELSEWHERE_SINCE = 26000  # KTHREAD points to them there, and ETHREAD is another: no table of ours says where
_MOST_HOLDERS = 1 << 16  # of one lock


@dataclass(slots=True)
class LockEntries:
    """The entries of all threads that were taken.

    Attributes:
        holders: ETHREADs by the lock that they hold.
        wanted: locks that a thread asks for, by its ETHREAD.
        crossing: locks that any thread may release, as an entry of holding one says.
    """

    system: WaitSystem
    holders: dict[int, list[int]] = field(default_factory=dict)
    wanted: dict[int, list[int]] = field(default_factory=dict)
    crossing: set[int] = field(default_factory=set)
    _owners: LockOwners = field(default_factory=LockOwners)

    @property
    def known(self) -> bool:
        """Whether this build has them, at a place that is known."""
        thread, entry = self.system.layouts.thread, self.system.layouts.lock_entry
        if self.system.io.build >= _ELSEWHERE_SINCE and not thread.source.startswith("symbols"):
            return False
        return entry.has("LockState") and (thread.has("LockEntryTable") or thread.has("LockEntries"))

    def take(self, waiter: Waiter, record: Structure) -> None:
        """The entries of one thread; ``record`` has its bytes."""
        if not self.known:
            return
        for entry in self._entries(record):
            state = int.from_bytes(entry.raw("LockState")[: self.system.width], "little")
            if not state:
                continue
            lock = state & ~_LOW_FLAGS | 1 << (self.system.bits - 1)
            if entry.get("AcquiredByte"):
                holders = self.holders.setdefault(lock, [])
                if len(holders) < _MOST_HOLDERS:
                    holders.append(waiter.ethread)
                if state & _CROSS_THREAD and self.system.io.build >= _CROSS_THREAD_SINCE:
                    self.crossing.add(lock)
            elif waiter.waits:
                self.wanted.setdefault(waiter.ethread, []).append(lock)

    def owners(self, lock: int) -> Owners:
        """The threads that hold ``lock``; to be asked for once all threads were taken."""
        return self._owners.of(lock, self.holders.get(lock, ()))

    def _entries(self, record: Structure) -> Iterator[Structure]:
        layout = self.system.layouts.lock_entry
        whole = self.system.layouts.thread  # of which ``record`` may lack pages
        member = "LockEntryTable" if whole.has("LockEntryTable") else "LockEntries"
        if not record.layout.has(member):
            return
        start = record.layout.offset(member)
        for at in range(start, start + ENTRIES * layout.size, layout.size):
            data = record.data[at : at + layout.size]
            if len(data) == layout.size:
                yield Structure(record.address + at, data, layout)
