"""Trap frames and context records that lie on a stack: searched for, told apart, and held to what each must fulfil.

A context record that exception dispatch leaves on the stack ends, on x86, like a trap frame: instruction pointer, CS
and flags in the same order. What its ContextFlags show to be a context record is read as one, and as nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.dumpfile.context import AMD64, I386, RegisterContext, decode_context
from volplugins.memory.reader import MemoryReader
from volplugins.stack.entered import caller_of_no_code
from volplugins.stack.registers import from_names
from volplugins.stack.scanner import Range
from volplugins.stack.trap_frame import TrapFrame, find_trap_frames
from volplugins.stack.unwind_x64 import CodeMap

_CONTEXT_SIZE = {64: 0x4D0, 32: 0x2CC}
_FLAGS_AT = {64: 0x30, 32: 0x0}
# parts of ContextFlags that may be set besides CONTROL, and the marks that exception dispatch adds (winnt.h)
_ANY_PART, _MARKS = 0x7F, 0xF8000000
_MACHINE = {64: AMD64, 32: I386}
_MACHINE_BIT = {64: 0x100000, 32: 0x10000}
_KERNEL_CS = {64: 0x10, 32: 0x8}
_TRAP_SIZE = {64: 0x190, 32: 0x74}
_ALIGNED = 0x20  # the processor aligns the stack before it pushes (x64)


@dataclass(frozen=True, slots=True)
class StackContext:
    """A context record on a stack, and its address."""

    address: int
    context: RegisterContext


def find_contexts(stack: bytes, base: int, bits: int) -> Iterator[StackContext]:
    """Context records of kernel mode in the bytes of a stack whose first byte is at ``base``, lowest first."""
    step, flags_at = bits // 4 if bits == 64 else 4, _FLAGS_AT[bits]
    for at in range(-base % step, len(stack) - 0x110, step):
        flags = int.from_bytes(stack[at + flags_at : at + flags_at + 4], "little")
        if flags & ~(_ANY_PART | _MARKS) != _MACHINE_BIT[bits] or not flags & 1:
            continue
        context = decode_context(stack[at : at + 0x110], _MACHINE[bits])
        if context is not None and context.registers["cs"] == _KERNEL_CS[bits]:
            yield StackContext(base + at, context)


def kernel_trap_frames(memory: MemoryReader, code: CodeMap, stack: bytes, bounds: Range, bits: int) -> list[TrapFrame]:
    """Trap frames taken in kernel mode in the bytes of a stack, lowest first, each proved as far as its build allows.

    Args:
        stack: its bytes from ``bounds[0]`` on; ``bounds``: what is looked at, up to the end of the stack.
    """
    contexts = [(found.address, found.address + _CONTEXT_SIZE[bits]) for found in find_contexts(stack, bounds[0], bits)]
    found = [
        trap
        for trap in find_trap_frames(stack, bounds[0], bits)
        if not trap.user
        and not any(low < trap.address + _TRAP_SIZE[bits] and trap.address < high for low, high in contexts)
        and _fits_its_stack(trap, bounds, bits)
        and (code.holds(trap.ip) or _was_called(memory, code, trap, bits))
    ]
    marked = [trap for trap in found if trap.marked]
    return marked or found  # a build that marks its frames marks them all


def _fits_its_stack(trap: TrapFrame, bounds: Range, bits: int) -> bool:
    """Whether the stack pointer that the frame saved lies right above it, or on another stack of the kernel (x64)."""
    if bits == 32:
        return True
    above = trap.sp - trap.address - _TRAP_SIZE[64]
    elsewhere = not bounds[0] <= trap.sp < bounds[1] and trap.sp >> 63 == 1
    return trap.sp % 8 == 0 and (0 <= above <= _ALIGNED or elsewhere)


def _was_called(memory: MemoryReader, code: CodeMap, trap: TrapFrame, bits: int) -> bool:
    return caller_of_no_code(memory, code, from_names(bits, trap.registers)) is not None
