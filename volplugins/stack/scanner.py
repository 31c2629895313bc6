"""Frames that no unwind data leads to: the words of a stack that may be return addresses, the likeliest first.

A word may be one if it points into code, behind a call, not at a function's first byte, and if its own frame, where
that has unwind data, leads on. Symbols tell calls of this function from others, and prologs how far up to begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from volplugins.memory.reader import MemoryReader
from volplugins.stack.call_site import call_before, called_from
from volplugins.stack.candidates import MAX_STACK, read_stack
from volplugins.stack.frame import Frame, Stop, Trust
from volplugins.stack.plan import CannotUnwind
from volplugins.stack.prolog import prolog_depth
from volplugins.stack.registers import RBP, Registers, from_names
from volplugins.stack.trap_frame import TrapFrame, find_trap_frames
from volplugins.stack.unwind_x64 import CodeMap, unwind

_TRAP_FRAME_SIZE, _MACHINE_FRAME_AT = 0x190, 0x168
_ALIGNED = 0x20  # the processor aligns the stack before it pushes
_FIRST_FRAMES = 0x800  # what a thread's first functions take, trap frame and all
_CALLER_REACH = 0x1000  # how far up a caller is looked for by what it calls
Range = tuple[int, int]  # lowest address and first above
FunctionAt = Callable[[int], int | None]


class Scanner:
    """Searches one stack.

    Args:
        user_limit: first address that is not user mode's; 0 where a user stack is searched.
        function_at: where the function that holds an address starts, by symbols; None where that is not known.

    Attributes:
        doubtful: whether the last frame found was not seen to call the function below it; the caller clears it.
        stop: why nothing was found.
    """

    def __init__(self, memory: MemoryReader, code: CodeMap, user_limit: int, function_at: FunctionAt) -> None:
        self._memory, self._code = memory, code
        self._user_limit, self._function_at = user_limit, function_at
        self.doubtful = False
        self.stop = Stop.END_OF_STACK

    def find(self, registers: Registers, bounds: Range | None) -> Frame | None:
        """The next word above the stack pointer that may be a return address.

        Where symbols and code tell what a call calls, one that calls this function comes first, then one through a
        pointer, which may have, then any other: code that was moved out of its function has another name.
        """
        top = bounds[1] if bounds is not None else registers.sp + MAX_STACK
        start = registers.sp + -registers.sp % (registers.bits // 8)
        stack = read_stack(self._memory, start, top)
        function = self._function_at(registers.ip)
        indirect: Frame | None = None
        other: Frame | None = None
        for found in self._candidates(registers, stack, start, bounds, function):
            target = called_from(self._memory, found.ip)
            if found.trust is Trust.TRAP_FRAME:
                return indirect or found
            if function is None or target == function:
                self.doubtful = function is None
                return found
            self.doubtful = True
            if found.call_checked is None:
                return indirect or other or found
            if target is None:
                indirect = indirect or found
            other = other or found
            if found.sp - start >= _CALLER_REACH:
                break
        if indirect is None and other is None:
            whole = start + len(stack) >= min(top, start + MAX_STACK)
            self.stop = Stop.END_OF_STACK if whole else Stop.NOT_IN_DUMP
        return indirect or other

    def _candidates(
        self, registers: Registers, stack: bytes, start: int, bounds: Range | None, function: int | None
    ) -> Iterator[Frame]:
        """Every word that may be a return address, lowest first; a trap frame of x64 ends the search."""
        width = registers.bits // 8
        trap = self._trap_above(stack, start, bounds) if registers.bits == 64 else None
        depth = (
            0
            if function is None or self.doubtful
            else prolog_depth(self._memory, function, registers.ip, registers.bits)
        )
        for at in range(depth & -width, len(stack) - width + 1, width):
            if trap is not None and start + at >= trap.address:
                interrupted = from_names(64, trap.registers)
                where = trap.address + _MACHINE_FRAME_AT
                yield Frame(trap.sp, trap.ip, Trust.TRAP_FRAME, None, interrupted, where)
                return
            value = int.from_bytes(stack[at : at + width], "little")
            if not self._code.holds(value) or self._function_at(value) == value:
                continue  # a function's first byte is a pointer to it, no place to return to
            checked = call_before(self._memory, value)
            if checked is False:
                continue
            made = _scanned(registers, value, start + at + width, checked)
            if registers.bits == 32 or self._leads_on(made, bounds):
                yield made

    def _leads_on(self, found: Frame, bounds: Range | None) -> bool:
        """Whether a scanned frame's own unwind data, where there is any, leads to code further up the stack."""
        assert found.registers is not None
        try:
            following = unwind(self._memory, self._code, found.registers, True)
        except CannotUnwind:
            return True
        ip, sp = following.registers.ip, following.registers.sp
        if following.machine_frame is not None:
            return True
        if ip == 0:  # a thread's first function: at the top of its stack
            return bounds is None or bounds[1] - sp < _FIRST_FRAMES
        inside = bounds is None or sp <= bounds[1]
        return inside and sp > found.sp and self._code.holds(ip) and call_before(self._memory, ip) is not False

    def _trap_above(self, stack: bytes, start: int, bounds: Range | None) -> TrapFrame | None:
        """The lowest trap frame in the bytes of a kernel stack that leads to code: its interrupted frame is exact.

        One of kernel mode lies right below the stack pointer that it saved, or that one is on another stack.
        """
        if not self._user_limit:
            return None
        for trap in find_trap_frames(stack, start, 64):
            above = trap.sp - trap.address - _TRAP_FRAME_SIZE
            elsewhere = bounds is None and trap.sp >= 1 << 63 and trap.sp % 8 == 0
            if trap.user:
                if 0 < trap.ip < self._user_limit and trap.sp < self._user_limit:
                    return _without_saved(trap, False)
            elif self._code.holds(trap.ip) and (0 <= above <= _ALIGNED or elsewhere):
                return _without_saved(trap, True)
        return None

    def caller_below(self, registers: Registers, top: int) -> Frame | None:
        """The direct call of this function between the stack pointer and a trap frame that EBP still points to.

        What a trap handler calls may be a function without a frame pointer of its own.
        """
        function = self._function_at(registers.ip)
        if function is None:
            return None
        stack = read_stack(self._memory, registers.sp, top)
        for at in range(0, len(stack) - 3, 4):
            value = int.from_bytes(stack[at : at + 4], "little")
            if self._code.holds(value) and called_from(self._memory, value) == function:
                return _scanned(registers, value, registers.sp + at + 4, True)
        return None


def _without_saved(trap: TrapFrame, kernel: bool) -> TrapFrame:
    """The trap frame without RBX, RDI and RSI, which only system calls store there (and they come from user mode)."""
    if not kernel:
        return trap
    kept = {name: value for name, value in trap.registers.items() if name not in ("rbx", "rdi", "rsi")}
    return replace(trap, registers=kept)


def _scanned(registers: Registers, ip: int, sp: int, checked: bool | None) -> Frame:
    """A frame that a scan found: of the registers, only EBP may still be what it was."""
    general: list[int | None] = [None] * len(registers.general)
    if registers.bits == 32:
        general[RBP] = registers.general[RBP]
    return Frame(sp, ip, Trust.SCAN, checked, Registers(registers.bits, ip, sp, tuple(general), {}))
