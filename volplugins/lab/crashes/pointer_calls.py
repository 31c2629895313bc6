"""A driver calls through a pointer that leads to no code: null, data that may not be run, or nothing mapped.

The failing instruction's address is where the pointer led; the word at the stack pointer is the only trace of the
caller. Parameters: Microsoft's bug check reference for 0xD1, 0x1E, 0x8E, 0x7E, 0x50 and 0xFC; the error code's bit 4
(an instruction was fetched) needs no-execute to be on: Intel SDM volume 3A, chapter 4.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes import scenarios_x64, scenarios_x86
from volplugins.lab.crashes.crash import Crash, accessed, bugcheck
from volplugins.lab.crashes.crash_records import ACCESS_VIOLATION
from volplugins.lab.crashes.scenarios_interrupt_x64 import calls
from volplugins.lab.crashes.scenarios_x64 import DISPATCH_LEVEL
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.world.world import World, bad_address

_FETCH = 0x10  # of a page fault's error code
_EXECUTE = 8  # what bugchecks call it
_DATA = 0x1800000  # from where the pool begins: pages of it that may not be run


def _request(world: World) -> tuple[KernelStack, Thread]:
    """A control request: the driver calls the routine that somebody registered."""
    device_control = scenarios_x64.device_control if world.machine.width == 8 else scenarios_x86.device_control
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeInternalDeviceControl", "acmedrv!AcmeRunCallback")
    return stack, thread


def _fetch(world: World) -> bool:
    """Whether the processor tells a fetch from a read: not without PAE, where nothing is no-execute."""
    return world.machine.profile.mode.name != "x86"


def _fault(world: World, stack: KernelStack, address: int) -> int:
    """The call, and the page fault that its target gives; the trap frame's address."""
    stack.call_pointer()
    world.machine.truth["caller"] = stack.frames[-1]["ip"]
    accessed(world, "execute" if _fetch(world) else "read", address)
    handler = "nt!KiPageFault" if world.machine.width == 8 else "nt!KiTrap0E"
    return stack.trap(handler, address, fault_address=address, error=_FETCH * _fetch(world))


def null_call(world: World) -> Crash:
    """A null pointer is called at DISPATCH_LEVEL: 0xD1 whose failing instruction is at 0."""
    stack, thread = _request(world)
    _fault(world, stack, 0)
    if world.machine.width == 8:
        stack.call("nt!KiBugCheckDispatch")
    parameters = (0, DISPATCH_LEVEL, _EXECUTE * _fetch(world), 0)
    return bugcheck(world, stack, thread, 0xD1, parameters, "acmedrv", irql=DISPATCH_LEVEL)


def null_call_unhandled(world: World) -> Crash:
    """The same at PASSIVE_LEVEL, where it is an exception that no handler takes: 0x1E, on x86 0x8E."""
    stack, thread = _request(world)
    stack.call_pointer()
    _dispatch(world, stack, ())
    if world.machine.width == 8:
        parameters = (0xFFFFFFFF00000000 | ACCESS_VIOLATION, 0, _EXECUTE, 0)
        return bugcheck(world, stack, thread, 0x1E, parameters, "acmedrv")
    return bugcheck(world, stack, thread, 0x8E, (ACCESS_VIOLATION, 0, stack.fault_frame, 0), "acmedrv")


def null_call_in_system_thread(world: World) -> Crash:
    """A worker routine calls a null pointer in a system thread: 0x7E with both records."""
    stack, thread = scenarios_x64.system_thread(world)
    calls(stack, "nt!ExpWorkerThread", "nt!IopProcessWorkItem", "acmedrv!AcmeCallbackWork", "acmedrv!AcmeRunCallback")
    stack.call_pointer()
    record, saved = _dispatch(world, stack, ("nt!__C_specific_handler", "nt!PspSystemThreadStartup$filt$0"))
    if world.machine.width == 4:
        calls(stack, "nt!RtlDispatchException", "nt!RtlpExecuteHandlerForException", "nt!ExecuteHandler2")
        calls(stack, "nt!_except_handler3", "nt!PspUnhandledExceptionInSystemThread")
    code = ACCESS_VIOLATION | (0xFFFFFFFF00000000 if world.machine.width == 8 else 0)
    return bugcheck(world, stack, thread, 0x7E, (code, 0, record, saved), "acmedrv")


def _dispatch(world: World, stack: KernelStack, handler: tuple[str, ...]) -> tuple[int, int]:
    """The exception at 0 goes to the dispatcher; addresses of exception and context record."""
    world.machine.truth["caller"] = stack.frames[-1]["ip"]
    accessed(world, "execute" if _fetch(world) else "read", 0)
    if world.machine.width == 8:
        return scenarios_x64.dispatch_exception(world, stack, handler, 0, 0, execute=True)
    record, saved, _ = scenarios_x86.dispatch_exception(world, stack, 0, 0, execute=_fetch(world))
    return record, saved


def wild_call(world: World) -> Crash:
    """The pointer leads into pool that may not be run: 0xFC; without no-execute the data run until they fault."""
    machine = world.machine
    page = machine.profile.pool_bases[machine.base_index] + _DATA
    machine.kernel.map(page, 0x1000, "data")
    target = page + 0x340
    machine.write(page, bytes.fromhex("0207070241636d65") * 0x200)
    stack, thread = _request(world)
    if not _fetch(world):
        return _wild_read(world, stack, thread, target)
    frame = _fault(world, stack, target)
    if machine.width == 8:
        calls(stack, "nt!MmAccessFault", "nt!MiSystemFault")
    else:
        stack.call("nt!MmAccessFault")
    entry = machine.tables.leaf(machine.kernel.pages[page], "data", user=False) & ((1 << machine.profile.bits) - 1)
    return bugcheck(world, stack, thread, 0xFC, (target, entry, frame, 2), "acmedrv", target, cr2=target)


def _wild_read(world: World, stack: KernelStack, thread: Thread, target: int) -> Crash:
    """Data run as code: an instruction in the pool reads an address that is not there."""
    address = bad_address(world)
    stack.call_pointer()
    world.machine.truth["caller"] = stack.frames[-1]["ip"]
    accessed(world, "read", address)
    stack.registers["edi"] = address  # 02 07: add al, [edi]
    stack.trap("nt!KiTrap0E", target)
    parameters = (address, DISPATCH_LEVEL, 0, target)
    return bugcheck(world, stack, thread, 0xD1, parameters, "acmedrv", target, irql=DISPATCH_LEVEL, cr2=address)


def wild_call_unmapped(world: World) -> Crash:
    """The pointer leads to a kernel address that nothing is mapped at: 0x50, executing."""
    machine = world.machine
    target = bad_address(world)
    stack, thread = _request(world)
    _fault(world, stack, target)
    calls(stack, "nt!MmAccessFault", *(("nt!MiSystemFault",) if machine.width == 8 else ()))
    new = machine.profile.build >= 9200  # since then parameter 2 is the error code itself
    how = (_FETCH if new else _EXECUTE) * _fetch(world)
    parameters = (target, how, target, 2 if new else 0)
    return bugcheck(world, stack, thread, 0x50, parameters, "acmedrv", target, cr2=target)


#: Of both architectures; what is 0x1E on x64 is 0x8E on x86.
POINTER_CALLS: dict[str, Callable[[World], Crash]] = {
    "null-call": null_call,
    "null-call-unhandled": null_call_unhandled,
    "null-call-7e": null_call_in_system_thread,
    "wild-call": wild_call,
    "wild-call-50": wild_call_unmapped,
}
