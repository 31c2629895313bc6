"""One frame of a stack, how it was found, and why a walk stopped."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Trust(str, Enum):
    """How a frame's instruction pointer was found, in the words of docs/output.md."""

    CONTEXT = "context"
    TRAP_FRAME = "trap-frame"
    FRAME_POINTER = "frame-pointer"
    SCAN = "scan"


class Stop(str, Enum):
    """Why a walk stopped."""

    END_OF_STACK = "end-of-stack"
    NOT_IN_DUMP = "not-in-dump"
    OUT_OF_BOUNDS = "out-of-bounds"
    LOOP = "loop"
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
    """

    sp: int
    ip: int
    trust: Trust
    call_checked: bool | None


@dataclass(frozen=True, slots=True)
class Stack:
    """The frames of one thread, and why there are no more."""

    frames: tuple[Frame, ...]
    stop: Stop
