"""Records on the stack that are taken for the trap frame: an old frame of an innocent driver, the tail of a CONTEXT.

On x86 Eip, SegCs and EFlags follow each other in _CONTEXT as in _KTRAP_FRAME (public symbol tables), and nothing in
bugcheck 0x1E names the frame. An old frame is whole: an interrupt came, was served, and the stack was used again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from volplugins.lab.crashes import scenarios_x64, scenarios_x86
from volplugins.lab.crashes.crash import Crash, accessed, bugcheck
from volplugins.lab.crashes.crash_records import ACCESS_VIOLATION
from volplugins.lab.crashes.scenarios_interrupt_x64 import calls
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.world.world import World

_NULL_MEMBER = 0x18


def _request(world: World, tidy: bool = False) -> tuple[KernelStack, Thread, int]:
    """A driver serves a request and is about to read through a null pointer; gives that instruction too."""
    device_control = scenarios_x64.device_control if world.machine.width == 8 else scenarios_x86.device_control
    stack, thread = device_control(world, "acmetray.exe")
    stack.tidy = tidy
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeServiceRequest")
    stack.registers["rbx" if world.machine.width == 8 else "ebx"] = 0
    accessed(world, "read", _NULL_MEMBER)
    return stack, thread, world.machine.site("acmedrv", "AcmeServiceRequest@fault")


def _unhandled(world: World, stack: KernelStack, thread: Thread, ip: int) -> Crash:
    """0x1E out of the dispatcher: code, instruction, read, address; no record is named."""
    code = ACCESS_VIOLATION | (0xFFFFFFFF00000000 if world.machine.width == 8 else 0)
    return bugcheck(world, stack, thread, 0x1E, (code, ip, 0, _NULL_MEMBER), "acmedrv", ip, cr2=_NULL_MEMBER)


def _old_frame(world: World, stack: KernelStack, offset: int, marked: bool = True) -> None:
    """What an interrupt in usbport.sys left behind; the truth says where."""
    ip = world.machine.site("usbport", "UsbportTransferDpc>IofCompleteRequest")
    frame = stack.leave_trap_frame(offset, ip, marked)
    world.machine.truth["stale_frame"] = {"address": frame, "ip": ip, "driver": "usbport", "marked": marked}


def stale_frame_x64(world: World) -> Crash:
    """The old frame lies in the dispatcher's locals below its CONTEXT, nearer to KeBugCheckEx than the true one."""
    stack, thread, ip = _request(world)
    scenarios_x64.dispatch_exception(world, stack, (), ip, _NULL_MEMBER, at=0x1A0)
    _old_frame(world, stack, 0x10)
    return _unhandled(world, stack, thread, ip)


def stale_frame_in_service_x64(world: World) -> Crash:
    """0x3B: the old frame lies in the locals of RtlDispatchException."""
    stack, thread, ip = _request(world)
    _, saved = scenarios_x64.dispatch_exception(world, stack, (), ip, _NULL_MEMBER)
    stack.call("nt!RtlDispatchException")
    _old_frame(world, stack, 0x120)
    calls(stack, "nt!RtlpExecuteHandlerForException", "nt!KiSystemServiceHandler", "nt!KiBugCheckDispatch")
    parameters = (ACCESS_VIOLATION, ip, saved, 0)
    return bugcheck(world, stack, thread, 0x3B, parameters, "acmedrv", ip, cr2=_NULL_MEMBER)


def stale_frame_x86(world: World, marked: bool = False, code: int = 0x1E) -> Crash:
    """The old frame lies above the CONTEXT in the dispatcher's locals; EBP leads past both to the true one."""
    stack, thread, ip = _request(world)
    _, _, trap = scenarios_x86.dispatch_exception(world, stack, ip, _NULL_MEMBER)
    _old_frame(world, stack, 0x2F0, marked)
    if code == 0x1E:
        return _unhandled(world, stack, thread, ip)
    return bugcheck(world, stack, thread, code, (ACCESS_VIOLATION, ip, trap, 0), "acmedrv", ip, cr2=_NULL_MEMBER)


def stale_frame_unnamed(world: World) -> Crash:
    """A driver divides by zero: 0x7F names nothing at all, and only the chain of EBP leads to the true frame."""
    stack, thread = scenarios_x86.device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeInternalDeviceControl", "acmedrv!AcmeRunCallback", "acmedrv!AcmeScaleRate")
    stack.registers["ecx"] = 0
    ip = world.machine.site("acmedrv", "AcmeScaleRate@divide")
    stack.trap("nt!KiTrap00", ip)
    stack.call("nt!KiSystemFatalException")
    _old_frame(world, stack, 0x10)
    return bugcheck(world, stack, thread, 0x7F, (0, 0, 0, 0), "acmedrv", ip)


def context_on_stack(world: World) -> Crash:
    """Nothing on the stack looks like a trap frame but the true one and the CONTEXT below it."""
    stack, thread, ip = _request(world, tidy=True)
    if world.machine.width == 8:
        _, saved = scenarios_x64.dispatch_exception(world, stack, (), ip, _NULL_MEMBER)
    else:
        _, saved, _ = scenarios_x86.dispatch_exception(world, stack, ip, _NULL_MEMBER)
    world.machine.truth["context_record"] = saved
    return _unhandled(world, stack, thread, ip)


def context_on_stack_8e(world: World) -> Crash:
    """The same as 0x8E, whose third parameter is the true frame."""
    stack, thread, ip = _request(world, tidy=True)
    _, saved, trap = scenarios_x86.dispatch_exception(world, stack, ip, _NULL_MEMBER)
    world.machine.truth["context_record"] = saved
    return bugcheck(world, stack, thread, 0x8E, (ACCESS_VIOLATION, ip, trap, 0), "acmedrv", ip, cr2=_NULL_MEMBER)


OLD_RECORDS_X64: dict[str, Callable[[World], Crash]] = {
    "stale-trap-frame": stale_frame_x64,
    "stale-trap-frame-3b": stale_frame_in_service_x64,
    "context-on-stack": context_on_stack,
}
OLD_RECORDS_X86: dict[str, Callable[[World], Crash]] = {
    "stale-trap-frame": stale_frame_x86,
    "stale-trap-frame-marked": partial(stale_frame_x86, marked=True),
    "stale-trap-frame-8e": partial(stale_frame_x86, marked=True, code=0x8E),
    "stale-trap-frame-7f": stale_frame_unnamed,
    "context-on-stack": context_on_stack,
    "context-on-stack-8e": context_on_stack_8e,
}
