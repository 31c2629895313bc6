"""One frame of a stack, how it was found, and why a walk stopped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from volplugins.stack.registers import Registers


class Trust(str, Enum):
    """How a frame's instruction pointer was found, in the words of docs/output.md."""

    CONTEXT = "context"
    SWITCH_FRAME = "switch-frame"
    TRAP_FRAME = "trap-frame"
    MACHINE_FRAME = "machine-frame"
    TASK_STATE = "task-state"
    WOW64_CONTEXT = "wow64-context"
    UNWIND_INFO = "unwind-info"
    LEAF = "leaf"
    FRAME_POINTER = "frame-pointer"
    SCAN = "scan"
    SHADOW_STACK = "shadow-stack"


# how frames are found whose instruction pointer is a return address
RETURNS = (Trust.UNWIND_INFO, Trust.LEAF, Trust.FRAME_POINTER, Trust.SCAN, Trust.SHADOW_STACK)


class Stop(str, Enum):
    """Why a walk stopped."""

    END_OF_STACK = "end-of-stack"
    NOT_IN_DUMP = "not-in-dump"
    OUTSIDE_MEMORY = "outside-memory"
    PAGED_OUT = "paged-out"
    STACK_NOT_RESIDENT = "stack-not-resident"
    NO_UNWIND_DATA = "no-unwind-data"
    LOOP = "loop"
    OUT_OF_BOUNDS = "out-of-bounds"
    TERMINATED = "terminated"
    NEVER_RUN = "never-run"
    NO_CONTEXT = "no-context"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        sp: the stack pointer of this frame; for a scanned one the address just above the return address found.
        ip: the instruction pointer: where this frame was executing, or will go on when its callee returns.
        trust: how ``ip`` was found.
        call_checked: True where a call instruction was seen before ``ip``, False where something else was, None
            where the code is not there to look at (or ``ip`` is no return address).
        registers: all that is known of the processor here; None for a frame of the first, plain walk.
        machine_frame: address of the frame that the processor pushed, where one led here.
    """

    sp: int
    ip: int
    trust: Trust
    call_checked: bool | None
    registers: Registers | None = None
    machine_frame: int | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """The frames of one thread, and why there are no more.

    ``crossed`` is where in user mode a kernel stack goes back to, as far as the walk itself got there; ``shadow`` says
    of each frame what the thread's shadow stack says, in words; empty where it was not held against one.
    """

    frames: tuple[Frame, ...]
    stop: Stop
    crossed: int | None = None
    shadow: tuple[str, ...] = ()

    def from_frame(self, number: int) -> Stack:
        """The same without the frames before ``number``."""
        return replace(self, frames=self.frames[number:], shadow=self.shadow[number:])
