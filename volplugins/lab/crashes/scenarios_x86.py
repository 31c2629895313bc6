"""Crashes of the x86 machines, by name; see scenarios_x64.py. What only x64 has is left out (0x3B, 0x133).

Parameters: Microsoft's bug check reference. Call sequences: public stack listings of such crashes.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes.crash import Crash, bugcheck
from volplugins.lab.crashes.crash_records import ACCESS_VIOLATION, context_record, exception_record
from volplugins.lab.devices.power_requests import power_request
from volplugins.lab.kernel.io_objects import acme_stack
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.world.process_creation import new_stack
from volplugins.lab.world.thread_stacks import enter_service, halt, idle_stack, stack_of, start_system_thread
from volplugins.lab.world.world import World, bad_address

DISPATCH_LEVEL, DEVICE_LEVEL, CLOCK_LEVEL, HIGH_LEVEL = 2, 0x1A, 0x1C, 0x1F


def calls(stack: KernelStack, *functions: str) -> None:
    """Each function calls the next."""
    for function in functions:
        stack.call(function)


def device_control(world: World, process: str, *functions: str) -> tuple[KernelStack, Thread]:
    """A program's thread has sent a control request and the I/O manager calls the driver's functions."""
    thread = world.process(process).threads[0]
    stack = stack_of(world.machine, thread, "crash")
    enter_service(world.machine, stack, thread, "NtDeviceIoControlFile")
    calls(stack, "nt!IopXxxControlFile", "nt!IopSynchronousServiceTail", "nt!IofCallDriver", *functions)
    return stack, thread


def acme(world: World, *functions: str) -> tuple[KernelStack, Thread]:
    """The request goes to acmedrv.sys."""
    return device_control(world, "acmetray.exe", "acmedrv!AcmeDispatchDeviceControl", *functions)


def _irql_crash(
    world: World, made: tuple[KernelStack, Thread], site: str, register: str, culprit: str, code: int, write: int
) -> Crash:
    """A page fault at DISPATCH_LEVEL: 0xA or 0xD1, straight from the trap handler."""
    stack, thread = made
    address = bad_address(world)
    ip = world.machine.site(*site.split("!"))
    stack.registers[register] = address
    stack.trap("nt!KiTrap0E", ip, error=2 * write)
    manual = "notmyfault" if culprit == "myfault" else ""
    parameters = (address, DISPATCH_LEVEL, write, ip)
    return bugcheck(world, stack, thread, code, parameters, culprit, ip, manual, DISPATCH_LEVEL, address)


def notmyfault(world: World) -> Crash:
    """NotMyFault's "High IRQL fault"."""
    functions = ("myfault!MyfaultDispatch", "myfault!MyfaultDeviceControl", "myfault!MyfaultTouchPaged")
    made = device_control(world, world.machine.notmyfault, *functions)
    return _irql_crash(world, made, "myfault!MyfaultTouchPaged@fault", "ebx", "myfault", 0xD1, 0)


def driver_read(world: World) -> Crash:
    """A driver reads an address that is not there, at DISPATCH_LEVEL."""
    made = acme(world, "acmedrv!AcmeReadRegister")
    return _irql_crash(world, made, "acmedrv!AcmeReadRegister@fault", "ecx", "acmedrv", 0xD1, 0)


def driver_write(world: World) -> Crash:
    """The same driver writes instead."""
    made = acme(world, "acmedrv!AcmeWriteRegister")
    return _irql_crash(world, made, "acmedrv!AcmeWriteRegister@fault", "ecx", "acmedrv", 0xD1, 1)


def irql_in_nt(world: World) -> Crash:
    """The kernel faults on what a driver handed it: the driver is one call up."""
    made = acme(world, "acmedrv!AcmeNotify", "nt!KeSetEvent")
    return _irql_crash(world, made, "nt!KeSetEvent@fault", "ecx", "acmedrv", 0xA, 0)


