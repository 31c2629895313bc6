"""CLOCK_WATCHDOG_TIMEOUT (0x101): one processor reports that another takes no clock interrupts; that one counts.

Parameter 3 is the KPRCB of the processor that hangs (Microsoft's bug check reference). Its registers are those that it
saved when it was stopped, if it still could be; a small dump does not hold them.
"""

from __future__ import annotations

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.crash_walk import walk
from volplugins.bugcheck.words.codes import base_code
from volplugins.kernel.processors import Processor
from volplugins.stack.frame import Frame, Trust
from volplugins.threads.running import saved_registers

CLOCK_WATCHDOG = 0x101


def hung_processor(scene: CrashScene) -> Processor | None:
    """The processor that hangs; None for another bugcheck, or where the dump does not hold it."""
    target = scene.target
    if base_code(target.bugcheck.code) != CLOCK_WATCHDOG:
        return None
    prcb = target.bugcheck.parameters[2]
    return next((processor for processor in scene.processors if processor.prcb == prcb and prcb), None)


def hung_frames(scene: CrashScene) -> tuple[Frame, ...]:
    """The frames of the processor that hangs, from the registers that it saved; empty where they lead to no code."""
    processor = hung_processor(scene)
    if processor is None:
        return ()
    registers = saved_registers(scene.memory, processor, scene.layouts, scene.bits)
    if registers is None or not scene.code.holds(registers.ip):
        return ()
    stacks = [(stack.low, stack.high) for stack in scene.processor_stacks]
    thread = processor.current_thread
    if thread is not None:
        stacks.append((thread.stack_limit, thread.stack_base))
    if not any(low <= registers.sp < high for low, high in stacks):
        return ()
    return walk(scene, registers.named(), registers.ip, registers.sp, Trust.CONTEXT).frames
