"""Threads, locks and wait blocks made of bytes, for tests without a dump.

The offsets are written here by hand, from public listings of structures (the tables of waits in the documents of
Vergilius and of the symbol servers), and not taken from the package's own tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from volplugins.io.clock import KernelClock
from volplugins.io.object_directories import ObjectNamespace
from volplugins.io.system import IoSystem
from volplugins.kernel.layouts import built_in
from volplugins.kernel.process import Process
from volplugins.loader.module import ModuleTable
from volplugins.loader.symbolizer import Symbolizer
from volplugins.memory.reader import MemoryReader, SegmentReader
from volplugins.waits.graph import WaitGraph, make_graph
from volplugins.waits.survey import Survey, make_survey
from volplugins.waits.system import WaitSystem

KERNEL = {64: 0xFFFFA000_00000000, 32: 0x8100_0000}
TICKS = 1_000_000
SECONDS = 0.015625
WAITING, RUNNING, READY, TERMINATED = 5, 2, 1, 4
LIST_HEAD = "ExpSystemResourcesList"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where members are in one build. ``count``: WaitBlockCount, 0 where blocks form a circle."""

    bits: int
    build: int
    thread: dict[str, tuple[int, int]]
    block: dict[str, tuple[int, int]]
    block_size: int
    mutant: dict[str, tuple[int, int]]
    resource: dict[str, tuple[int, int]]

    @property
    def width(self) -> int:
        return self.bits // 8


_MUTANT_64 = {"MutantListEntry": (0x18, 16), "OwnerThread": (0x28, 8), "Abandoned": (0x30, 1)}
_RESOURCE_64 = {
    "SystemResourcesList": (0x0, 16), "OwnerTable": (0x10, 8), "ActiveCount": (0x18, 2), "Flag": (0x1A, 2),
    "SharedWaiters": (0x20, 8), "ExclusiveWaiters": (0x28, 8), "OwnerThread": (0x30, 8), "OwnerCount": (0x38, 4),
    "ActiveEntries": (0x40, 4), "ContentionCount": (0x44, 4), "NumberOfSharedWaiters": (0x48, 4),
    "NumberOfExclusiveWaiters": (0x4C, 4),
}  # fmt: skip
WIN10 = Machine(
    64, 19041,
    {
        "State": (0x184, 1), "WaitReason": (0x283, 1), "Pid": (0x478, 8), "Tid": (0x480, 8), "StackLimit": (0x30, 8),
        "StackBase": (0x38, 8), "WaitBlockList": (0xD0, 8), "WaitBlockCount": (0x24B, 1), "WaitTime": (0x1B4, 4),
        "MutantListHead": (0x308, 16), "FirstArgument": (0x88, 8), "KeyedWaitValue": (0x458, 8),
        "AlpcMessage": (0x530, 8), "OwnerEntryListHead": (0x628, 16), "Block": (0x140, 0x30), "Semaphore": (0x3F8, 8),
        "LockEntries": (0x650, 0x60), "Process": (0x220, 8),
    },
    {"Type": (0x10, 1), "Key": (0x12, 2), "Thread": (0x18, 8), "Object": (0x20, 8)},
    0x30, _MUTANT_64, _RESOURCE_64,
)  # fmt: skip
WIN7 = Machine(
    64, 7601,
    {
        "State": (0x164, 1), "WaitReason": (0x26B, 1), "Pid": (0x3B8, 8), "Tid": (0x3C0, 8), "StackLimit": (0x30, 8),
        "StackBase": (0x278, 8), "WaitBlockList": (0x98, 8), "WaitTime": (0x194, 4), "MutantListHead": (0x308, 16),
        "FirstArgument": (0x1E0, 8), "KeyedWaitValue": (0x398, 8), "AlpcMessage": (0x468, 8), "Block": (0x108, 0x30),
        "Semaphore": (0x3C8, 8), "Process": (0x210, 8),
    },
    {"Type": (0x2A, 1), "Key": (0x28, 2), "Thread": (0x10, 8), "Object": (0x18, 8), "Next": (0x20, 8)},
    0x30, _MUTANT_64, _RESOURCE_64,
)  # fmt: skip
XP = Machine(
    32, 2600,
    {
        "State": (0x2D, 1), "WaitReason": (0x5B, 1), "Pid": (0x1EC, 4), "Tid": (0x1F0, 4), "StackLimit": (0x1C, 4),
        "StackBase": (0x168, 4), "WaitBlockList": (0x5C, 4), "WaitTime": (0x68, 4), "MutantListHead": (0x10, 8),
        "KeyedWaitValue": (0x1DC, 4), "Block": (0x70, 0x18), "Semaphore": (0x1F4, 4), "Process": (0x220, 4),
    },
    {"Type": (0x16, 1), "Key": (0x14, 2), "Thread": (0x8, 4), "Object": (0xC, 4), "Next": (0x10, 4)},
    0x18, {"MutantListEntry": (0x10, 8), "OwnerThread": (0x18, 4), "Abandoned": (0x1C, 1)},
    {
        "SystemResourcesList": (0x0, 8), "OwnerTable": (0x8, 4), "ActiveCount": (0xC, 2), "Flag": (0xE, 2),
        "SharedWaiters": (0x10, 4), "ExclusiveWaiters": (0x14, 4), "OwnerThread": (0x18, 4), "OwnerCount": (0x1C, 4),
        "SecondThread": (0x20, 4), "SecondCount": (0x24, 4), "ContentionCount": (0x28, 4),
        "NumberOfSharedWaiters": (0x2C, 2), "NumberOfExclusiveWaiters": (0x2E, 2),
    },
)  # fmt: skip
MACHINES = {"win10": WIN10, "win7": WIN7, "xp": XP}
_THREAD_SIZE, _STACK = 0xC00, 0x6000


