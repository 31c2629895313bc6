"""A crash as a scenario leaves it, and the last steps that all scenarios share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from volplugins.lab.crashes.crash_records import context_record
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.process_records import write_thread
from volplugins.lab.kernel.processes import RUNNING, Thread
from volplugins.lab.world.world import World


@dataclass(slots=True)
class Crash:
    """What happened.

    Attributes:
        code, parameters: the bugcheck.
        thread: the thread that was running.
        context: CONTEXT of the processor at the call of KeBugCheckEx.
        frames: the thread's stack, innermost frame first, as truth for tests.
        culprit: name of the module to blame, empty for none (manual crashes by hand, a critical process).
        fault_ip: address of the faulting instruction, 0 where there was none.
        manual: kind of a manual crash in the words of INTERFACE.md, or empty.
        irql, cr2: state of the crashing processor.
        trap_frame: where the interrupted kernel code's registers are, 0 for none.
        crashed: False where nothing happened and the machine runs; code and parameters are then zero.
        user: whether the processor executes user code.
        blocks: address and size of what the kernel adds to a small dump for this bugcheck.
        task: x86: selector of the TSS that a task gate led to and the processor runs in, 0 for its own.
    """

    code: int
    parameters: tuple[int, int, int, int]
    thread: Thread
    context: bytes
    ip: int
    frames: list[dict[str, Any]]
    culprit: str
    fault_ip: int
    manual: str = ""
    irql: int = 0
    cr2: int = 0
    trap_frame: int = 0
    crashed: bool = True
    user: bool = False
    blocks: list[tuple[int, int]] = field(default_factory=list)
    task: int = 0


def accessed(world: World, kind: str, address: int) -> None:
    """Put into the truth what the failing instruction did: ``read``, ``write`` or ``execute``, and at which address."""
    world.machine.truth["access"] = {"kind": kind, "address": address}


def bugcheck(
    world: World,
    stack: KernelStack,
    thread: Thread,
    code: int,
    parameters: tuple[int, int, int, int],
    culprit: str,
    fault_ip: int = 0,
    manual: str = "",
    irql: int = 0,
    cr2: int = 0,
) -> Crash:
    """The current function reports a bugcheck; the processor's context is saved there, the thread goes no further."""
    machine = world.machine
    ip, sp = stack.enter_bugcheck((code, *parameters))
    context = context_record(machine, stack.registers, ip, sp)
    mark_running(world, stack, thread, sp)
    machine.truth["stale_words"] = stack.stale_words()
    return Crash(code, parameters, thread, context, ip, stack.listing(), culprit, fault_ip, manual, irql, cr2,
                 stack.fault_frame)  # fmt: skip


def hang(world: World, stack: KernelStack, thread: Thread, ip: int) -> None:
    """The current function loops at ``ip`` on the processor that does not crash; the truth says in which thread."""
    assert stack.current is not None
    stack.finish(ip)
    sp = stack.current.sp
    mark_running(world, stack, thread, sp)
    world.hung = thread, context_record(world.machine, stack.registers, ip, sp)
    processor = world.processors[1 - world.crashing]
    world.machine.truth["hung"] = {
        "processor": processor.number, "prcb": processor.prcb, "ethread": thread.address, "stack": stack.listing(),
    }  # fmt: skip


def mark_running(world: World, stack: KernelStack, thread: Thread, sp: int) -> None:
    """Write the record of a thread that a processor is running, its stack as it is now."""
    machine = world.machine
    start = (
        machine.symbol("nt!KiIdleLoop") if thread.process is world.idle else machine.symbol("nt!PspSystemThreadStartup")
    )
    if thread.process.images:
        program = next(reversed(thread.process.images.values()))
        start = program.base + program.image.entry
    left = sp - 0x40 if thread.limit < sp <= thread.base else thread.base - 0x800  # what it left when it last waited
    write_thread(machine, thread, RUNNING, start, left, stack.trap_frame)
    world.done.add(thread.address)
    thread.frames = stack.listing()
