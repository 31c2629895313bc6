"""Crashes on a stack that is not the thread's (x64): interrupt, DPC, NMI and double-fault stacks.

The processor's blocks say where these stacks begin (KPRCB, TSS). Interrupt services leave the interrupted stack since
Windows 8.1, deferred calls since long before. Parameters: Microsoft's bug check reference.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes.crash import Crash, accessed, bugcheck, hang
from volplugins.lab.crashes.crash_records import ACCESS_VIOLATION
from volplugins.lab.crashes.device_requests import control_request
from volplugins.lab.crashes.scenarios_interrupt_x64 import CLOCK_LEVEL, DEVICE_LEVEL, HIGH_LEVEL, calls
from volplugins.lab.crashes.scenarios_x64 import DISPATCH_LEVEL, device_control, dispatch_exception
from volplugins.lab.devices.packets import link_to_thread
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.processors import ProcessorStacks
from volplugins.lab.world.thread_stacks import enter_service, halt, idle_stack, stack_of
from volplugins.lab.world.world import World, bad_address

_CLOCK = ("nt!HalpTimerClockInterrupt", "nt!KeClockInterruptNotify", "nt!KeAccumulateTicks")


def _stacks(world: World) -> ProcessorStacks:
    """Those of the processor that crashes."""
    return world.processors[world.crashing].stacks


def _request(world: World) -> tuple[KernelStack, Thread]:
    """A driver serves a request of a program and polls its hardware."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeInternalDeviceControl", "acmedrv!AcmeRunCallback", "acmedrv!AcmePollHardware")
    return stack, thread


def _waiting(world: World) -> tuple[KernelStack, Thread, int]:
    """A program is about to wait for an object that the kernel has just looked up; gives where."""
    thread = world.process("explorer.exe").threads[0]
    stack = stack_of(world.machine, thread, "crash")
    enter_service(world.machine, stack, thread, "NtWaitForSingleObject")
    return stack, thread, world.machine.site("nt", "NtWaitForSingleObject>ObReferenceObjectByHandle")


def _interrupt(world: World, stack: KernelStack, ip: int) -> None:
    """A device interrupts code at ``ip``; its service runs on the interrupt stack where Windows has one."""
    if _stacks(world).isr:
        stack.trap("nt!KiInterruptDispatchNoLock", ip, flags=0x246)
        stack.switch("nt!KiInterruptSubDispatchNoLock", _stacks(world).isr)
    else:
        stack.trap("nt!KiInterruptDispatch", ip, flags=0x246)
        stack.call("nt!KiInterruptSubDispatch")
    stack.call("nt!KiCallInterruptServiceRoutine")


def _deferred(world: World, stack: KernelStack, ip: int) -> None:
    """The deferred-call interrupt finds code at ``ip`` and goes to the DPC stack."""
    stack.trap("nt!KiDpcInterrupt", ip, flags=0x246)
    stack.switch("nt!KxRetireDpcList", _stacks(world).dpc)
    calls(stack, "nt!KiRetireDpcList", "nt!KiExecuteAllDpcs")


def watchdog_on_interrupt_stack(world: World) -> Crash:
    """The clock's service finds that a driver has been at DISPATCH_LEVEL too long: 0x133, one interrupted stack."""
    stack, thread = _request(world)
    ip = world.machine.site("acmedrv", "AcmePollHardware@spin")
    _interrupt(world, stack, ip)
    calls(stack, *_CLOCK)
    return bugcheck(world, stack, thread, 0x133, (1, 0x1E00, 0, 0), "acmedrv", ip, irql=CLOCK_LEVEL)


def watchdog_on_own_stack(world: World) -> Crash:
    """A deferred call on the DPC stack does not come back: 0x133 on the interrupt stack, two interrupted stacks."""
    stack, thread, interrupted = _waiting(world)
    _deferred(world, stack, interrupted)
    calls(stack, "acmedrv!AcmeDpcRoutine", "acmedrv!AcmePollHardware")
    ip = world.machine.site("acmedrv", "AcmePollHardware@spin")
    _interrupt(world, stack, ip)
    calls(stack, *_CLOCK)
    return bugcheck(world, stack, thread, 0x133, (0, 0x501, 0x500, 0), "acmedrv", ip, irql=CLOCK_LEVEL)


def clock_watchdog(world: World) -> Crash:
    """The other processor hangs in a driver and takes no clock interrupts: 0x101, which names its KPRCB."""
    _hang_in_driver(world)
    return _clock_reports(world)


def clock_watchdog_with_request(world: World) -> Crash:
    """The same; the thread that hangs has sent the request that the driver works on."""
    thread = _hang_in_driver(world)
    request = control_request(world.machine, thread)
    link_to_thread(world.machine, thread.address, [request])
    return _clock_reports(world)


def _hang_in_driver(world: World) -> Thread:
    stack, thread = device_control(world, "services.exe")
    calls(stack, "acmedrv!AcmeInternalDeviceControl", "acmedrv!AcmeRunCallback", "acmedrv!AcmePollHardware")
    hang(world, stack, thread, world.machine.site("acmedrv", "AcmePollHardware@spin"))
    return thread


def _clock_reports(world: World) -> Crash:
    stack, thread = idle_stack(world.machine, world.idle, world.crashing)
    _interrupt(world, stack, halt(world.machine, stack))
    calls(stack, *_CLOCK)
    other = world.processors[1 - world.crashing]
    return bugcheck(world, stack, thread, 0x101, (0xC, 0, other.prcb, other.number), "acmedrv", irql=CLOCK_LEVEL)


