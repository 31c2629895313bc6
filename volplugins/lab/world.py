"""Who lives on a made-up machine: its processes and threads, what each waits for, and the processors' idle threads."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.lab.image_sources import load_images
from volplugins.lab.kernel_data import (
    write_kernel_variables,
    write_module_list,
    write_shared_user_data,
    write_unloaded_drivers,
)
from volplugins.lab.kernel_stack import KernelStack
from volplugins.lab.machine import Machine, add_object_types
from volplugins.lab.process_records import link_list, write_process, write_thread
from volplugins.lab.processes import (
    EXECUTIVE,
    RUNNING,
    USER_REQUEST,
    WAITING,
    WR_QUEUE,
    Process,
    Thread,
    create_process,
    create_thread,
)
from volplugins.lab.processors import Processor, place_processors

_SECOND = 10_000_000
# name, parent, session, threads; in the order in which they start
_VISTA = (
    ("smss.exe", "System", None, 1), ("csrss.exe", "smss.exe", 0, 2), ("wininit.exe", "smss.exe", 0, 1),
    ("winlogon.exe", "smss.exe", 1, 1), ("services.exe", "wininit.exe", 0, 2), ("lsass.exe", "wininit.exe", 0, 2),
    ("svchost.exe", "services.exe", 0, 3), ("svchost.exe", "services.exe", 0, 2),
    ("explorer.exe", "winlogon.exe", 1, 3), ("acmetray.exe", "explorer.exe", 1, 2),
)  # fmt: skip
_XP = (
    ("smss.exe", "System", None, 1), ("csrss.exe", "smss.exe", 0, 2), ("winlogon.exe", "smss.exe", 0, 2),
    ("services.exe", "winlogon.exe", 0, 2), ("lsass.exe", "winlogon.exe", 0, 2), ("svchost.exe", "services.exe", 0, 3),
    ("svchost.exe", "services.exe", 0, 2), ("explorer.exe", "winlogon.exe", 0, 3),
    ("acmetray.exe", "explorer.exe", 0, 2),
)  # fmt: skip


@dataclass(slots=True)
class World:
    """The machine with its inhabitants; ``done`` are threads whose record a scenario writes itself."""

    machine: Machine
    processors: list[Processor]
    system: Process
    idle: Process
    processes: list[Process] = field(default_factory=list)
    done: set[int] = field(default_factory=set)

    def process(self, name: str) -> Process:
        """The first process of that name that has not exited."""
        return next(each for each in self.processes if each.name == name and not each.exited)


def populate(machine: Machine, myfault: bool, extra: tuple[tuple[str, str], ...] = ()) -> World:
    """Load the images, start the processes; threads have stacks but no contents yet."""
    write_shared_user_data(machine)
    load_images(machine, myfault)
    add_object_types(machine)
    processors = place_processors(machine)
    booted = machine.host.crash_time - machine.host.uptime
    system_time = 0 if machine.profile.build < 6000 else booted
    system = create_process(machine, "System", 4, 0, None, system_time)
    idle = create_process(machine, "Idle", 0, 0, None, 0)
    world = World(machine, processors, system, idle, [system])
    chooser = machine.random("processes")
    pid = machine.host.first_pid
    plan = [
        *(_VISTA if machine.profile.build >= 6000 else _XP),
        *((*each, 1, 1) for each in (*machine.host.extra, *extra)),
    ]
    for order, (name, parent, session, threads) in enumerate(plan):
        pid += 4 * chooser.randrange(3, 60)
        created = booted + (order + 4) * 3 * _SECOND + chooser.randrange(_SECOND)
        process = create_process(machine, name, pid, world.process(parent).pid, session, created)
        world.processes.append(process)
        for number in range(threads):
            create_thread(machine, process, pid + 4 * (number + 1))
    _add_exited(world, pid + 0x40, booted + 200 * _SECOND)
    for number in range(5):
        create_thread(machine, system, 8 + 4 * number)
    for processor in processors:
        create_thread(machine, idle, processor.number * 0)
    return world


def _add_exited(world: World, pid: int, created: int) -> None:
    """A process that has exited and is still referenced: no directory, no threads."""
    parent = world.process("explorer.exe")
    process = create_process(
        world.machine, "setup.exe", pid, parent.pid, parent.session, created, created + 40 * _SECOND
    )
    world.processes.append(process)


def complete(world: World) -> None:
    """Write everything that waits until the scenario has been played: other threads, lists, kernel variables."""
    machine = world.machine
    for process in (*world.processes, world.idle):
        for index, thread in enumerate(process.threads):
            if thread.address not in world.done:
                _write_waiting(world, thread, index)
        write_process(machine, process)
    offset = machine.structures.offset("_EPROCESS", "ActiveProcessLinks")
    head = machine.symbol("nt!PsActiveProcessHead")
    link_list(machine, head, [process.address + offset for process in world.processes])
    machine.write_pointer(machine.symbol("nt!PsInitialSystemProcess"), world.system.address)
    machine.write_pointer(machine.symbol("nt!PsIdleProcess"), world.idle.address)
    write_module_list(machine)
    write_unloaded_drivers(machine)
    write_kernel_variables(machine, world.processors)
    for process in world.processes:
        if process.space is not machine.kernel:
            machine.tables.share_kernel_half(machine.kernel.directory, process.space.directory)


def idle_stack(world: World, number: int) -> tuple[KernelStack, Thread]:
    """A processor's idle thread at the beginning of its loop."""
    thread = world.idle.threads[number]
    stack = KernelStack(world.machine, thread.base, thread.limit, f"idle {number}")
    stack.start("nt!KiIdleLoop")
    return stack, thread


