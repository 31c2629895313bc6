"""Crashes of the x64 machines, by name: which calls led to each, and what its parameters say.

Parameters: Microsoft's bug check reference. Call sequences: public stack listings of such crashes.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes.crash import Crash, bugcheck
from volplugins.lab.crashes.crash_records import ACCESS_VIOLATION, context_record, exception_record
from volplugins.lab.crashes.scenarios_interrupt_x64 import INTERRUPT_SCENARIOS, calls
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.world.thread_stacks import enter_service, stack_of, start_system_thread
from volplugins.lab.world.world import World, bad_address

DISPATCH_LEVEL = 2
_IOCTL = ("nt!IopXxxControlFile", "nt!IopSynchronousServiceTail", "nt!IofCallDriver")


def device_control(world: World, process: str) -> tuple[KernelStack, Thread]:
    """A program's thread has sent a control request and the I/O manager calls the driver."""
    thread = world.process(process).threads[0]
    stack = stack_of(world.machine, thread, "crash")
    enter_service(world.machine, stack, thread, "NtDeviceIoControlFile")
    for function in _IOCTL:
        stack.call(function)
    return stack, thread


def system_thread(world: World) -> tuple[KernelStack, Thread]:
    """One of System's worker threads has taken a work item."""
    thread = world.system.threads[-1]
    stack = stack_of(world.machine, thread, "crash")
    start_system_thread(world.machine, stack)
    return stack, thread


def _irql_crash(
    world: World,
    stack: KernelStack,
    thread: Thread,
    site: tuple[str, str],
    register: str,
    culprit: str,
    code: int,
    write: int,
) -> Crash:
    """A page fault at DISPATCH_LEVEL: 0xA or 0xD1, straight from the trap handler."""
    address = bad_address(world)
    ip = world.machine.site(*site)
    stack.registers[register] = address
    stack.trap("nt!KiPageFault", ip, fault_address=address, error=2 * write)
    stack.call("nt!KiBugCheckDispatch")
    manual = "notmyfault" if culprit == "myfault" else ""
    parameters = (address, DISPATCH_LEVEL, write, ip)
    return bugcheck(world, stack, thread, code, parameters, culprit, ip, manual, DISPATCH_LEVEL, address)


def notmyfault(world: World) -> Crash:
    """NotMyFault's "High IRQL fault": myfault.sys reads freed memory at DISPATCH_LEVEL."""
    stack, thread = device_control(world, world.machine.notmyfault)
    calls(stack, "myfault!MyfaultDispatch", "myfault!MyfaultDeviceControl", "myfault!MyfaultTouchPaged")
    return _irql_crash(world, stack, thread, ("myfault", "MyfaultTouchPaged@fault"), "rbx", "myfault", 0xD1, 0)


def driver_read(world: World) -> Crash:
    """A driver reads an address that is not there, at DISPATCH_LEVEL."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeReadRegister")
    return _irql_crash(world, stack, thread, ("acmedrv", "AcmeReadRegister@fault"), "rcx", "acmedrv", 0xD1, 0)


def driver_write(world: World) -> Crash:
    """The same driver writes instead."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeWriteRegister")
    return _irql_crash(world, stack, thread, ("acmedrv", "AcmeWriteRegister@fault"), "rcx", "acmedrv", 0xD1, 1)


def irql_in_nt(world: World) -> Crash:
    """The kernel faults on what a driver handed it: the driver is one call up."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeNotify", "nt!KeSetEvent")
    return _irql_crash(world, stack, thread, ("nt", "KeSetEvent@fault"), "rcx", "acmedrv", 0xA, 0)


def page_fault(world: World) -> Crash:
    """A driver touches kernel memory that is not there, at PASSIVE_LEVEL: 0x50 out of the memory manager."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeCopyRequest")
    address = bad_address(world)
    ip = world.machine.site("acmedrv", "AcmeCopyRequest@fault")
    stack.registers["rdx"] = address
    stack.trap("nt!KiPageFault", ip, fault_address=address)
    calls(stack, "nt!MmAccessFault", "nt!MiSystemFault")
    kind = 2 if world.machine.profile.build >= 10240 else 0
    return bugcheck(world, stack, thread, 0x50, (address, 0, ip, kind), "acmedrv", ip, cr2=address)


