"""A whole stack: strategies best first, a trust on every frame, a reason to stop on the last.

x64: the image's unwind data; where that is missing, the next word of the stack that may be a return address. x86: the
trap frame or the frame pointer; else the same scan. A scanned frame goes on by the best strategy again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from volplugins.memory.reader import MemoryReader
from volplugins.stack.call_site import call_before
from volplugins.stack.candidates import MAX_STACK
from volplugins.stack.entered import caller_of_no_code, from_trap_frame
from volplugins.stack.frame import Frame, Stop, Trust
from volplugins.stack.interrupted import linked_trap_frame, pushed_at_top, tops_above
from volplugins.stack.left_task import LeftTask
from volplugins.stack.links import Callee, Link
from volplugins.stack.plan import CannotUnwind
from volplugins.stack.registers import RBP, Registers
from volplugins.stack.scanner import Range, Scanner
from volplugins.stack.segmented import read_segmented
from volplugins.stack.trap_frame import TrapFrame, read_trap_frame, segmented_trap
from volplugins.stack.unwind_x64 import CodeMap, unwind
from volplugins.stack.unwind_x86 import PROLOG, sets_up_frame, unwind_by_frame_pointer, unwind_epilog, unwind_switch

MAX_FRAMES = 512
_STOPS = {
    "not-in-dump": Stop.NOT_IN_DUMP, "truncated": Stop.NOT_IN_DUMP, "outside-memory": Stop.OUTSIDE_MEMORY,
    "pagefile": Stop.PAGED_OUT, "compressed": Stop.PAGED_OUT, "demand-zero": Stop.PAGED_OUT,
}  # fmt: skip

_FIRST_FRAME = 0x100  # what a thread's first function takes on x86, where it has no frame pointer
# nothing that was found below bears on these
_EXACT = (Trust.CONTEXT, Trust.TRAP_FRAME, Trust.MACHINE_FRAME, Trust.TASK_STATE)


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
        tops: where interrupt stacks end, for kernel walks: at its end the walk goes on where it was interrupted.
        begun: where stacks end that the processor begins itself (x64, IST): what it pushed there leads on.
        left: the task that was left for the one whose stack the walk begins on (x86); it goes on there at the end.

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
        left: LeftTask | None = None,
        begun: Collection[int] = (),
    ) -> None:
        self._task, self._begun = left, frozenset(begun)
        self._memory, self._code, self._ranges = memory, code, tuple(ranges)
        self._user_limit, self._limit = user_limit, limit
        self._tops = tuple(tops)
        self._anchor = anchor
        self._entered: set[int] = set()
        self._left: set[Range] = set()
        self._guessed = False  # whether the frame at hand rests on a scanned one
        self._function_at = function_at or (lambda _address: None)
        self._bits = 64
        self._made: Scanner | None = None
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
        self._guessed, self._bits, self._made = trust is Trust.SCAN, registers.bits, None
        self._returned: int | None = None  # the stack pointer behind a return that was worked out
        bounds = self._bounds(registers.sp)
        if self._ranges and bounds is None:
            yield frame
            self._end(Stop.OUT_OF_BOUNDS, f"the stack pointer {registers.sp:#x} is in none of the thread's stacks")
            return
        for _ in range(self._limit):
            yield frame
            following = self._step(frame, is_return, bounds) or self._task_left(frame)
            if following is None:
                return
            entered = following.machine_frame is not None or following.trust is Trust.TASK_STATE
            if entered or (bounds is not None and bounds in self._left):
                bounds = self._bounds(following.sp)
            following = self._held_to_proof(frame, following, is_return)
            is_return = following.trust not in _EXACT
            frame = following
        self._end(Stop.LIMIT, f"more than {self._limit} frames")

    def _step(self, frame: Frame, is_return: bool, bounds: Range | None) -> Frame | None:
        """The next frame; None where the walk ends here, with the reason in ``stop``."""
        try:
            following = self._next(frame, is_return, bounds)
        except CannotUnwind as error:
            self._end(_STOPS.get(error.reason, Stop.NO_UNWIND_DATA), str(error))
            return None
        following = self._at_anchor(frame, following)
        return None if following is None or self._is_over(frame, following, bounds) else following

    def _task_left(self, frame: Frame) -> Frame | None:
        """Where the task that was left goes on, at the end of the new one's stack; once."""
        left = self._task
        if left is None or self.crossed is not None or not left.at_end_of(frame.sp):
            return None
        self._task = None
        self._end(Stop.END_OF_STACK)
        if left.user:
            self.crossed, self.machine_frame = left.registers, 0
            return None
        return left.frame()

    @property
    def _scanner(self) -> Scanner:
        """Made when first needed: most stacks have unwind data for every frame."""
        if self._made is None:
            self._made = Scanner(self._memory, self._code, self._user_limit, self._function_at, self._bits)
        return self._made

    def _held_to_proof(self, frame: Frame, following: Frame, is_return: bool) -> Frame:
        """``following`` with no more trust than the frames below it give: what rests on a guess is one, until proved.

        Proofs are a call that leads to the function just left, and a frame of the processor; a scanned frame that is
        proved rests on what it was found from.
        """
        if following.trust in _EXACT:
            self._guessed = False
        elif following.trust is Trust.SCAN:
            self._guessed = not self._scanner.proved
        elif self._guessed and following.trust in (Trust.UNWIND_INFO, Trust.LEAF) and following.ip:
            links = self._scanner.links
            checked = self._scanner.call_before(following.ip)
            link = links.link(following.ip, checked, links.callee(frame.ip, is_return))
            self._guessed = not (checked and link is Link.PROVES)
            if self._guessed:
                return replace(following, trust=Trust.SCAN, call_checked=checked)
        return following

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
        elif self._changes_stack(following, bounds):
            return False
        elif following.sp <= frame.sp:
            self._end(Stop.LOOP, f"the stack pointer does not grow at {frame.sp:#x}")
        elif bounds is not None and not bounds[0] <= following.sp <= bounds[1]:
            self._end(Stop.OUT_OF_BOUNDS, f"the stack pointer {following.sp:#x} leaves the stack")
        else:
            return False
        return True

    def _changes_stack(self, following: Frame, bounds: Range | None) -> bool:
        """Whether unwind data lead to another stack: that of the code which went on on this one. Each is left once."""
        if bounds is None or following.trust is not Trust.UNWIND_INFO or self._guessed:
            return False
        other = self._bounds(following.sp)
        if other is None or other == bounds or other in self._left:
            return False
        self._left.add(bounds)
        return True

    def _is_entered_over(self, following: Frame, machine_frame: int) -> bool:
        """The same where a processor's frame led there: to the kernel at any address, to user mode, or nowhere."""
        if machine_frame in self._entered:
            self._end(Stop.LOOP, f"the stack leads back to the frame at {machine_frame:#x}")
            return True
        self._entered.add(machine_frame)
        if self._bits == 32 and self._user_limit and read_segmented(self._memory, machine_frame) is not None:
            self.crossed, self.machine_frame = following.registers, machine_frame
            self._end(Stop.END_OF_STACK)
            return True
        # in a walk of user mode all of it is, and the frame leads on: an exception's, a callback's
        known = self._user_limit and following.registers is not None
        user = following.registers.user if known and following.registers is not None else None
        if user is False:
            return False
        if user or following.ip < max(self._user_limit, 1):
            if user or following.ip:
                self.crossed, self.machine_frame = following.registers, machine_frame
            self._end(Stop.END_OF_STACK)
            return True
        return False

    def _next(self, frame: Frame, is_return: bool, bounds: Range | None) -> Frame | None:
        """The caller's frame by the best strategy that works; None where the stack is used up.

        Raises:
            CannotUnwind: no strategy works, with the reason of the best one.
        """
        registers = frame.registers
        assert registers is not None
        if self._user_limit and not is_return:
            caller = caller_of_no_code(self._memory, self._code, registers)
            if caller is not None:
                return caller
        try:
            if registers.bits == 64:
                return self._by_unwind_data(registers, is_return)
            return self._by_frame_pointer(frame, registers, is_return, bounds)
        except CannotUnwind as error:
            if error.reason in _STOPS:
                raise
            if registers.bits == 32 and registers.general[RBP] == 0:
                # the first function of a thread clears EBP: nothing called it, or a function without a frame pointer
                first = self._scanner.caller_below(registers, registers.sp + _FIRST_FRAME, is_return)
                if first is None:
                    self._end(Stop.END_OF_STACK)
                return first
            found = self._scanner.find(registers, bounds, is_return) or self._interrupted(registers, bounds)
            if found is None:
                self._end(self._scanner.stop, self._beyond(registers.sp))
            if found is None and bounds is None and self._scanner.stop is not Stop.NOT_IN_DUMP:
                raise
            return found

    def _beyond(self, sp: int) -> str:
        """That the stack goes on behind what was searched, where it does."""
        cut = self._scanner.stop is Stop.LIMIT
        return f"no return address in the {MAX_STACK >> 10} KiB above {sp:#x}" if cut else ""

    def _interrupted(self, registers: Registers, bounds: Range | None) -> Frame | None:
        """Where the stack that is used up was entered from, on x64 kernels with interrupt stacks of their own."""
        if registers.bits != 64 or not self._user_limit:
            return None
        tops = tops_above(self._memory, registers.sp, self._tops)
        trap = linked_trap_frame(self._memory, self._code, tops)
        if trap is not None:
            return from_trap_frame(trap)
        known = bounds is not None and bounds[1] in self._begun
        return pushed_at_top(self._memory, self._code, bounds[1]) if bounds is not None and known else None

    def _by_unwind_data(self, registers: Registers, is_return: bool) -> Frame:
        found = unwind(self._memory, self._code, registers, is_return)
        made = found.registers
        if found.trust is Trust.LEAF and is_return:
            raise CannotUnwind("no-unwind-data", "a function that has called is no leaf")
        if self._guessed and made.ip and found.machine_frame is None and not self._code.holds(made.ip):
            raise CannotUnwind("no-unwind-data", "a scanned frame leads nowhere")
        return Frame(made.sp, made.ip, found.trust, None, made, found.machine_frame)

    def _by_frame_pointer(self, frame: Frame, registers: Registers, is_return: bool, bounds: Range | None) -> Frame:
        trap = self._trap_frame(registers)
        if trap is not None:
            caller = self._scanner.caller_below(registers, trap.address, is_return)
            if caller is not None:
                return caller
            return self._entered_from(trap)
        if frame.trust is Trust.SWITCH_FRAME:
            switched = self._behind_switch(registers)
            if switched is not None:
                return switched
        # behind a return its registers are exact too: a stub of ntdll returns at once from the call of the kernel
        known = not is_return or registers.sp == self._returned
        left = unwind_epilog(self._memory, registers) if known else None
        if left is not None and self._code.holds(left.ip) and call_before(self._memory, left.ip):
            self._returned = left.sp
            return Frame(left.sp, left.ip, Trust.LEAF, True, left)
        made = unwind_by_frame_pointer(self._memory, registers)
        checked = call_before(self._memory, made.ip) if made.ip else None
        if made.ip and (not self._code.holds(made.ip) or checked is False):
            raise CannotUnwind("no-unwind-data", "EBP leads to no return address")
        if bounds is not None and made.sp > bounds[1]:
            raise CannotUnwind("no-unwind-data", "EBP leads out of the stack")
        caller = self._without_frame_pointer(registers, made, is_return)
        return caller or Frame(made.sp, made.ip, Trust.FRAME_POINTER, checked, made)

    def _entered_from(self, trap: TrapFrame) -> Frame:
        """What ``trap`` interrupted, by the segment of the task that was left where that is the same place."""
        found = self._task.of_trap_frame(trap) if self._task is not None else None
        if found is None:
            return from_trap_frame(trap)
        self._task = None
        return found

    def _behind_switch(self, registers: Registers) -> Frame | None:
        """KiSwapContext's caller, where a call leads to it from behind the four registers that it saved."""
        made = unwind_switch(self._memory, registers)
        if made is None or not self._code.holds(made.ip) or not call_before(self._memory, made.ip):
            return None
        links = self._scanner.links
        if links.link(made.ip, True, links.callee(registers.ip, True)) is Link.DISPROVES:
            return None
        return Frame(made.sp, made.ip, Trust.SWITCH_FRAME, True, made)

    def _without_frame_pointer(self, registers: Registers, made: Registers, is_return: bool) -> Frame | None:
        """The caller below the frame that EBP points to, where that one is not this function's own.

        It is its own if the call there leads here, or if the function's prolog sets EBP up. An unbroken chain of EBP
        stands where neither can be told and no word below it is proved.
        """
        links, frame = self._scanner.links, registers.general[RBP]
        callee = links.callee(registers.ip, is_return)
        proved = not made.ip or links.link(made.ip, True, callee) is Link.PROVES
        if proved and not _in_prolog(registers, callee, is_return):
            return None
        own = callee.start is not None and sets_up_frame(self._memory, callee.start)
        if own and not _in_prolog(registers, callee, is_return):
            return None
        assert frame is not None
        return self._scanner.caller_below(registers, frame, is_return, made.ip)

    def _trap_frame(self, registers: Registers) -> TrapFrame | None:
        """The trap frame that EBP points to: kernel entries of x86 keep it there (KTRAP_FRAME.DbgEbp and DbgEip)."""
        frame = registers.general[RBP]
        if not self._user_limit or frame is None or frame < self._user_limit:
            return None
        trap = read_trap_frame(self._memory, frame, 32) or segmented_trap(self._memory, frame)
        if trap is None or not (trap.user or trap.marked or self._code.holds(trap.ip)):
            return None
        return trap


def _in_prolog(registers: Registers, callee: Callee, is_return: bool) -> bool:
    """Whether the function has not set up its frame pointer yet."""
    return not is_return and callee.start is not None and registers.ip - callee.start < PROLOG