def page_fault(world: World) -> Crash:
    """A driver touches kernel memory that is not there, at PASSIVE_LEVEL."""
    stack, thread = acme(world, "acmedrv!AcmeCopyRequest")
    address = bad_address(world)
    ip = world.machine.site("acmedrv", "AcmeCopyRequest@fault")
    stack.registers["edx"] = address
    stack.trap("nt!KiTrap0E", ip)
    stack.call("nt!MmAccessFault")
    return bugcheck(world, stack, thread, 0x50, (address, 0, ip, 0), "acmedrv", ip, cr2=address)


def dispatch_exception(
    world: World, stack: KernelStack, ip: int, address: int, execute: bool = False
) -> tuple[int, int, int]:
    """An access violation comes to the dispatcher; addresses of exception record, context record and trap frame."""
    machine = world.machine
    assert stack.current is not None
    context = context_record(machine, stack.registers, ip, stack.current.sp, 0x10246)
    trap = stack.trap("nt!KiTrap0E", ip, error=0x10 * execute)
    stack.call("nt!CommonDispatchException")
    record = stack.place(0, exception_record(machine, ACCESS_VIOLATION, ip, (8 * execute, address)))
    stack.call("nt!KiDispatchException")
    saved = stack.place(0x18, context)
    return record, saved, trap


def system_thread_fault(world: World) -> Crash:
    """A driver's worker routine faults in a system thread: 0x7E with both records."""
    thread = world.system.threads[-1]
    stack = stack_of(world.machine, thread, "crash")
    start_system_thread(world.machine, stack)
    calls(stack, "nt!ExpWorkerThread", "nt!IopProcessWorkItem", "acmedrv!AcmeWorkRoutine", "acmedrv!AcmeFlushQueue")
    address, ip = 0x10, world.machine.site("acmedrv", "AcmeFlushQueue@fault")
    stack.registers["esi"] = 0
    record, saved, _ = dispatch_exception(world, stack, ip, address)
    calls(stack, "nt!RtlDispatchException", "nt!RtlpExecuteHandlerForException", "nt!ExecuteHandler2")
    calls(stack, "nt!_except_handler3", "nt!PspUnhandledExceptionInSystemThread")
    return bugcheck(world, stack, thread, 0x7E, (ACCESS_VIOLATION, ip, record, saved), "acmedrv", ip, cr2=address)


def kmode_exception(world: World) -> Crash:
    """An exception that no handler took: on x86 that is 0x8E, with the trap frame."""
    stack, thread = acme(world, "acmedrv!AcmeServiceRequest")
    address, ip = 0x18, world.machine.site("acmedrv", "AcmeServiceRequest@fault")
    stack.registers["ebx"] = 0
    _, _, trap = dispatch_exception(world, stack, ip, address)
    return bugcheck(world, stack, thread, 0x8E, (ACCESS_VIOLATION, ip, trap, 0), "acmedrv", ip, cr2=address)


def pool(world: World) -> Crash:
    """A driver frees a block twice."""
    stack, thread = acme(world, "acmedrv!AcmeFreeBuffer", "nt!ExFreePoolWithTag")
    block = world.machine.pool.allocate(0x80, "Acme")
    parameters = (7, int.from_bytes(b"Acme", "little"), 0x02110008, block)
    return bugcheck(world, stack, thread, 0xC2, parameters, "acmedrv")


def critical_process(world: World) -> Crash:
    """A process that Windows cannot do without ends itself: 0xEF, on Windows XP 0xF4."""
    process = world.process("wininit.exe" if world.machine.profile.build >= 6000 else "csrss.exe")
    thread = process.threads[0]
    stack = stack_of(world.machine, thread, "crash")
    enter_service(world.machine, stack, thread, "NtTerminateProcess")
    calls(stack, "nt!PspTerminateProcess", "nt!PspCatchCriticalBreak")
    if world.machine.profile.build >= 6000:
        return bugcheck(world, stack, thread, 0xEF, (process.address, 0, 0, 0), "")
    text = world.machine.pool.store(b"Terminating critical process 0x%p (%s)\n\0", "CcSc")
    name = process.address + world.machine.structures.offset("_EPROCESS", "ImageFileName")
    return bugcheck(world, stack, thread, 0xF4, (3, process.address, name, text), "")


