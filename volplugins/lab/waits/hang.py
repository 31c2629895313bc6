"""A hang while it is being built: which thread waits for what, and who owns it; everything is written at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.process_records import write_thread
from volplugins.lab.kernel.processes import TERMINATED, WAITING, Process, Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.waits.wait_words import WAIT_ANY, reason_number
from volplugins.lab.world.process_creation import create_ended_thread, create_thread
from volplugins.lab.world.thread_stacks import enter_service, leave_processor, stack_of, start_system_thread
from volplugins.lab.world.world import World


@dataclass(slots=True)
class Waited:
    """One object that a thread waits for.

    Attributes:
        object: the lock, message, request or address; ``dispatcher``: what the wait block points to.
        kind: an ObjectType word of the interface.
        owner: who holds it, as far as Windows keeps that; ``others`` hold it too (shared).
        linked: whether the wait block is in the dispatcher's list (an address that is no object has none).
    """

    object: int
    dispatcher: int
    kind: str
    name: str = ""
    owner: Thread | None = None
    linked: bool = True
    others: list[Thread] = field(default_factory=list)

    @property
    def owners(self) -> list[Thread]:
        """All who hold it."""
        return [self.owner, *self.others] if self.owner else []


@dataclass(slots=True)
class Wait:
    """A thread's wait: ``verdict`` where it does not follow from the owners, ``mode`` 1 for user mode.

    ``first`` is the place of its first block in the thread's array; ``limit``: seconds until the wait ends by itself, 0
    for never.
    """

    thread: Thread
    reason: int
    objects: list[Waited]
    kind: int = WAIT_ANY
    mode: int = 0
    verdict: str = ""
    first: int = 0
    limit: int = 0


@dataclass(slots=True)
class Mutant:
    """A KMUTANT; ``owner`` None: free."""

    address: int
    owner: Thread | None
    name: str


@dataclass(slots=True)
class Resource:
    """An ERESOURCE: owners with their counts, waiters in the order of their coming as (thread, dispatcher)."""

    address: int
    name: str = ""
    exclusive: bool = False
    owners: list[tuple[Thread, int]] = field(default_factory=list)
    shared_waiters: list[tuple[Thread, int]] = field(default_factory=list)
    exclusive_waiters: list[tuple[Thread, int]] = field(default_factory=list)


@dataclass(slots=True)
class Hang:
    """The machine's waits and locks.

    Attributes:
        waits: by address of the thread.
        priorities: of threads that have no usual one, by address.
        ready: threads that want a processor: its number (None: of the queue that processors share), the thread.
        deferred: calls that wait on a processor: its number, the routine.
        active: processor to the deferred routine that runs there.
        masked: processors whose interrupts are off.
        work, busy: routines of work items that wait, and the queue's threads that are not idle.
        queues, timers, timers2: the truth about them.
        unread: threads that do not read the messages of their windows.
        rooms: how much of a process's page of locks is used, by pid.
        late: what is written when every thread's record is there, before the wait blocks.
    """

    world: World
    waits: dict[int, Wait] = field(default_factory=dict)
    mutants: list[Mutant] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    priorities: dict[int, int] = field(default_factory=dict)
    ready: list[tuple[int | None, Thread]] = field(default_factory=list)
    deferred: list[tuple[int, int]] = field(default_factory=list)
    active: dict[int, int] = field(default_factory=dict)
    masked: set[int] = field(default_factory=set)
    rooms: dict[int, int] = field(default_factory=dict)
    late: list[Callable[[], None]] = field(default_factory=list)
    work: list[int] = field(default_factory=list)
    busy: list[Thread] = field(default_factory=list)
    queues: list[dict[str, Any]] = field(default_factory=list)
    timers: list[dict[str, Any]] = field(default_factory=list)
    unread: list[Thread] = field(default_factory=list)
    timers2: list[dict[str, Any]] = field(default_factory=list)

    @property
    def machine(self) -> Machine:
        """The machine that hangs."""
        return self.world.machine

    def processes(self) -> list[Process]:
        """All processes but Idle's."""
        return self.world.processes

    def threads(self) -> list[Thread]:
        """All threads but the processors' idle ones."""
        return [thread for process in self.world.processes for thread in process.threads]

    def program(self, name: str, index: int = 0, which: int = 0) -> Thread:
        """A thread of the ``which``-th process of that name."""
        found = [each for each in self.world.processes if each.name == name and not each.exited]
        return found[which].threads[index]

    def next_id(self) -> int:
        """A thread identifier that nothing has yet."""
        taken = [each.pid for each in self.world.processes] + [each.tid for each in self.threads()]
        return max(taken) + 0x44

    def worker(self) -> Thread:
        """A new worker thread of System."""
        return create_thread(self.machine, self.world.system, self.next_id())

    def ended(self, process: Process, seconds: int = 30) -> Thread:
        """A thread of a process that ended some time ago and is still referenced."""
        when = self.machine.host.crash_time - seconds * 10_000_000
        thread = create_ended_thread(self.machine, process, self.next_id(), when, 0)
        start = self.machine.symbol("nt!ExpWorkerThread")
        write_thread(self.machine, thread, TERMINATED, start, 0, 0, 0)
        self.world.done.add(thread.address)
        return thread

    def begin(self, thread: Thread, service: str = "NtWaitForSingleObject") -> KernelStack:
        """The stack of a thread that has entered a service, or of a worker that a driver has given work."""
        stack = stack_of(self.machine, thread, f"hang {thread.process.pid} {thread.tid}")
        if thread.process.pid == 4:
            start_system_thread(self.machine, stack)
            for function in ("nt!ExpWorkerThread", "acmedrv!AcmeLockedWork"):
                stack.call(function)
        else:
            enter_service(self.machine, stack, thread, service)
        return stack

    def commit(self, stack: KernelStack, wait: Wait, seconds: int) -> Wait:
        """The thread gives up its processor; its record says since when."""
        thread = wait.thread
        leave_processor(self.machine, stack)
        thread.frames, thread.waits = stack.listing(), seconds * 64 + thread.tid // 4 % 60
        start = self.machine.symbol("nt!ExpWorkerThread")
        if thread.process.pid != 4:
            program = next(reversed(thread.process.images.values()))
            start = program.base + program.image.entry
        write_thread(self.machine, thread, WAITING, start, stack.sp, stack.trap_frame, wait.reason)
        self.world.done.add(thread.address)
        self.waits[thread.address] = wait
        return wait

    def wait(self, thread: Thread, objects: list[Waited], seconds: int, kind: int = WAIT_ANY, limit: int = 0) -> Wait:
        """The thread waits for dispatcher objects, as programs and drivers ask for it."""
        several = len(objects) > 1
        stack = self.begin(thread, "NtWaitForMultipleObjects" if several else "NtWaitForSingleObject")
        if several and thread.process.pid != 4:
            stack.call("nt!ObWaitForMultipleObjects")
        stack.call("nt!KeWaitForMultipleObjects" if several else "nt!KeWaitForSingleObject")
        user = int(thread.process.pid != 4)
        reason = reason_number(self.machine, "UserRequest" if user else "Executive")
        return self.commit(stack, Wait(thread, reason, objects, kind, user, limit=limit), seconds)