@dataclass(slots=True)
class Made:
    """One machine's memory, and what stands in it."""

    machine: Machine
    data: bytearray = field(default_factory=lambda: bytearray(1 << 22))
    used: int = 0x1000
    threads: list[int] = field(default_factory=list)
    waiters: dict[int, list[int]] = field(default_factory=dict)
    owned: dict[int, list[int]] = field(default_factory=dict)
    resources: list[int] = field(default_factory=list)
    processes: dict[int, Process] = field(default_factory=dict)
    user: dict[int, bytes] = field(default_factory=dict)

    @property
    def base(self) -> int:
        return KERNEL[self.machine.bits]

    def block(self, size: int, align: int = 0x40) -> int:
        self.used += -self.used % align
        address = self.base + self.used
        self.used += size
        assert self.used <= len(self.data)
        return address

    def put(self, address: int, value: int, size: int = 0) -> None:
        at, size = address - self.base, size or self.machine.width
        self.data[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def get(self, address: int, size: int = 0) -> int:
        at, size = address - self.base, size or self.machine.width
        return int.from_bytes(self.data[at : at + size], "little")

    def member(self, address: int, place: tuple[int, int], value: int) -> None:
        self.put(address + place[0], value, place[1])

    def link(self, head: int, *entries: int) -> None:
        ring = (head, *entries)
        for entry, following in zip(ring, (*ring[1:], head), strict=True):
            self.put(entry, following)
            self.put(following + self.machine.width, entry)

    def thread(self, pid: int = 4, state: int = RUNNING) -> int:
        """A thread with a stack; its id is its number."""
        places = self.machine.thread
        address, stack = self.block(_THREAD_SIZE), self.block(_STACK, 0x1000)
        self.put(address, 6, 1)
        tid = 4 * (len(self.threads) + 100)
        values = {"State": state, "Pid": pid, "Tid": tid, "StackLimit": stack, "StackBase": stack + _STACK}
        for name, value in values.items():
            self.member(address, places[name], value)
        self.link(address + places["MutantListHead"][0])
        self.link(self.head(address))
        if "OwnerEntryListHead" in places:
            self.link(address + places["OwnerEntryListHead"][0])
        process = self.processes.setdefault(pid, made_process(self.base + 0x100 + len(self.processes) * 0x10, pid))
        self.member(address, places["Process"], process.eprocess)
        self.threads.append(address)
        return address

    def tid(self, thread: int) -> int:
        return self.get(thread + self.machine.thread["Tid"][0], 4)

    def on_stack(self, thread: int, offset: int = 0x1000) -> int:
        return self.get(thread + self.machine.thread["StackLimit"][0]) + offset

    def head(self, address: int) -> int:
        """WaitListHead of a dispatcher object."""
        return address + 8

    def object(self, kind: int, signal: int = 0, address: int = 0, size: int = 0x100) -> int:
        address = address or self.block(size)
        self.put(address, kind, 1)
        self.put(address + 4, signal, 4)
        self.link(self.head(address))
        return address

    def mutant(self, owner: int) -> int:
        address = self.object(2, 0 if owner else 1)
        self.member(address, self.machine.mutant["OwnerThread"], owner)
        entry = address + self.machine.mutant["MutantListEntry"][0]
        self.link(entry)
        if owner:
            self.owned.setdefault(owner, []).append(entry)
            self.link(owner + self.machine.thread["MutantListHead"][0], *self.owned[owner])
        return address

    def wait(
        self, thread: int, *objects: int, reason: int = 6, all_of: bool = False, seconds: float = 10.0,
        timed: int = 0,
    ) -> None:  # fmt: skip
        """The thread waits for these objects; ``timed``: a timer that limits it, where blocks form a circle."""
        machine, places = self.machine, self.machine.thread
        count = len(objects) + bool(timed)
        first = thread + places["Block"][0] if count <= 3 else self.block(count * machine.block_size)
        blocks = [first + number * machine.block_size for number in range(count)]
        for number, (block, waited) in enumerate(zip(blocks, (*objects, *([timed] if timed else ())), strict=True)):
            values = {
                "Type": 0 if all_of else 1, "Key": 0x102 if waited == timed else number, "Thread": thread,
                "Object": waited, "Next": blocks[(number + 1) % count],
            }  # fmt: skip
            for name, value in values.items():
                if name in machine.block:
                    self.member(block, machine.block[name], value)
            self.waiters.setdefault(waited, []).append(block)
            self.link(self.head(waited), *self.waiters[waited])
        values = {
            "State": WAITING, "WaitReason": reason, "WaitBlockList": first, "WaitBlockCount": count,
            "WaitTime": TICKS - int(seconds / SECONDS),
        }  # fmt: skip
        for name, value in values.items():
            if name in places:
                self.member(thread, places[name], value)

    def resource(self, *owners: int, exclusive: bool = True, **members: int) -> int:
        """An ERESOURCE; further owners go into its table."""
        places, width = self.machine.resource, self.machine.width
        address = self.block(0x80)
        held = len(owners)
        values = {"ActiveCount": held, "ActiveEntries": held, "Flag": 0x80 if exclusive and owners else 0, **members}
        if owners:
            values |= {"OwnerThread": owners[0], "OwnerCount": 1}
        further = owners[1:]
        if further:
            table = self.block((len(further) + 1) * 2 * width)
            self.put(table + width, len(further) + 1, 4)
            for number, owner in enumerate(further, start=1):
                self.put(table + number * 2 * width, owner)
                self.put(table + number * 2 * width + width, 1, 4)
            values["OwnerTable"] = table
        for name, value in values.items():
            if name in places:
                self.member(address, places[name], value)
        self.resources.append(address)
        return address

    def survey(self, link: bool = True) -> Survey:
        """The survey; ``link``: make the list of resources anew."""
        head = self.base + 0x40
        if link:
            self.link(head, *self.resources)
        io = _io_system(self, SegmentReader({self.base: bytes(self.data)}), head)
        layouts = built_in(self.machine.bits, self.machine.build)
        user = SegmentReader(self.user)
        clock = KernelClock(TICKS, SECONDS, TICKS * 156250)
        system = WaitSystem(io, layouts.thread, layouts.waits, clock, lambda _: user)
        owners = {thread: self.get(thread + self.machine.thread["Process"][0]) for thread in self.threads}
        by_address = {each.eprocess: each for each in self.processes.values()}
        threads = [(thread, by_address.get(owners[thread])) for thread in self.threads]
        return make_survey(system, ObjectNamespace(), threads, tuple(by_address.values()))

    def graph(self) -> WaitGraph:
        return make_graph(self.survey())


def made_process(address: int, pid: int, peb: int = 0, table: int = 0) -> Process:
    return Process(address, pid, 0, f"made{pid}.exe", 0, peb, "made", object_table=table)


@dataclass(frozen=True, slots=True)
class _MadeIo(IoSystem):
    """An I/O system whose only variable is the head of the resources."""

    resources: int = 0

    def variable(self, name: str) -> int | None:
        return self.resources if name == LIST_HEAD else None


def _io_system(made: Made, memory: MemoryReader, head: int) -> IoSystem:
    modules = ModuleTable(())
    layouts = built_in(made.machine.bits, made.machine.build)
    return _MadeIo(
        memory, made.machine.bits, made.machine.build, layouts.io, modules, Symbolizer(modules, lambda _: None),
        resources=head,
    )  # fmt: skip


def ring(made: Made, length: int) -> list[int]:
    """Threads that wait for one another's mutants in a circle."""
    threads = [made.thread() for _ in range(length)]
    mutants = [made.mutant(thread) for thread in threads]
    for thread, mutant in zip(threads, (*mutants[1:], mutants[0]), strict=True):
        made.wait(thread, mutant)
    return threads


def verdicts(graph: WaitGraph, threads: Sequence[int]) -> list[list[str]]:
    from volplugins.waits.verdicts import verdict

    return [
        [verdict(graph, each, held).value for held in graph.survey.waits[each].held]
        for each in threads
        if each in graph.survey.waits
    ]
