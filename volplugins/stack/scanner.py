"""Frames that no unwind data leads to: words of a stack that may be return addresses, the likeliest way through them.

A word may be one if it points into code, behind a call, not at a function's first byte, and if its own frame, where
that has unwind data, leads on. Which of them are taken is stack.paths' decision, by what their calls say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from volplugins.memory.reader import MemoryReader
from volplugins.stack.call_site import call_before
from volplugins.stack.candidates import MAX_STACK, read_stack, stop_behind
from volplugins.stack.frame import Frame, Stop, Trust
from volplugins.stack.functions import CodeReader, FunctionMap
from volplugins.stack.links import Callee, Link, Links
from volplugins.stack.paths import MOST_WORDS, TOP, TRAP_FRAME, Candidate, Paths, end_below
from volplugins.stack.plan import CannotUnwind
from volplugins.stack.prolog import prolog_depth
from volplugins.stack.registers import RBP, Registers, from_names
from volplugins.stack.trap_frame import TrapFrame, find_trap_frames
from volplugins.stack.unwind_x64 import CodeMap, unwind
from volplugins.stack.unwind_x86 import sets_up_frame

_TRAP_FRAME_SIZE, _MACHINE_FRAME_AT = 0x190, 0x168
_ALIGNED = 0x20  # the processor aligns the stack before it pushes
_FIRST_FRAMES = 0x800  # what a thread's first functions take, trap frame and all
_ARGUMENTS = 0x100  # what the kernel's entry pushes below its trap frame: the arguments of a system call
Range = tuple[int, int]  # lowest address and first above
FunctionAt = Callable[[int], int | None]


@dataclass(frozen=True, slots=True)
class _Searched:
    """What was found in the bytes from ``start`` up to ``end``: a trap frame lies there, or nothing more is known.

    ``stop`` is why it is no more of the stack.
    """

    bits: int
    start: int
    end: int
    stop: Stop
    trap: TrapFrame | None
    paths: Paths

    def goes_on_behind(self, sp: int) -> bool:
        """Whether a search from ``sp`` on would look at more of the stack than this one did."""
        return self.trap is None and self.stop is Stop.LIMIT and sp - self.start >= self.bits // 8


class Scanner:
    """Searches one stack.

    Args:
        user_limit: first address that is not user mode's; 0 where a user stack is searched.
        function_at: where the function that holds an address starts, by symbols; None where that is not known.

    Attributes:
        stop: why nothing was found.
        proved: whether the last frame found calls the function below it.
    """

    def __init__(
        self, memory: MemoryReader, code: CodeMap, user_limit: int, function_at: FunctionAt, bits: int = 64
    ) -> None:
        self._memory, self._code, self._user_limit = memory, code, user_limit
        self._read = CodeReader(memory, code)
        self._functions = FunctionMap(self._read, code, bits, function_at)
        self.links = Links(self._functions)
        self._searched: _Searched | None = None
        self.stop = Stop.END_OF_STACK
        self.proved = False

    def call_before(self, address: int) -> bool | None:
        """Whether a call ends at ``address``; None where its code cannot be read."""
        return call_before(self._read, address)

    def find(self, registers: Registers, bounds: Range | None, is_return: bool = True) -> Frame | None:
        """The caller of the frame at hand, by the likeliest way from here to the end of the stack.

        Args:
            is_return: whether the instruction pointer is a return address.
        """
        self.proved = False
        searched = self._search(registers, bounds)
        callee = self.links.callee(registers.ip, is_return)
        here = Candidate(Frame(registers.sp, registers.ip, Trust.SCAN, None, registers), callee,
                         self._depth(callee, registers.bits))  # fmt: skip
        found = searched.paths.after(here)
        if found is None and searched.goes_on_behind(registers.sp):
            self._searched = None
            searched = self._search(registers, bounds)
            found = searched.paths.after(here)
        if found is not None:
            self.proved = self._link(found, callee) is Link.PROVES
            return _keeping_ebp(found.frame, registers)
        if searched.trap is not None:
            trap = searched.trap
            where = trap.address + _MACHINE_FRAME_AT
            return Frame(trap.sp, trap.ip, Trust.TRAP_FRAME, None, from_names(64, trap.registers), where)
        self.stop = searched.stop
        return None

    def caller_below(
        self, registers: Registers, top: int, is_return: bool = True, above: int | None = None
    ) -> Frame | None:
        """The call of this function between the stack pointer and a frame that EBP still points to (x86).

        What that frame's function, or a trap handler, calls may be a function without a frame pointer of its own.
        A call that leads here counts first; then one through a pointer, by a function that ``above`` called; then the
        only one through a pointer, where this function is known to have no frame pointer.

        Args:
            top: where EBP points.
            above: the return address there.
        """
        callee = self.links.callee(registers.ip, is_return)
        stack = read_stack(self._memory, registers.sp, top)
        words = ((registers.sp + at + 4, int.from_bytes(stack[at : at + 4], "little"))
                 for at in range(0, len(stack) - 3, 4))  # fmt: skip
        places = [(sp, ip) for sp, ip in words if self._may_be_return(ip) and call_before(self._read, ip)]
        calling = [place for place in places if self._calls(place[1], callee)]
        pointers = [] if calling or above is None else self._through_pointers(places, callee)
        called = [place for place in pointers if above is not None and self._is_called_by(above, place[1])]
        lone = pointers if len(pointers) == 1 and self._has_no_frame(callee) else []
        found = next(iter(calling or called or lone), None)
        return _keeping_ebp(_scanned(32, found[1], found[0], True), registers) if found is not None else None

    def _calls(self, value: int, callee: Callee) -> bool:
        link, target = self.links.link(value, True, callee), self.links.target(value)
        frameless = target is not None and not sets_up_frame(self._read, target)
        return link is Link.PROVES or (link is Link.FITS and frameless)

    def _through_pointers(self, places: list[tuple[int, int]], callee: Callee) -> list[tuple[int, int]]:
        return [place for place in places if self.links.link(place[1], True, callee) is Link.NEUTRAL]

    def _is_called_by(self, above: int, value: int) -> bool:
        return self.links.link(above, True, self.links.callee(value, True)) is Link.PROVES

    def _has_no_frame(self, callee: Callee) -> bool:
        return callee.start is not None and not sets_up_frame(self._read, callee.start)

    def _search(self, registers: Registers, bounds: Range | None) -> _Searched:
        """The stack from here on, searched once: a later frame of the same stretch asks the same ways."""
        known = self._searched
        start = registers.sp + -registers.sp % (registers.bits // 8)
        if known is None or known.bits != registers.bits or not known.start <= start < known.end:
            known = self._searched = self._search_from(registers, start, bounds)
        return known

    def _search_from(self, registers: Registers, start: int, bounds: Range | None) -> _Searched:
        bits = registers.bits
        top = bounds[1] if bounds is not None else registers.sp + MAX_STACK
        stack = read_stack(self._memory, start, top)
        stop = stop_behind(start, stack, top)
        trap = self._trap_above(stack, start, bounds) if bits == 64 else None
        if trap is not None:
            stack = stack[: max(trap.address - start, 0)]
        candidates = list(self._candidates(stack, start, bits, bounds))
        reached, cut = start + len(stack), len(candidates) == MOST_WORDS
        if cut:
            reached, stop = candidates[-1].frame.sp, Stop.LIMIT

        def end(sp: int) -> float:
            if trap is not None and not cut:
                return end_below(trap.address - sp, _ARGUMENTS, TRAP_FRAME)
            return end_below(top - sp, _FIRST_FRAMES, TOP) if bounds is not None and stop is Stop.END_OF_STACK else 0.0

        paths = Paths(candidates, bits // 8, self._link, end)
        return _Searched(bits, start, reached, stop, trap, paths)

    def _candidates(self, stack: bytes, start: int, bits: int, bounds: Range | None) -> Iterator[Candidate]:
        """Every word that may be a return address, lowest first."""
        width, count = bits // 8, 0
        for at in range(0, len(stack) - width + 1, width):
            value = int.from_bytes(stack[at : at + width], "little")
            if not self._may_be_return(value):
                continue
            checked = call_before(self._read, value)
            if checked is False:
                continue
            made = self._candidate(_scanned(bits, value, start + at + width, checked), bounds)
            if made is None:
                continue
            yield made
            count += 1
            if count >= MOST_WORDS:
                return

    def _may_be_return(self, value: int) -> bool:
        """Whether it points into code, and not at a function's first byte: that is a pointer, no place to return to."""
        return self._code.holds(value) and not self._functions.is_start(value)

    def _candidate(self, found: Frame, bounds: Range | None) -> Candidate | None:
        """A word with what its own function says; None where unwind data show that it is no return address."""
        registers = found.registers
        assert registers is not None
        callee = self.links.callee(found.ip, True)
        plain = Candidate(found, callee, self._depth(callee, registers.bits))
        if registers.bits == 32:
            return plain
        try:
            following = unwind(self._memory, self._code, registers, True)
        except CannotUnwind:
            return plain
        ip, sp = following.registers.ip, following.registers.sp
        if following.trust is Trust.LEAF:
            return None  # a function that has called is no leaf
        if following.machine_frame is not None:
            return replace(plain, ends=True)
        if ip == 0:  # a thread's first function: at the top of its stack
            return replace(plain, ends=True) if bounds is None or bounds[1] - sp < _FIRST_FRAMES else None
        inside = bounds is None or sp <= bounds[1]
        leads_on = inside and sp > found.sp and self._may_be_return(ip) and call_before(self._read, ip) is not False
        return replace(plain, exact=(ip, sp)) if leads_on else None

    def _depth(self, callee: Callee, bits: int) -> int:
        """Bytes that the function's prolog takes; 0 where that is not known."""
        if callee.start is None:
            return 0
        return prolog_depth(self._read, callee.start, callee.ip, bits) & -(bits // 8)

    def _link(self, candidate: Candidate, callee: Callee) -> Link:
        return self.links.link(candidate.frame.ip, candidate.frame.call_checked, callee)

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
                    return trap
            elif self._code.holds(trap.ip) and (0 <= above <= _ALIGNED or elsewhere):
                return trap
        return None


def _scanned(bits: int, ip: int, sp: int, checked: bool | None) -> Frame:
    """A frame that a scan found: its registers are not known."""
    general: tuple[int | None, ...] = (None,) * (16 if bits == 64 else 8)
    return Frame(sp, ip, Trust.SCAN, checked, Registers(bits, ip, sp, general, {}))


def _keeping_ebp(frame: Frame, registers: Registers) -> Frame:
    """The frame with what may still be in EBP on x86: the value it had in the function below."""
    found = frame.registers
    if found is None or found.bits == 64:
        return frame
    general = list(found.general)
    general[RBP] = registers.general[RBP]
    return replace(frame, registers=replace(found, general=tuple(general)))
