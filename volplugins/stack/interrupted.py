"""From the end of an interrupt stack to the stack that was interrupted.

x64 kernels that take interrupts on a stack of their own leave the address of the interrupted stack's trap frame in a
word 0x10 below the top of it. Source: observation, real small dumps of Windows 10 and 11 (bugchecks 0x101 and 0x133),
in which the interrupted stack is a set of data blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.frame import Frame, Trust
from volplugins.stack.registers import Registers
from volplugins.stack.trap_frame import TrapFrame, read_trap_frame
from volplugins.stack.unwind_x64 import CodeMap

LINK_BELOW_TOP = 0x10
LARGEST_STACK = 0x8000  # bytes of an interrupt, DPC or exception stack
_PAGE = 0x1000
# words that the processor pushes when it enters kernel mode: RIP, CS, flags, RSP, SS (Intel SDM 3A, 6.14.2)
_PUSHED = 0x28
_BEGIN_OF_STACK = 0x60  # bytes: what the kernel keeps at the end of a stack of the interrupt stack table
_KERNEL_CS, _KERNEL_SS, _ALWAYS_SET = 0x10, (0x18, 0), 2


def tops_above(memory: MemoryReader, sp: int, known: Sequence[int] = ()) -> tuple[int, ...]:
    """Where the stack that holds ``sp`` may end: tops that are known, nearest first, then the end of what can be read.

    Pages without memory lie between the kernel's stacks; the pieces of a small dump end with the stack as well.
    """
    near = sorted(top for top in set(known) if 0 < top - sp <= LARGEST_STACK)
    end = _readable_end(memory, sp)
    return (*near, end) if end is not None and end not in near else tuple(near)


def _readable_end(memory: MemoryReader, sp: int) -> int | None:
    """First page boundary above ``sp`` behind which nothing is readable; None where it is too far up for a stack."""
    at = sp + -sp % _PAGE
    while at - sp <= LARGEST_STACK:
        try:
            memory.read(at, 8)
        except ReadError:
            return at
        at += _PAGE
    return None


def linked_trap_frame(memory: MemoryReader, code: CodeMap, tops: Sequence[int]) -> TrapFrame | None:
    """The trap frame that the link word below one of ``tops`` leads to, on another stack; None where none does.

    It is held to what a processor can have pushed: alignment, selectors, flags, and an instruction pointer in code, in
    user mode, or nowhere (a call through a bad pointer).
    """
    for top in tops:
        try:
            address = int.from_bytes(memory.read(top - LINK_BELOW_TOP, 8), "little")
        except ReadError:
            continue
        if address % 0x10 or not address >> 63 or top - LARGEST_STACK <= address < top:
            continue
        trap = read_trap_frame(memory, address, 64)
        if trap is not None and (trap.user or (trap.sp % 8 == 0 and trap.sp >> 47 and code.holds(trap.ip))):
            return trap
    return None


def pushed_at_top(memory: MemoryReader, code: CodeMap, top: int) -> Frame | None:
    """What the processor pushed when it began a stack of its own (x64, IST): kernel code that it left; None if none.

    It begins such a stack at its end, so that these words are the last ones before what the kernel keeps there.

    Args:
        top: the first address above the stack.
    """
    for at in range(top - _PUSHED, top - _PUSHED - _BEGIN_OF_STACK - 1, -0x10):
        try:
            data = memory.read(at, _PUSHED)
        except ReadError:
            return None
        ip, cs, flags, sp, ss = (int.from_bytes(data[place : place + 8], "little") for place in range(0, _PUSHED, 8))
        kernel = cs == _KERNEL_CS and ss in _KERNEL_SS and flags & _ALWAYS_SET and not flags >> 22
        if kernel and sp % 8 == 0 and sp >> 47 and code.holds(ip):
            return Frame(sp, ip, Trust.MACHINE_FRAME, None, Registers(64, ip, sp, (None,) * 16, {}, False), at)
    return None
