"""Machines that did not crash, by name: memory as it is while Windows runs, of which there are images only."""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes.crash import Crash, mark_running
from volplugins.lab.crashes.crash_records import context_record
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.structures.notation import Record
from volplugins.lab.world.thread_stacks import enter_service, stack_of, user_stack_of
from volplugins.lab.world.world import World

_PROGRAM = "acmetray.exe"
_CALLS = (
    "nt!IopXxxControlFile", "nt!IopSynchronousServiceTail", "nt!IofCallDriver", "acmedrv!AcmeDispatchDeviceControl",
    "acmedrv!AcmeReadRegister",
)  # fmt: skip
# the selectors of user code (public symbol files)
_USER_64 = {"SegCs": 0x33, "SegSs": 0x2B}
_USER_32 = {"SegCs": 0x1B, "SegSs": 0x23, "SegFs": 0x3B}


def in_driver(world: World) -> Crash:
    """A driver serves a request of a program and reads its device's register; the other processor idles."""
    thread = world.process(_PROGRAM).threads[0]
    stack = stack_of(world.machine, thread, "crash")
    enter_service(world.machine, stack, thread, "NtDeviceIoControlFile")
    for function in _CALLS:
        stack.call(function)
    return _at(world, stack, thread, world.machine.site("acmedrv", "AcmeReadRegister@fault"))


def in_program(world: World) -> Crash:
    """A program executes its own code: the kernel stack of its thread is empty, the processor in user mode."""
    thread = world.process(_PROGRAM).threads[0]
    program = next(reversed(thread.process.images))
    stack = user_stack_of(world.machine, thread)
    stack.start("ntdll!RtlUserThreadStart")
    stack.call(f"{program}!WinMain")
    stack.call(f"{program}!Work")
    image = thread.process.images[program]
    crash = _at(world, stack, thread, image.base + image.image.sites["Work@touch"], "user")
    context = Record(world.machine.structures, "_CONTEXT")
    context.data[:] = crash.context
    context.fill(**(_USER_64 if world.machine.width == 8 else _USER_32))
    crash.context, crash.user = bytes(context.data), True
    return crash


def _at(world: World, stack: KernelStack, thread: Thread, ip: int, kind: str = "") -> Crash:
    """The current function executes at ``ip``, and goes on."""
    assert stack.current is not None
    stack.finish(ip, kind)
    sp = stack.current.sp
    mark_running(world, stack, thread, sp)
    context = context_record(world.machine, stack.registers, ip, sp)
    return Crash(0, (0, 0, 0, 0), thread, context, ip, stack.listing(), "", 0, crashed=False)


#: What a machine may be doing.
RUNNING_STATES: dict[str, Callable[[World], Crash]] = {"none": in_driver, "none-user": in_program}
