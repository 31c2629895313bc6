"""16-bit code and its stack, in real-mode segments or in those of an LDT: calls built from the outermost one inwards.

Encodings: Intel SDM volume 2, operands of 16 bits. Each function keeps its caller's BP, as compilers of that time did;
a near call leaves the offset to return to above it, a far call the segment or selector as well.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_PROLOGUE = bytes.fromhex("558bec83ec")  # push bp; mov bp, sp; sub sp, imm8
_NEAR, _FAR = 0xE8, 0x9A
_TOUCH = bytes.fromhex("8b07")  # mov ax, [bx]
_BODY = bytes.fromhex("33c08946fe")  # xor ax, ax; mov [bp-2], ax
_EPILOGUES = {True: bytes.fromhex("8be55dcb"), False: bytes.fromhex("8be55dc3")}  # mov sp, bp; pop bp; retf or ret


@dataclass(frozen=True, slots=True)
class Routine:
    """One function: segment or selector and offset of its code, bytes of locals, whether it is called far."""

    segment: int
    offset: int
    room: int
    far: bool


@dataclass(slots=True)
class SegmentedStack:
    """A stack under construction.

    Attributes:
        write: stores bytes at a linear address; linear: gives that of a segment (or selector) and an offset.
        segment: of the stack.
        frames: innermost last: ``cs``, ``ip``, ``ss``, ``sp``, ``bp`` in the body, ``linear`` of the code, and ``far``,
            whether it was called so.
    """

    write: Callable[[int, bytes], None]
    linear: Callable[[int, int], int]
    segment: int
    sp: int
    bp: int = 0
    frames: list[dict[str, Any]] = field(default_factory=list)

    def run(self, routines: tuple[Routine, ...]) -> tuple[int, int]:
        """Let each function call the next; gives segment and offset of the instruction that the last one is at."""
        self._push(0)  # where the outermost one would return to
        for index, routine in enumerate(routines):
            following = routines[index + 1] if index + 1 < len(routines) else None
            self._enter(routine)
            code = _PROLOGUE + bytes([routine.room]) + _BODY
            at = routine.offset + len(code) + (0 if following is None else 5 if following.far else 3)
            if following is None:
                code += _TOUCH
            elif following.far:
                code += struct.pack("<BHH", _FAR, following.offset, following.segment)
            else:
                code += struct.pack("<BH", _NEAR, (following.offset - at) & 0xFFFF)
            self.write(self.linear(routine.segment, routine.offset), code + _BODY + _EPILOGUES[routine.far])
            self._record(routine, at)
            if following is None:
                return routine.segment, at
            if following.far:
                self._push(routine.segment)
            self._push(at)
        raise ValueError("no function")

    def _enter(self, routine: Routine) -> None:
        self._push(self.bp)
        self.bp = self.sp
        self.sp -= routine.room
        self.write(self.linear(self.segment, self.sp), bytes(range(1, routine.room + 1)))

    def _push(self, value: int) -> None:
        self.sp -= 2
        self.write(self.linear(self.segment, self.sp), struct.pack("<H", value))

    def _record(self, routine: Routine, ip: int) -> None:
        self.frames.append({
            "cs": routine.segment, "ip": ip, "ss": self.segment, "sp": self.sp, "bp": self.bp,
            "linear": self.linear(routine.segment, ip), "far": routine.far,
        })  # fmt: skip
