"""What the processors do in hangs that are about them: programs that keep them, a deferred call that never ends."""

from __future__ import annotations

from volplugins.lab.crashes.crash import Crash, bugcheck, hang
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.structures.notation import Record
from volplugins.lab.world.thread_stacks import enter_service, idle_stack, stack_of
from volplugins.lab.world.world import World

_CALLS = (
    "nt!IopXxxControlFile", "nt!IopSynchronousServiceTail", "nt!IofCallDriver", "acmedrv!AcmeDispatchDeviceControl",
    "acmedrv!AcmeReadRegister",
)  # fmt: skip
_INTERRUPTS_OFF = 0x46
_DEVICE_LEVEL = 8


def in_register(world: World, name: str) -> tuple[KernelStack, Thread, int]:
    """A program's first thread is in acmedrv, which reads its device's register again and again; gives where."""
    thread = world.process(name).threads[0]
    stack = stack_of(world.machine, thread, "crash")
    enter_service(world.machine, stack, thread, "NtDeviceIoControlFile")
    for function in _CALLS:
        stack.call(function)
    return stack, thread, world.machine.site("acmedrv", "AcmeReadRegister@fault")


def keep_other(world: World, name: str) -> Thread:
    """The processor that does not crash is kept by a program's thread in acmedrv."""
    stack, thread, ip = in_register(world, name)
    hang(world, stack, thread, ip)
    return thread


def mask_other(world: World) -> None:
    """That thread has switched interrupts off: IF is clear in its flags."""
    assert world.hung is not None
    thread, context = world.hung
    record = Record(world.machine.structures, "_CONTEXT")
    record.data[:] = context
    world.hung = thread, bytes(record.set("EFlags", _INTERRUPTS_OFF).data)


def defer_on_other(world: World) -> int:
    """A deferred call of acmedrv does not come back on the other processor; gives its routine."""
    machine, other = world.machine, 1 - world.crashing
    stack, thread = idle_stack(machine, world.idle, other)
    stack.call("nt!KiRetireDpcList")
    routine, place = "acmedrv!AcmeRequestComplete", "AcmeRequestComplete>AcmeNotify"
    if machine.width == 8:
        routine, place = "acmedrv!AcmeDpcRoutine", "AcmePollHardware@spin"
        stack.call("nt!KiExecuteAllDpcs")
    stack.call(routine)
    if machine.width == 8:
        stack.call("acmedrv!AcmePollHardware")
    hang(world, stack, thread, machine.site("acmedrv", place))
    return machine.symbol(routine)


def keyboard_on_busy(world: World) -> Crash:
    """Right Ctrl and Scroll Lock twice while a program keeps the processor: 0xE2."""
    stack, thread, ip = in_register(world, "acmetray.exe")
    stack.trap("nt!KiInterruptDispatch", ip, flags=0x246)
    if world.machine.width == 8:
        stack.call("nt!KiInterruptSubDispatch")
        stack.call("nt!KiCallInterruptServiceRoutine")
    stack.call("i8042prt!I8042KeyboardInterruptService")
    stack.call("i8042prt!I8xProcessCrashDump")
    return bugcheck(world, stack, thread, 0xE2, (0, 0, 0, 0), "", manual="keyboard", irql=_DEVICE_LEVEL)