def halt(world: World, stack: KernelStack) -> int:
    """The idle loop goes on to the halt instruction; gives the address behind it."""
    for function in ("PoIdle", "PpmIdleExecuteTransition", "PpmIdleDefaultExecute", "HalProcessorIdle"):
        stack.call("nt!" + function)
    return world.machine.site("nt", "HalProcessorIdle@hlt") + 1


def bad_address(world: World) -> int:
    """An address in the kernel's half that nothing is mapped at; another one on every machine."""
    machine = world.machine
    chooser = machine.random("bad address")
    return machine.profile.pool_bases[machine.base_index] + 0x30000000 + chooser.randrange(0x10000) * 0x10


def _write_waiting(world: World, thread: Thread, index: int) -> None:
    machine = world.machine
    stack = KernelStack(machine, thread.base, thread.limit, f"thread {thread.tid}")
    if thread.process is world.idle:
        start, state, reason = machine.symbol("nt!KiIdleLoop"), RUNNING, EXECUTIVE
        stack.start("nt!KiIdleLoop")
    elif thread.process is world.system:
        routine = "nt!MmZeroPageThread" if index == 0 else "nt!ExpWorkerThread"
        start, state, reason = machine.symbol(routine), WAITING, EXECUTIVE if index == 0 else WR_QUEUE
        stack.start("nt!KiStartSystemThread")
        calls = ("nt!KeWaitForMultipleObjects",) if index == 0 else ("nt!KeRemoveQueueEx",)
        _sleep(stack, ("nt!PspSystemThreadStartup", routine, *calls))
    else:
        program = next(reversed(thread.process.images.values()))
        start, state, reason = program.base + program.image.entry, WAITING, USER_REQUEST
        enter_service(stack, thread, "NtWaitForSingleObject")
        _sleep(stack, ("nt!NtWaitForSingleObject", "nt!KeWaitForSingleObject"))
    write_thread(machine, thread, state, start, stack.sp, stack.trap_frame, reason)


def enter_service(stack: KernelStack, thread: Thread, service: str) -> None:
    """A user thread makes a system call through ntdll from its program's code."""
    process = thread.process
    ntdll = process.images["ntdll"]
    program = next(reversed(process.images))
    limit = thread.user_stack - 0x2000
    user = KernelStack(stack.machine, thread.user_stack, limit, f"user {thread.tid}", process)
    user.start("ntdll!RtlUserThreadStart")
    for function in (f"{program}!WinMain", f"{program}!Work", f"ntdll!{service}"):
        user.call(function)
    user.finish(ntdll.base + ntdll.image.symbols[service + "Return"], "user")
    stack.enter_from_user(user)


def _sleep(stack: KernelStack, calls: tuple[str, ...]) -> None:
    for function in (*calls, "nt!KiCommitThreadWait", "nt!KiSwapThread", "nt!KiSwapContext", "nt!SwapContext"):
        stack.call(function)
    stack.place(0x28, bytes.fromhex("801f000000000000"))