def _read(world: World, stack: KernelStack, thread: Thread, irql: int) -> Crash:
    """acmedrv reads an address that is not there: 0xD1 on whatever stack this is."""
    stack.call("acmedrv!AcmeReadRegister")
    address, ip = bad_address(world), world.machine.site("acmedrv", "AcmeReadRegister@fault")
    stack.registers["rcx"] = address
    accessed(world, "read", address)
    stack.trap("nt!KiPageFault", ip, fault_address=address)
    stack.call("nt!KiBugCheckDispatch")
    return bugcheck(world, stack, thread, 0xD1, (address, irql, 0, ip), "acmedrv", ip, irql=irql, cr2=address)


def interrupt_service_reads(world: World) -> Crash:
    """A driver's interrupt service faults."""
    stack, thread, interrupted = _waiting(world)
    _interrupt(world, stack, interrupted)
    stack.call("acmedrv!AcmeInterruptService")
    return _read(world, stack, thread, DEVICE_LEVEL)


def deferred_call_reads(world: World) -> Crash:
    """A driver's deferred routine faults on the DPC stack."""
    stack, thread, interrupted = _waiting(world)
    _deferred(world, stack, interrupted)
    stack.call("acmedrv!AcmeDeferredRead")
    return _read(world, stack, thread, DISPATCH_LEVEL)


def nmi_on_own_stack(world: World) -> Crash:
    """The NMI button while a driver was at work: 0x80 on the NMI stack, and nobody is to blame."""
    stack, thread = _request(world)
    ip = world.machine.site("acmedrv", "AcmePollHardware@spin")
    stack.trap("nt!KiNmiInterrupt", ip, flags=0x246, new_stack=_stacks(world).nmi)
    calls(stack, "nt!KxNmiInterrupt", "nt!KiProcessNMI", "nt!HalHandleNMI", "nt!HalBugCheckSystem")
    return bugcheck(world, stack, thread, 0x80, (0x4F4454, 0, 0, 0), "", manual="nmi", irql=HIGH_LEVEL)


def double_fault_on_own_stack(world: World) -> Crash:
    """A driver has used up its stack: 0x7F on the double-fault stack of the TSS, whose top holds the trap frame."""
    stack, thread = device_control(world, "acmetray.exe")
    stack.call("acmedrv!AcmeDispatchDeviceControl")
    while stack.sp > stack.limit + 0x100:
        stack.call("acmedrv!AcmeParseTree")
    ip = world.machine.site("acmedrv", "AcmeParseTree@recurse")
    trap = stack.trap("nt!KiDoubleFaultAbort", ip, new_stack=_stacks(world).double_fault, flags=0x10286)
    stack.call("nt!KiBugCheckDispatch")
    new = world.machine.profile.build >= 9200
    parameters = (8, trap, stack.frames[-2]["sp"], ip) if new else (8, 0x80050033, 0x6F8, ip)
    return bugcheck(world, stack, thread, 0x7F, parameters, "acmedrv", ip)


def exception_stack(world: World) -> Crash:
    """A driver reads through null, and no handler takes it: 0x1E on the exception stack of the processor."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeServiceRequest")
    address, ip = 0x18, world.machine.site("acmedrv", "AcmeServiceRequest@fault")
    stack.registers["rbx"] = 0
    accessed(world, "read", address)
    dispatch_exception(world, stack, (), ip, address, onto=_stacks(world).exception)
    parameters = (0xFFFFFFFF00000000 | ACCESS_VIOLATION, ip, 0, address)
    return bugcheck(world, stack, thread, 0x1E, parameters, "acmedrv", ip, cr2=address)


def exception_stack_watchdog(world: World) -> Crash:
    """The clock interrupts the dispatch of a driver's exception, whose filter hangs: 0x133, two stacks interrupted."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeServiceRequest")
    ip = world.machine.site("acmedrv", "AcmeServiceRequest@fault")
    stack.registers["rbx"] = 0
    dispatch_exception(world, stack, (), ip, 0x18, onto=_stacks(world).exception)
    calls(stack, "nt!RtlDispatchException", "nt!RtlpExecuteHandlerForException", "acmedrv!AcmePollHardware")
    ip = world.machine.site("acmedrv", "AcmePollHardware@spin")
    _interrupt(world, stack, ip)
    calls(stack, *_CLOCK)
    return bugcheck(world, stack, thread, 0x133, (1, 0x1E00, 0, 0), "acmedrv", ip, irql=CLOCK_LEVEL)


#: The DPC watchdogs only where interrupt services have a stack of their own.
OTHER_STACKS: dict[str, Callable[[World], Crash]] = {
    "dpc-watchdog-isr-stack": watchdog_on_interrupt_stack,
    "dpc-watchdog-own-stack": watchdog_on_own_stack,
    "clock-watchdog": clock_watchdog,
    "isr-read": interrupt_service_reads,
    "dpc-read": deferred_call_reads,
    "nmi-stack": nmi_on_own_stack,
    "double-fault-stack": double_fault_on_own_stack,
    "exception-stack": exception_stack,
    "exception-stack-watchdog": exception_stack_watchdog,
}
#: A processor that hangs in the work of a request.
HUNG_DEVICE: dict[str, Callable[[World], Crash]] = {"clock-watchdog-request": clock_watchdog_with_request}