def dispatch_exception(
    world: World,
    stack: KernelStack,
    handler: tuple[str, ...],
    ip: int,
    address: int,
    execute: bool = False,
    at: int = 0x30,
    trap: str = "nt!KiPageFault",
    onto: int = 0,
) -> tuple[int, int]:
    """An access violation is dispatched to a handler that gives up; gives the addresses of the two records.

    ``at`` is where the dispatcher keeps the CONTEXT among its locals, ``trap`` what the processor entered, ``onto``
    where the exception stack begins, for what is dispatched there.
    """
    machine = world.machine
    assert stack.current is not None
    context = context_record(machine, stack.registers, ip, stack.current.sp, 0x10246)
    fault_address = address if trap == "nt!KiPageFault" else 0
    stack.trap(trap, ip, fault_address=fault_address, error=0x10 * execute)
    stack.call("nt!KiExceptionDispatch")
    record = stack.place(0x138, exception_record(machine, ACCESS_VIOLATION, ip, (8 * execute, address)))
    if onto:
        stack.onto("nt!KxExceptionDispatchOnExceptionStack", onto)
    stack.call("nt!KiDispatchException")
    saved = stack.place(at, context)
    if handler:
        calls(stack, "nt!RtlDispatchException", "nt!RtlpExecuteHandlerForException", *handler)
    return record, saved


def system_thread_fault(world: World) -> Crash:
    """A driver's worker routine faults in a system thread: 0x7E with both records."""
    stack, thread = system_thread(world)
    calls(stack, "nt!ExpWorkerThread", "nt!IopProcessWorkItem", "acmedrv!AcmeWorkRoutine", "acmedrv!AcmeFlushQueue")
    address, ip = 0x10, world.machine.site("acmedrv", "AcmeFlushQueue@fault")
    stack.registers["rsi"] = 0
    handler = ("nt!__C_specific_handler", "nt!PspSystemThreadStartup$filt$0")
    record, saved = dispatch_exception(world, stack, handler, ip, address)
    parameters = (0xFFFFFFFF00000000 | ACCESS_VIOLATION, ip, record, saved)
    return bugcheck(world, stack, thread, 0x7E, parameters, "acmedrv", ip, cr2=address)


def system_service(world: World) -> Crash:
    """A driver faults inside a system service: 0x3B with the context record."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeCopyRequest")
    address, ip = 0x28, world.machine.site("acmedrv", "AcmeCopyRequest@fault")
    stack.registers["rdx"] = address
    _, saved = dispatch_exception(world, stack, ("nt!KiSystemServiceHandler", "nt!KiBugCheckDispatch"), ip, address)
    parameters = (ACCESS_VIOLATION, ip, saved, 0)
    return bugcheck(world, stack, thread, 0x3B, parameters, "acmedrv", ip, cr2=address)


def kmode_exception(world: World) -> Crash:
    """An exception that no handler took: 0x1E straight from the dispatcher."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeServiceRequest")
    address, ip = 0x18, world.machine.site("acmedrv", "AcmeServiceRequest@fault")
    stack.registers["rbx"] = 0
    dispatch_exception(world, stack, (), ip, address)
    parameters = (0xFFFFFFFF00000000 | ACCESS_VIOLATION, ip, 0, address)
    return bugcheck(world, stack, thread, 0x1E, parameters, "acmedrv", ip, cr2=address)


def pool(world: World) -> Crash:
    """A driver frees a block twice: 0xC2 out of the pool's own check."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeFreeBuffer")
    calls(stack, "nt!ExFreePoolWithTag", "nt!ExFreeHeapPool")
    block = world.machine.pool.allocate(0x80, "Acme")
    parameters = (7, int.from_bytes(b"Acme", "little"), 0x04090008, block)
    return bugcheck(world, stack, thread, 0xC2, parameters, "acmedrv")


def critical_process(world: World) -> Crash:
    """A process that Windows cannot do without ends itself."""
    process = world.process("wininit.exe" if world.machine.profile.build >= 6000 else "csrss.exe")
    thread = process.threads[0]
    stack = stack_of(world.machine, thread, "crash")
    enter_service(world.machine, stack, thread, "NtTerminateProcess")
    calls(stack, "nt!PspTerminateProcess", "nt!PspCatchCriticalBreak")
    return bugcheck(world, stack, thread, 0xEF, (process.address, 0, 0, 0), "")


SCENARIOS_X64: dict[str, Callable[[World], Crash]] = {
    "driver-read": driver_read,
    "driver-write": driver_write,
    "notmyfault": notmyfault,
    "page-fault": page_fault,
    "system-thread": system_thread_fault,
    "system-service": system_service,
    "irql-in-nt": irql_in_nt,
    "kmode-exception": kmode_exception,
    "pool": pool,
    "critical-process": critical_process,
    **INTERRUPT_SCENARIOS,
    "myfault-loaded-only": driver_read,
}
