"""Crashes of the x64 machines out of interrupts and deferred calls: keyboard, debugger, watchdogs, NMI, double fault.

Parameters: Microsoft's bug check reference. Call sequences: public stack listings of such crashes.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes.crash import Crash, bugcheck
from volplugins.lab.devices.power_requests import power_request
from volplugins.lab.kernel.io_objects import acme_stack
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.world.process_creation import new_stack
from volplugins.lab.world.thread_stacks import enter_service, halt, idle_stack, stack_of
from volplugins.lab.world.world import World

DISPATCH_LEVEL, DEVICE_LEVEL, CLOCK_LEVEL, HIGH_LEVEL = 2, 8, 13, 15
_CLOCK = (
    "nt!KiInterruptSubDispatchNoLockNoEtw", "nt!KiCallInterruptServiceRoutine", "nt!HalpTimerClockInterrupt",
    "nt!KeClockInterruptNotify", "nt!KeAccumulateTicks",
)  # fmt: skip


def calls(stack: KernelStack, *functions: str) -> None:
    """Each function calls the next."""
    for function in functions:
        stack.call(function)


def _deferred(world: World) -> tuple[KernelStack, Thread]:
    """The idle loop runs deferred procedure calls."""
    stack, thread = idle_stack(world.machine, world.idle, world.crashing)
    calls(stack, "nt!KiRetireDpcList", "nt!KiExecuteAllDpcs")
    return stack, thread


def keyboard(world: World) -> Crash:
    """Right Ctrl and Scroll Lock twice on a PS/2 keyboard: 0xE2 out of its interrupt service."""
    stack, thread = idle_stack(world.machine, world.idle, world.crashing)
    stack.trap("nt!KiInterruptDispatch", halt(world.machine, stack), flags=0x246)
    calls(stack, "nt!KiInterruptSubDispatch", "nt!KiCallInterruptServiceRoutine")
    calls(stack, "i8042prt!I8042KeyboardInterruptService", "i8042prt!I8xProcessCrashDump")
    return bugcheck(world, stack, thread, 0xE2, (0, 0, 0, 0), "", manual="keyboard", irql=DEVICE_LEVEL)


def keyboard_usb(world: World) -> Crash:
    """The same on a USB keyboard: out of the completion of a read in kbdhid."""
    stack, thread = _deferred(world)
    calls(stack, "usbport!UsbportTransferDpc", "nt!IofCompleteRequest", "nt!IopfCompleteRequest")
    calls(stack, "kbdhid!KbdHid_ReadComplete", "kbdhid!KbdHidProcessCrashDump")
    return bugcheck(world, stack, thread, 0xE2, (0, 0, 0, 0), "", manual="keyboard", irql=DISPATCH_LEVEL)


def debugger(world: World) -> Crash:
    """``.crash`` from a debugger that broke in: 0xE2 with no keyboard driver anywhere on the stack."""
    stack, thread = idle_stack(world.machine, world.idle, world.crashing)
    stack.trap("nt!KiInterruptDispatchNoLockNoEtw", halt(world.machine, stack), flags=0x246)
    calls(stack, *_CLOCK, "nt!KdCheckForDebugBreak", "nt!DbgBreakPointWithStatus")
    stack.trap("nt!KiBreakpointTrap", world.machine.site("nt", "DbgBreakPointWithStatus@break"), flags=0x202)
    calls(stack, "nt!KiExceptionDispatch", "nt!KiDispatchException", "nt!KdTrap", "nt!KdpReport")
    calls(stack, "nt!KdpReportExceptionStateChange", "nt!KdpSendWaitContinue", "nt!KdpCauseBugCheck")
    return bugcheck(world, stack, thread, 0xE2, (0, 0, 0, 0), "", manual="debugger", irql=CLOCK_LEVEL)


def power(world: World) -> Crash:
    """A driver sits on a power request: 0x9F names the device and the request, and no code of the driver runs."""
    machine = world.machine
    devices = acme_stack(machine)
    request = power_request(machine, devices)
    stack, thread = _deferred(world)
    calls(stack, "nt!KiProcessExpiredTimerList", "nt!PopIrpWatchdog", "nt!PopIrpWatchdogBugcheck")
    parameters = (3, devices.lower, machine.symbol("nt!PopWatchdogTriage"), request)
    machine.truth["power"] = {"device": devices.lower, "attached": devices.upper, "irp": request}
    return bugcheck(world, stack, thread, 0x9F, parameters, "acmedrv", irql=DISPATCH_LEVEL)


def dpc_watchdog(world: World) -> Crash:
    """A driver's deferred routine does not come back: 0x133 out of the clock interrupt that found it running."""
    stack, thread = _deferred(world)
    calls(stack, "acmedrv!AcmeDpcRoutine", "acmedrv!AcmePollHardware")
    ip = world.machine.site("acmedrv", "AcmePollHardware@spin")
    stack.trap("nt!KiInterruptDispatchNoLockNoEtw", ip, flags=0x246)
    calls(stack, *_CLOCK)
    return bugcheck(world, stack, thread, 0x133, (0, 0x501, 0x500, 0), "acmedrv", ip, irql=CLOCK_LEVEL)


def nmi(world: World) -> Crash:
    """The NMI button: 0x80 on a stack of its own."""
    stack, thread = idle_stack(world.machine, world.idle, world.crashing)
    _, top = new_stack(world.machine)
    stack.trap("nt!KiNmiInterrupt", halt(world.machine, stack), flags=0x246, new_stack=top)
    calls(stack, "nt!KxNmiInterrupt", "nt!KiProcessNMI", "nt!HalHandleNMI", "nt!HalBugCheckSystem")
    return bugcheck(world, stack, thread, 0x80, (0x4F4454, 0, 0, 0), "", manual="nmi", irql=HIGH_LEVEL)


def double_fault(world: World) -> Crash:
    """A driver has used up its stack: 0x7F, parameter 1 eight, on the double fault's own stack."""
    thread = world.process("acmetray.exe").threads[0]
    stack = stack_of(world.machine, thread, "crash")
    enter_service(world.machine, stack, thread, "NtDeviceIoControlFile")
    calls(stack, "nt!IopXxxControlFile", "nt!IopSynchronousServiceTail", "nt!IofCallDriver")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl")
    while stack.sp > stack.limit + 0x100:
        stack.call("acmedrv!AcmeParseTree")
    ip = world.machine.site("acmedrv", "AcmeParseTree@recurse")
    _, top = new_stack(world.machine)
    trap = stack.trap("nt!KiDoubleFaultAbort", ip, new_stack=top, flags=0x10286)
    stack.call("nt!KiBugCheckDispatch")
    new = world.machine.profile.build >= 9200
    parameters = (8, trap, stack.frames[-3]["sp"], ip) if new else (8, 0x80050033, 0x6F8, ip)
    return bugcheck(world, stack, thread, 0x7F, parameters, "acmedrv", ip, irql=0)


INTERRUPT_SCENARIOS: dict[str, Callable[[World], Crash]] = {
    "keyboard": keyboard,
    "keyboard-usb": keyboard_usb,
    "debugger": debugger,
    "power": power,
    "dpc-watchdog": dpc_watchdog,
    "nmi": nmi,
    "double-fault": double_fault,
}
