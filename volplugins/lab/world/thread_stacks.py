"""What threads do that have nothing to do with a crash: wait, idle, and enter system calls."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.code.listings_wow64 import CALLS_64
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.kernel_stack_x64 import KernelStack64
from volplugins.lab.kernel.kernel_stack_x86 import KernelStack32
from volplugins.lab.kernel.process_records import write_thread
from volplugins.lab.kernel.processes import (
    EXECUTIVE,
    RUNNING,
    USER_REQUEST,
    WAITING,
    WR_PAGE_IN,
    WR_QUEUE,
    Process,
    Thread,
)
from volplugins.lab.machine.machine import Machine
from volplugins.lab.world.wow64_stacks import call_from_32_bit_code


@dataclass(frozen=True, slots=True)
class _Names:
    """Functions that are called differently on the two architectures; ``switched`` fills the switch frame."""

    thread_start: str
    queue: str
    halt: tuple[str, ...]
    system_call: tuple[str, ...]
    switched: tuple[tuple[int, bytes], ...]


_X64 = _Names(
    "KiStartSystemThread",
    "KeRemoveQueueEx",
    ("PoIdle", "PpmIdleExecuteTransition", "PpmIdleDefaultExecute", "HalProcessorIdle"),
    (),
    ((0x28, bytes.fromhex("801f000000000000")),),
)
_X86 = _Names(
    "KiThreadStartup",
    "KeRemoveQueue",
    ("PoIdle", "PopProcessorIdle"),
    ("ntdll!KiFastSystemCall",),
    ((0, b"\xff\xff\xff\xff"), (4, b"\0\0\0\0")),
)


def _names(machine: Machine) -> _Names:
    return _X64 if machine.width == 8 else _X86


def stack_of(machine: Machine, thread: Thread, purpose: str) -> KernelStack:
    """A thread's empty kernel stack."""
    kind = KernelStack64 if machine.width == 8 else KernelStack32
    return kind(machine, thread.base, thread.limit, purpose)


def user_stack_of(machine: Machine, thread: Thread) -> KernelStack:
    """A thread's empty user stack."""
    kind = KernelStack64 if machine.width == 8 else KernelStack32
    return kind(machine, thread.user_stack, thread.user_stack - 0x2000, f"user {thread.tid}", thread.process)


def start_system_thread(machine: Machine, stack: KernelStack) -> None:
    """The first two functions of every system thread."""
    stack.start("nt!" + _names(machine).thread_start)
    stack.call("nt!PspSystemThreadStartup")


def idle_stack(machine: Machine, idle: Process, number: int) -> tuple[KernelStack, Thread]:
    """A processor's idle thread at the beginning of its loop."""
    thread = idle.threads[number]
    stack = stack_of(machine, thread, f"idle {number}")
    stack.start("nt!KiIdleLoop")
    return stack, thread


def halt(machine: Machine, stack: KernelStack) -> int:
    """The idle loop goes on to the halt instruction; gives the address behind it."""
    for function in _names(machine).halt:
        stack.call("nt!" + function)
    return machine.site("nt", f"{_names(machine).halt[-1]}@hlt") + 1


def enter_service(machine: Machine, stack: KernelStack, thread: Thread, service: str) -> None:
    """A user thread makes a system call through ntdll from its program's code, and the service begins."""
    images = thread.process.images
    program = next(reversed(images))
    user = user_stack_of(machine, thread)
    first = "ntdll!RtlUserThreadStart"
    calls: tuple[str, ...] = (f"{program}!WinMain", f"{program}!Work")
    if thread.process.images32:
        call_from_32_bit_code(machine, thread, service)
        first, calls = "ntdll!LdrInitializeThunk", CALLS_64
    user.start(first)
    for function in (*calls, f"ntdll!{service}", *_names(machine).system_call):
        user.call(function)
    returns = "KiFastSystemCallRet" if machine.width == 4 else service + "Return"
    user.finish(images["ntdll"].base + images["ntdll"].image.symbols[returns], "user")
    stack.enter_from_user(user)
    stack.call(f"nt!{service}")


def fault_in_user_code(machine: Machine, stack: KernelStack, thread: Thread) -> None:
    """A user thread touches a page that is not there, in its program's own code, and waits for it."""
    program = next(reversed(thread.process.images))
    user = user_stack_of(machine, thread)
    user.start("ntdll!RtlUserThreadStart")
    user.call(f"{program}!WinMain")
    user.call(f"{program}!Work")
    image = thread.process.images[program]
    user.finish(image.base + image.image.sites["Work@touch"], "user")
    stack.fault_from_user(user, "nt!KiPageFault" if machine.width == 8 else "nt!KiTrap0E")
    stack.call("nt!MmAccessFault")


def leave_processor(machine: Machine, stack: KernelStack) -> None:
    """A thread that waits gives up the processor: the functions that do so, and the switch frame."""
    for function in ("KiCommitThreadWait", "KiSwapThread", "KiSwapContext", "SwapContext"):
        stack.call("nt!" + function)
    for offset, data in _names(machine).switched:
        stack.place(offset, data)


def write_waiting(machine: Machine, thread: Thread, index: int) -> None:
    """Give a thread the stack of one that waits, as its process's ``index``-th, and write its record."""
    stack = stack_of(machine, thread, f"thread {thread.process.pid} {thread.tid}")
    names = _names(machine)
    if thread.process.pid == 0:
        stack.start("nt!KiIdleLoop")
        write_thread(machine, thread, RUNNING, machine.symbol("nt!KiIdleLoop"), stack.sp, 0, EXECUTIVE)
        return
    if thread.process.pid == 4:
        routine = "nt!MmZeroPageThread" if index == 0 else "nt!ExpWorkerThread"
        start, reason = machine.symbol(routine), EXECUTIVE if index == 0 else WR_QUEUE
        start_system_thread(machine, stack)
        stack.call(routine)
        stack.call("nt!KeWaitForMultipleObjects" if index == 0 else f"nt!{names.queue}")
    else:
        program = next(reversed(thread.process.images.values()))
        start, reason = program.base + program.image.entry, USER_REQUEST
        if thread.faulting:
            reason = WR_PAGE_IN
            fault_in_user_code(machine, stack, thread)
        else:
            service, *inner = thread.service
            reason = EXECUTIVE if inner else USER_REQUEST
            enter_service(machine, stack, thread, service)
            for function in inner:
                stack.call(f"nt!{function}")
        stack.call("nt!KeWaitForSingleObject")
    leave_processor(machine, stack)
    thread.frames = stack.listing()
    write_thread(machine, thread, WAITING, start, stack.sp, stack.trap_frame, reason)
