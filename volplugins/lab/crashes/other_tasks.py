"""Crashes that a task gate of x86 leads to, and machine checks on every machine.

A task gate lets the processor keep all registers in the TSS that it leaves, and go on in another one, whose back link
says which that was (Intel SDM 3A, 8.3 and 8.4). Parameters: Microsoft's bug check reference; of a double fault on x86
the second one is the TSS that was left.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes.crash import Crash, bugcheck
from volplugins.lab.crashes.scenarios_interrupt_x64 import HIGH_LEVEL, calls
from volplugins.lab.crashes.scenarios_x64 import device_control as device_control_x64
from volplugins.lab.crashes.scenarios_x86 import HIGH_LEVEL as HIGH_LEVEL_X86
from volplugins.lab.crashes.scenarios_x86 import acme
from volplugins.lab.kernel.kernel_stack_x86 import KernelStack32
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine import segment_records as made
from volplugins.lab.machine.descriptor_tables import TASK_32, put_segment
from volplugins.lab.machine.task_states import HANDLERS
from volplugins.lab.machine.vectors import DOUBLE_FAULT_TASK, MACHINE_CHECK_TASK, NMI_TASK
from volplugins.lab.world.world import World

_REGISTERS = ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi")
_BANK, _STATUS = 4, 0xB2000000000F0137  # of a machine check: an uncorrected error of a bus


def _leave_task(world: World, stack: KernelStack32, selector: int, ip: int, flags: int) -> int:
    """The processor keeps its registers in its TSS and goes over to the one of a task gate; gives the stack's top."""
    machine, processor = world.machine, world.processors[world.crashing]
    assert stack.current is not None
    own = machine.record("_KTSS")
    own.data[:] = machine.kernel.read(processor.tables.tss, len(own.data))
    own.fill(**{name.capitalize(): stack.registers[name] for name in _REGISTERS if name != "esp"})
    own.fill(Eip=ip, EFlags=flags, Esp=stack.current.sp, Cs=8, Ss=0x10, Ds=0x23, Es=0x23, Fs=0x30)
    machine.write(processor.tables.tss, own.data)
    machine.write(processor.tables.tasks[selector], TASK_32.to_bytes(2, "little"))
    base, limit, _ = processor.tables.segments[selector]
    put_segment(machine, processor.tables, selector, base, limit, made.BUSY_TASK)
    machine.truth["previous_task"] = {
        "selector": TASK_32, "tss": processor.tables.tss, "ip": ip, "sp": stack.current.sp, "flags": flags,
        "task": selector, "registers": {name: stack.registers[name] for name in _REGISTERS if name != "esp"},
    }  # fmt: skip
    return processor.tasks.stacks[selector]


def _poll(world: World) -> tuple[KernelStack32, Thread, int]:
    """A driver serves a request of a program and reads its device."""
    stack, thread = acme(world, "acmedrv!AcmeReadRegister")
    assert isinstance(stack, KernelStack32)
    return stack, thread, world.machine.site("acmedrv", "AcmeReadRegister@fault")


def double_fault(world: World) -> Crash:
    """A driver has used up its stack: 0x7F in the task of double faults, which has no trap frame."""
    stack, thread = acme(world)
    assert isinstance(stack, KernelStack32)
    while stack.sp > stack.limit + 0x120:
        stack.call("acmedrv!AcmeParseTree")
    ip = world.machine.site("acmedrv", "AcmeParseTree@recurse")
    top = _leave_task(world, stack, DOUBLE_FAULT_TASK, ip, 0x10286)
    stack.task(HANDLERS[DOUBLE_FAULT_TASK], ip, top)
    left = world.processors[world.crashing].tables.tss
    crash = bugcheck(world, stack, thread, 0x7F, (8, left, 0, 0), "acmedrv", ip)
    crash.task = DOUBLE_FAULT_TASK
    return crash


def nmi(world: World) -> Crash:
    """The NMI button while a driver was at work: 0x80; the handler makes a trap frame of what the TSS has kept."""
    stack, thread, ip = _poll(world)
    top = _leave_task(world, stack, NMI_TASK, ip, 0x246)
    stack.trap(HANDLERS[NMI_TASK], ip, flags=0x246, new_stack=top - 0x40)
    calls(stack, "nt!HalHandleNMIThunk", "hal!HalHandleNMI", "hal!HalBugCheckSystem")
    crash = bugcheck(world, stack, thread, 0x80, (0x4F4454, 0, 0, 0), "", manual="nmi", irql=HIGH_LEVEL_X86)
    crash.task = NMI_TASK
    return crash


def _machine_check(world: World) -> tuple[int, int, int, int]:
    """The parameters: bank, address of what the processor said (MCA_EXCEPTION), both halves of the bank's status."""
    record = bytearray(0x98)
    record[:4] = (1).to_bytes(4, "little")
    record[0x10:0x18] = _STATUS.to_bytes(8, "little")
    return _BANK, world.machine.pool.store(record, "Mca "), _STATUS >> 32, _STATUS & 0xFFFFFFFF


def machine_check_x86(world: World) -> Crash:
    """The processor reports a broken bus: 0x9C in the task of machine checks, and no code is to blame."""
    stack, thread, ip = _poll(world)
    top = _leave_task(world, stack, MACHINE_CHECK_TASK, ip, 0x246)
    stack.task(HANDLERS[MACHINE_CHECK_TASK], ip, top)
    stack.call("hal!HalpMcaExceptionHandler")
    crash = bugcheck(world, stack, thread, 0x9C, _machine_check(world), "", irql=HIGH_LEVEL_X86)
    crash.task = MACHINE_CHECK_TASK
    return crash


def machine_check_x64(world: World) -> Crash:
    """The same on the machine-check stack of the TSS, whose top holds the machine frame."""
    stack, thread = device_control_x64(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeInternalDeviceControl", "acmedrv!AcmeRunCallback", "acmedrv!AcmePollHardware")
    ip = world.machine.site("acmedrv", "AcmePollHardware@spin")
    top = world.processors[world.crashing].stacks.machine_check
    stack.trap("nt!KiMcheckAbort", ip, flags=0x246, new_stack=top)
    calls(stack, "nt!KxMcheckAbort", "nt!HalHandleMcheck")
    return bugcheck(world, stack, thread, 0x9C, _machine_check(world), "", irql=HIGH_LEVEL)


OTHER_TASKS_X86: dict[str, Callable[[World], Crash]] = {
    "double-fault-task": double_fault,
    "nmi-task": nmi,
    "machine-check": machine_check_x86,
}
MACHINE_CHECKS_X64: dict[str, Callable[[World], Crash]] = {"machine-check": machine_check_x64}
