"""A whole stack: strategies best first, a trust on every frame, a reason to stop on the last.

x64: the image's unwind data; where that is missing, the next word of the stack that may be a return address. x86: the
trap frame or the frame pointer; else the same scan. A scanned frame goes on by the best strategy again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from volplugins.memory.reader import MemoryReader
from volplugins.stack.call_site import call_before
from volplugins.stack.entered import caller_of_no_code, from_trap_frame, interrupted_kernel
from volplugins.stack.frame import Frame, Stop, Trust
from volplugins.stack.interrupted import linked_trap_frame, tops_above
from volplugins.stack.plan import CannotUnwind
from volplugins.stack.registers import RBP, Registers
from volplugins.stack.scanner import Range, Scanner
from volplugins.stack.trap_frame import TrapFrame, read_trap_frame
from volplugins.stack.unwind_x64 import CodeMap, unwind
from volplugins.stack.unwind_x86 import sets_up_frame, unwind_by_frame_pointer

MAX_FRAMES = 512
_STOPS = {
    "not-in-dump": Stop.NOT_IN_DUMP, "truncated": Stop.NOT_IN_DUMP, "outside-memory": Stop.NOT_IN_DUMP,
    "pagefile": Stop.PAGED_OUT, "compressed": Stop.PAGED_OUT, "demand-zero": Stop.PAGED_OUT,
}  # fmt: skip


class Walker:
    """Walks one stack, until it ends or leaves for another processor mode.

    Args:
        memory: virtual memory of the mode that is walked.
        code: its images.
        ranges: the stacks that the thread may be on; none: the stack pointer is not held to any.
        user_limit: first address that is not user mode's; a frame below it ends a kernel walk. 0 for user walks.
        function_at: where the function that holds an address starts, by symbols; None where that is not known. It tells
            pointers to functions from return addresses, and on x86 functions with a frame pointer from those without,
            and true callers from old ones.
        anchor: registers known for a frame further up the same stack (the context of a fault that was reported below);
            a walk that would pass it goes on from there.
        tops: where interrupt stacks end, for kernel walks: at the end of one the walk goes on where it was interrupted.

    Attributes:
        stop, text: why the walk ended, and more about it; set when the frames have been taken.
        crossed: the registers of user mode, where a processor's frame led there.
        machine_frame: where that frame was.
    """

    def __init__(
        self,
        memory: MemoryReader,
        code: CodeMap,
        ranges: Sequence[Range] = (),
        user_limit: int = 0,
        limit: int = MAX_FRAMES,
        function_at: Callable[[int], int | None] | None = None,
        anchor: Registers | None = None,
        tops: Sequence[int] = (),
    ) -> None:
        self._memory, self._code, self._ranges = memory, code, tuple(ranges)
        self._user_limit, self._limit = user_limit, limit
        self._tops = tuple(tops)
        self._anchor = anchor
        self._entered: set[int] = set()
        self._guessed = False  # whether the frame at hand rests on a scanned one
        self._function_at = function_at or (lambda _address: None)
        self._scanner = Scanner(memory, code, user_limit, self._function_at)
        self.stop = Stop.END_OF_STACK
        self.text = ""
        self.crossed: Registers | None = None
        self.machine_frame: int | None = None

    def frames(self, registers: Registers, trust: Trust, is_return: bool = False) -> Iterator[Frame]:
        """The frames from ``registers`` on, which is the first.

        Args:
            is_return: whether the first instruction pointer is a return address already.
        """
        frame = Frame(registers.sp, registers.ip, trust, None, registers)
        self._guessed = self._scanner.doubtful = False
        bounds = self._bounds(registers.sp)
        if self._ranges and bounds is None:
            yield frame
            self._end(Stop.OUT_OF_BOUNDS, f"the stack pointer {registers.sp:#x} is in none of the thread's stacks")
            return
        for _ in range(self._limit):
            yield frame
            assert frame.registers is not None
            try:
                following = self._next(frame.registers, is_return, bounds)
            except CannotUnwind as error:
                self._end(_STOPS.get(error.reason, Stop.NO_UNWIND_DATA), str(error))
                return
            following = self._at_anchor(frame, following)
            if following is None or self._is_over(frame, following, bounds):
                return
            if following.machine_frame is not None:
                bounds = self._bounds(following.sp)
            if following.trust in (Trust.SCAN, Trust.CONTEXT, Trust.TRAP_FRAME):
                self._guessed = following.trust is Trust.SCAN
            if following.trust is not Trust.SCAN:
                self._scanner.doubtful = False
            is_return = following.trust not in (Trust.MACHINE_FRAME, Trust.TRAP_FRAME, Trust.CONTEXT)
            frame = following
        self._end(Stop.LIMIT, f"more than {self._limit} frames")

    def _end(self, stop: Stop, text: str = "") -> None:
        self.stop, self.text = stop, text

    def _bounds(self, sp: int) -> Range | None:
        return next(((low, high) for low, high in self._ranges if low <= sp <= high), None)

    def _at_anchor(self, frame: Frame, following: Frame | None) -> Frame | None:
        """The anchor's frame in place of one that a scan, or what it led to, found beyond it."""
        anchor = self._anchor
        if anchor is None or not frame.sp < anchor.sp or (following is not None and following.sp <= anchor.sp):
            return following
        exact = following is not None and (following.ip, following.sp) == (anchor.ip, anchor.sp)
        return following if exact else Frame(anchor.sp, anchor.ip, Trust.CONTEXT, None, anchor)

    def _is_over(self, frame: Frame, following: Frame, bounds: Range | None) -> bool:
        """Whether the walk ends before ``following``; says why."""
        if following.machine_frame is not None:
            return self._is_entered_over(following, following.machine_frame)
        if following.ip == 0:
            self._end(Stop.END_OF_STACK)
        elif following.sp <= frame.sp:
            self._end(Stop.LOOP, f"the stack pointer does not grow at {frame.sp:#x}")
        elif bounds is not None and not bounds[0] <= following.sp <= bounds[1]:
            self._end(Stop.OUT_OF_BOUNDS, f"the stack pointer {following.sp:#x} leaves the stack")
        else:
            return False
        return True

    def _is_entered_over(self, following: Frame, machine_frame: int) -> bool:
        """The same where a processor's frame led there: to the kernel at any address, to user mode, or nowhere."""
        if machine_frame in self._entered:
            self._end(Stop.LOOP, f"the stack leads back to the frame at {machine_frame:#x}")
            return True
        self._entered.add(machine_frame)
        if interrupted_kernel(self._memory, following):
            return False
        if following.ip == 0 or following.ip < self._user_limit:
            if following.ip:
                self.crossed, self.machine_frame = following.registers, machine_frame
            self._end(Stop.END_OF_STACK)
            return True
        return False

    def _next(self, registers: Registers, is_return: bool, bounds: Range | None) -> Frame | None:
        """The caller's frame by the best strategy that works; None where the stack is used up.

        Raises:
            CannotUnwind: no strategy works, with the reason of the best one.
        """
        strategy = self._by_unwind_data if registers.bits == 64 else self._by_frame_pointer
        if self._user_limit and not is_return:
            caller = caller_of_no_code(self._memory, self._code, registers)
            if caller is not None:
                return caller
        try:
            return strategy(registers, is_return)
        except CannotUnwind as error:
            if error.reason in _STOPS:
                raise
            if registers.bits == 32 and registers.general[RBP] == 0:
                # the first function of a thread clears EBP: nothing called it
                self._end(Stop.END_OF_STACK)
                return None
            found = self._scanner.find(registers, bounds) or self._interrupted(registers)
            if found is None:
                self._end(self._scanner.stop)
            if found is None and bounds is None and self._scanner.stop is not Stop.NOT_IN_DUMP:
                raise
            return found

    def _interrupted(self, registers: Registers) -> Frame | None:
        """Where the stack that is used up was entered from, on x64 kernels with interrupt stacks of their own."""
        if registers.bits != 64 or not self._user_limit:
            return None
        tops = tops_above(self._memory, registers.sp, self._tops)
        trap = linked_trap_frame(self._memory, self._code, tops)
        return from_trap_frame(trap) if trap is not None else None

    def _by_unwind_data(self, registers: Registers, is_return: bool) -> Frame:
        found = unwind(self._memory, self._code, registers, is_return)
        made = found.registers
        if self._guessed and made.ip and found.machine_frame is None and not self._code.holds(made.ip):
            raise CannotUnwind("no-unwind-data", "a scanned frame leads nowhere")
        return Frame(made.sp, made.ip, found.trust, None, made, found.machine_frame)

    def _by_frame_pointer(self, registers: Registers, _is_return: bool) -> Frame:
        trap = self._trap_frame(registers)
        if trap is not None:
            caller = self._scanner.caller_below(registers, trap.address)
            if caller is not None:
                return caller
            return from_trap_frame(trap)
        start = self._function_at(registers.ip)
        if start is not None and not sets_up_frame(self._memory, start):
            raise CannotUnwind("no-unwind-data", "the function sets up no frame pointer")
        made = unwind_by_frame_pointer(self._memory, registers)
        if made.ip and not self._code.holds(made.ip):
            raise CannotUnwind("no-unwind-data", "EBP leads to a return address outside of code")
        return Frame(made.sp, made.ip, Trust.FRAME_POINTER, call_before(self._memory, made.ip), made)

    def _trap_frame(self, registers: Registers) -> TrapFrame | None:
        """The trap frame that EBP points to: kernel entries of x86 keep it there (KTRAP_FRAME.DbgEbp and DbgEip)."""
        frame = registers.general[RBP]
        if not self._user_limit or frame is None or frame < self._user_limit:
            return None
        trap = read_trap_frame(self._memory, frame, 32)
        if trap is None or not (trap.user or trap.marked or self._code.holds(trap.ip)):
            return None
        return trap
