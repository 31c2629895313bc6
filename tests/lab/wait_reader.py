"""A small reader of waits and locks in a snapshot, by the offsets of the public symbol tables; it knows no truth."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.io_reader import Reader
from tests.lab.machine_memory import user_bytes
from volplugins.lab.machine.profiles import PROFILES

WAITING, TERMINATED = 5, 4


@dataclass(frozen=True, slots=True)
class Blocks:
    """A thread's wait blocks: the objects that they lead to, whether one of them is enough."""

    objects: tuple[int, ...]
    linked: tuple[bool, ...]
    kinds: frozenset[int]


class WaitReader(Reader):
    """What threads wait for, and who has what."""

    def state(self, thread: int) -> int:
        return self.number(thread, "_ETHREAD", "Tcb.State")

    def blocks(self, thread: int) -> Blocks:
        """By the count where the build has one, else by the ring; each block names its thread."""
        size = self.layouts.size("_KWAIT_BLOCK")
        first = self.pointer(thread, "_ETHREAD", "Tcb.WaitBlockList")
        found = [first]
        if self.layouts.has("_KTHREAD", "WaitBlockCount"):
            found = [first + size * index for index in range(self.number(thread, "_ETHREAD", "Tcb.WaitBlockCount"))]
        else:
            while (following := self.pointer(found[-1], "_KWAIT_BLOCK", "NextWaitBlock")) != first:
                found.append(following)
        assert {self.pointer(each, "_KWAIT_BLOCK", "Thread") for each in found} == {thread}
        objects = tuple(self.pointer(each, "_KWAIT_BLOCK", "Object") for each in found)
        kinds = frozenset(self.number(each, "_KWAIT_BLOCK", "WaitType") for each in found)
        return Blocks(objects, tuple(self.in_list(*pair) for pair in zip(found, objects, strict=True)), kinds)

    def in_list(self, block: int, dispatcher: int) -> bool:
        """Whether a block is in the object's list; an address that is no object has none."""
        if dispatcher & -0x1000 not in self.snapshot.virtual:
            return False
        head = dispatcher + self.layouts.offset("_DISPATCHER_HEADER", "WaitListHead")
        return block + self.layouts.offset("_KWAIT_BLOCK", "WaitListEntry") in self.linked(head)

    def mutants(self, thread: int) -> list[int]:
        """Those in the thread's list; each names it as its owner."""
        entry = self.layouts.offset("_KMUTANT", "MutantListEntry")
        head = thread + self.layouts.offset("_ETHREAD", "Tcb.MutantListHead")
        found = [each - entry for each in self.linked(head)]
        assert {self.pointer(each, "_KMUTANT", "OwnerThread") for each in found} <= {thread}
        return found

    def resources(self) -> dict[int, list[tuple[int, int]]]:
        """All in the kernel's list: owners with their counts."""
        return {each: self.owners(each) for each in self.linked(self.base + self.symbols["ExpSystemResourcesList"])}

    def owners(self, resource: int) -> list[tuple[int, int]]:
        old = self.layouts.has("_ERESOURCE", "OwnerThreads")
        places = ["OwnerThreads[0]", "OwnerThreads[1]"] if old else ["OwnerEntry"]
        entries = [resource + self.layouts.offset("_ERESOURCE", place) for place in places]
        table = self.pointer(resource, "_ERESOURCE", "OwnerTable")
        if table:
            size = self.layouts.size("_OWNER_ENTRY")
            entries += [table + size * index for index in range(1, self.number(table, "_OWNER_ENTRY", "TableSize"))]
        found = [(self.pointer(each, "_OWNER_ENTRY", "OwnerThread"), self.number(each, "_OWNER_ENTRY", "OwnerCount"))
                 for each in entries]  # fmt: skip
        return [each for each in found if each[0]]

    def fast_owners(self, resource: int) -> list[int]:
        """Threads whose own list has an entry that leads to a fast resource (public listings of its owner entry)."""
        found = []
        for process in self.snapshot.truth["processes"]:
            for thread in process["threads"]:
                head = thread["ethread"] + self.layouts.offset("_ETHREAD", "OwnerEntryListHead")
                entries = [] if thread["exited"] else self.linked(head)
                assert {self.pointer(each + 0x10) for each in entries} <= {thread["ethread"]}
                found += [thread["ethread"] for each in entries if self.pointer(each + 0x18) == resource]
        return found

    def requests(self, thread: int) -> list[int]:
        """The packets in a thread's list."""
        entry = self.layouts.offset("_IRP", "ThreadListEntry")
        return [each - entry for each in self.linked(thread + self.layouts.offset("_ETHREAD", "IrpList"))]

    def ready(self, heads: int) -> list[int]:
        """Threads in 32 lists by priority, the lowest first; each is ready and of that priority."""
        entry = self.layouts.offset("_ETHREAD", "Tcb.WaitListEntry")
        found = []
        for level in range(32):
            for each in self.linked(heads + 2 * self.width * level):
                assert (self.state(each - entry), self.number(each - entry, "_ETHREAD", "Tcb.Priority")) == (1, level)
                found.append(each - entry)
        return found

    def deferred(self, prcb: int) -> list[int]:
        """Routines of the calls that wait on a processor."""
        entry = self.layouts.offset("_KDPC", "DpcListEntry")
        if self.layouts.has("_KDPC_DATA", "DpcList"):
            calls, at = [], self.pointer(prcb, "_KPRCB", "DpcData[0].DpcList")
            while at:
                calls.append(at - entry)
                at = self.pointer(at)
        else:
            member = "DpcListHead" if self.layouts.has("_KPRCB", "DpcListHead") else "DpcData[0].DpcListHead"
            calls = [each - entry for each in self.linked(prcb + self.layouts.offset("_KPRCB", member))]
        return [self.pointer(each, "_KDPC", "DeferredRoutine") for each in calls]

    def section_owner(self, process: dict[str, int], address: int, narrow: bool) -> int:
        """The thread identifier in a critical section of user mode."""
        layouts = PROFILES["win7-x86-pae"].structures if narrow else self.layouts
        member = layouts.locate("_RTL_CRITICAL_SECTION", "OwningThread")
        width = layouts.bits // 8
        return int.from_bytes(user_bytes(self.snapshot, process["dtb"], address + member.offset, width), "little")