def keyboard(world: World) -> Crash:
    """Right Ctrl and Scroll Lock twice on a PS/2 keyboard."""
    stack, thread = idle_stack(world.machine, world.idle, world.crashing)
    stack.trap("nt!KiInterruptDispatch", halt(world.machine, stack), flags=0x246)
    calls(stack, "i8042prt!I8042KeyboardInterruptService", "i8042prt!I8xProcessCrashDump")
    return bugcheck(world, stack, thread, 0xE2, (0, 0, 0, 0), "", manual="keyboard", irql=DEVICE_LEVEL)


def keyboard_usb(world: World) -> Crash:
    """The same on a USB keyboard: out of the completion of a read in kbdhid."""
    stack, thread = idle_stack(world.machine, world.idle, world.crashing)
    calls(stack, "nt!KiRetireDpcList", "usbport!UsbportTransferDpc", "nt!IofCompleteRequest", "nt!IopfCompleteRequest")
    calls(stack, "kbdhid!KbdHid_ReadComplete", "kbdhid!KbdHidProcessCrashDump")
    return bugcheck(world, stack, thread, 0xE2, (0, 0, 0, 0), "", manual="keyboard", irql=DISPATCH_LEVEL)


def debugger(world: World) -> Crash:
    """``.crash`` from a debugger that broke in: no keyboard driver anywhere on the stack."""
    stack, thread = idle_stack(world.machine, world.idle, world.crashing)
    stack.trap("nt!KiClockInterrupt", halt(world.machine, stack), flags=0x246)
    calls(stack, "nt!KeUpdateSystemTime", "nt!KeUpdateRunTime", "nt!KdCheckForDebugBreak", "nt!DbgBreakPointWithStatus")
    stack.trap("nt!KiTrap03", world.machine.site("nt", "DbgBreakPointWithStatus@break"), flags=0x202)
    calls(stack, "nt!CommonDispatchException", "nt!KiDispatchException", "nt!KdpTrap", "nt!KdpReport")
    calls(stack, "nt!KdpReportExceptionStateChange", "nt!KdpSendWaitContinue", "nt!KdpCauseBugCheck")
    return bugcheck(world, stack, thread, 0xE2, (0, 0, 0, 0), "", manual="debugger", irql=CLOCK_LEVEL)


def power(world: World) -> Crash:
    """A driver sits on a power request: 0x9F names the device and the request."""
    machine = world.machine
    devices = acme_stack(machine)
    request = power_request(machine, devices)
    stack, thread = idle_stack(machine, world.idle, world.crashing)
    calls(stack, "nt!KiRetireDpcList", "nt!KiTimerExpiration", "nt!PopIrpWatchdog")
    third = machine.symbol("nt!PopWatchdogTriage") if machine.profile.build >= 7600 else devices.upper
    machine.truth["power"] = {"device": devices.lower, "attached": devices.upper, "irp": request}
    parameters = (3, devices.lower, third, request)
    return bugcheck(world, stack, thread, 0x9F, parameters, "acmedrv", irql=DISPATCH_LEVEL)


def nmi(world: World) -> Crash:
    """The NMI button: 0x80 in a task of its own, whose stack leads back to nothing."""
    stack, thread = idle_stack(world.machine, world.idle, world.crashing)
    ip = halt(world.machine, stack)
    _, top = new_stack(world.machine)
    stack.trap("nt!KiTrap02", ip, flags=0x246, new_stack=top - 0x40)
    calls(stack, "nt!HalHandleNMIThunk", "hal!HalHandleNMI", "hal!HalBugCheckSystem")
    return bugcheck(world, stack, thread, 0x80, (0x4F4454, 0, 0, 0), "", manual="nmi", irql=HIGH_LEVEL)


SCENARIOS_X86: dict[str, Callable[[World], Crash]] = {
    "driver-read": driver_read,
    "driver-write": driver_write,
    "notmyfault": notmyfault,
    "page-fault": page_fault,
    "system-thread": system_thread_fault,
    "irql-in-nt": irql_in_nt,
    "kmode-exception": kmode_exception,
    "pool": pool,
    "critical-process": critical_process,
    "keyboard": keyboard,
    "keyboard-usb": keyboard_usb,
    "debugger": debugger,
    "power": power,
    "nmi": nmi,
    "myfault-loaded-only": driver_read,
}
