"""The 32-bit stack of a thread that waits in a system call on x64, and the registers saved when it left 32-bit code."""

from __future__ import annotations

from volplugins.lab.kernel.kernel_stack_x86 import KernelStack32
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.world.wow64 import I386, leaving_call, narrow, stack32_of

_SAVED = ("eax", "ecx", "edx", "ebx", "ebp", "esi", "edi")


def call_from_32_bit_code(machine: Machine, thread: Thread, service: str) -> None:
    """The thread's 32-bit code calls ``service`` of its ntdll, which goes over to 64-bit code."""
    images = thread.process.images32
    limit, base = stack32_of(thread.user_stack)
    stack = KernelStack32(narrow(machine), base, limit, f"32-bit {thread.tid}", thread.process)
    stack.images = images
    program = next(reversed(images))
    stack.start("ntdll!RtlUserThreadStart")
    for function in (f"{program}!WinMain", f"{program}!Work", f"ntdll!{service}"):
        stack.call(function)
    call = images["ntdll"].base + images["ntdll"].image.sites[f"{service}@leave"]
    ip = call + len(bytes.fromhex(leaving_call(machine.profile)))
    stack.finish(ip, "wow64")
    _write_cpu_area(stack, thread, ip)
    thread.frames32 = stack.listing()


def _write_cpu_area(stack: KernelStack32, thread: Thread, ip: int) -> None:
    context = stack.machine.record("_CONTEXT")
    context.fill(**{name.capitalize(): stack.registers[name] for name in _SAVED})
    context.fill(ContextFlags=0x1003F, SegCs=0x23, SegDs=0x2B, SegEs=0x2B, SegFs=0x53, SegGs=0x2B, SegSs=0x2B,
                 EFlags=0x246, Eip=ip, Esp=stack.sp)  # fmt: skip
    head = (0).to_bytes(2, "little") + I386.to_bytes(2, "little")
    thread.process.space.write(thread.user_stack, head + bytes(context.data))
