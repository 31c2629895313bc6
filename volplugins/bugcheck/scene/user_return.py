"""Where a thread's kernel stack was entered from: the instruction of user mode that it goes back to."""

from __future__ import annotations

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.context import ARM64
from volplugins.stack.frame import Stack
from volplugins.stack.trap_frame import TrapFrame, read_trap_frame

# the trap frame of a system call is the first thing on a thread's stack (_KTRAP_FRAME by public symbols)
_SIZE = {64: 0x190, 32: 0x8C}


def user_return(scene: CrashScene, stack: Stack) -> int | None:
    """The address in user mode; None where the thread did not come from there, or nothing says so.

    It is what the walk reached; else what the thread's own record, or the trap frame on top of its stack, says.
    """
    if stack.crossed is not None:
        return stack.crossed
    thread = scene.thread
    if thread is None or not thread.teb or scene.target.machine == ARM64 or not stack.frames:
        return None
    low = stack.frames[-1].sp
    if not thread.holds(low):
        return None
    places = (thread.trap_frame or 0, (thread.initial_stack or 0) - _SIZE[scene.bits])
    found = (_user_frame(scene, place) for place in places if low <= place < thread.stack_base)
    return next((trap.ip for trap in found if trap is not None), None)


def _user_frame(scene: CrashScene, address: int) -> TrapFrame | None:
    trap = read_trap_frame(scene.memory, address, scene.bits)
    sound = trap is not None and trap.user and 0x10000 <= trap.ip < scene.user_end
    return trap if sound else None
