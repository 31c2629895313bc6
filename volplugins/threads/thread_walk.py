"""One thread's whole stack: the kernel's part, then user mode's by the process's own directory, then 32-bit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from volplugins.kernel.thread import Thread
from volplugins.memory.reader import MemoryReader, ReadError, SegmentReader
from volplugins.memory.structure import Layout
from volplugins.stack.frame import Frame, Stop, Trust
from volplugins.stack.left_task import LeftTask
from volplugins.stack.registers import USER_LIMIT, Registers, from_names
from volplugins.stack.scanner import Range
from volplugins.stack.segmented import SegmentedRegisters, read_segmented
from volplugins.stack.segmented_walk import Segment, SegmentedWalker
from volplugins.stack.trap_frame import read_trap_frame, segmented_trap
from volplugins.stack.unwind_x64 import CodeMap
from volplugins.stack.walker import Walker
from volplugins.threads.crossing import UserStart, from_machine_frame, from_trap_frame
from volplugins.threads.held_frames import BY_SHADOW, HeldFrames, ShadowSource, held_frames
from volplugins.threads.start import NoStart, start_of
from volplugins.threads.thread_frame import KERNEL, LDT, USER, V86, WOW64, ThreadFrame
from volplugins.threads.wow64 import wow64_context, wow64_stack

__all__ = ("KERNEL", "LDT", "USER", "V86", "WOW64", "ThreadFrame", "ThreadWalk", "UserSide")
# NtTib.StackBase and StackLimit in a TEB
_STACK_IN_TEB = {64: (0x8, 0x10), 32: (0x4, 0x8)}
FunctionAt = Callable[[int], int | None]
# reasons for which the kernel's frames are lost, and user mode's need not be
_STILL_USER = (Stop.STACK_NOT_RESIDENT, Stop.NOT_IN_DUMP, Stop.OUTSIDE_MEMORY, Stop.NO_CONTEXT)


@dataclass(frozen=True, slots=True)
class UserSide:
    """What is needed to go on into user mode.

    Attributes:
        memory: the process's address space.
        code: the images of its user space.
        code32: its 32-bit images on x64; None where it is no WOW64 process.
        function_at: where the function that holds a user address starts, or None.
        function_at32: the same for 32-bit code on x64.
        segment_of: the segment of a selector, for code of an LDT (x86).
    """

    memory: MemoryReader
    code: CodeMap
    code32: CodeMap | None = None
    function_at: FunctionAt | None = None
    function_at32: FunctionAt | None = None
    segment_of: Callable[[int], Segment | None] | None = None


class ThreadWalk:
    """The frames of one thread.

    Args:
        memory: kernel memory, through the process's directory where that is sound.
        code: the kernel's images.
        user: gives the user side when it is needed; in words why there is none.
        running: registers of the processor that runs the thread.
        function_at: where the kernel function that holds an address starts, or None.
        anchor: registers of a frame further up, such as the fault that the thread has reported.
        more_stacks: stacks of processors (interrupt and DPC stacks) that the walk may begin on.
        tops: where interrupt stacks may end, besides (stack/interrupted.py).
        wow64: whether ``running`` are registers of 32-bit code on x64.
        left: the task that was left for the one that the processor runs (x86).
        begun: where stacks end that the processor begins itself (x64).
        segmented: ``running`` with its selectors, where it is of code that is not flat (x86).
        layout: of ETHREAD, by which the thread's shadow stacks are found; None: frames are not held against them.
        user_end: first address that is not user mode's, where that is not the usual one.

    Attributes:
        stop, text: why the stack ended there, in the words of docs/output.md; set when the frames have been taken.
        said: what has to be said of the kernel's frames as a whole; empty for most.
    """

    def __init__(
        self,
        memory: MemoryReader,
        code: CodeMap,
        thread: Thread,
        bits: int,
        user: Callable[[], UserSide | str],
        running: Registers | None = None,
        more_stacks: Sequence[Range] = (),
        function_at: FunctionAt | None = None,
        anchor: Registers | None = None,
        tops: Sequence[int] = (),
        wow64: bool = False,
        left: LeftTask | None = None,
        segmented: SegmentedRegisters | None = None,
        begun: Sequence[int] = (),
        layout: Layout | None = None,
        user_end: int | None = None,
    ) -> None:
        self._user_end = user_end or USER_LIMIT[bits]
        known = layout is not None and bits == 64
        self._shadow = ShadowSource(memory, thread.ethread, layout, running is not None) if known and layout else None
        self._left, self._segmented, self._begun = left, segmented, begun
        self._tops, self._wow64 = tuple(tops), wow64
        self._memory, self._code, self._thread, self._bits = memory, code, thread, bits
        self._user, self._running = user, running
        self._function_at, self._anchor = function_at, anchor
        self._stacks = ((thread.stack_limit, thread.stack_base), *more_stacks)
        self.stop: str = Stop.END_OF_STACK.value
        self.said = ""
        self.text = ""

    def frames(self, kernel_only: bool = False) -> Iterator[ThreadFrame]:
        """The frames, innermost first."""
        start = start_of(self._memory, self._thread, self._bits, self._running)
        user: UserStart | None = None
        if isinstance(start, NoStart):
            self._end(start.stop.value, start.text)
            if start.stop not in _STILL_USER:
                return
        elif self._segmented is not None:
            user = UserStart(start.registers, 0, False)
        elif start.trust is Trust.CONTEXT and (self._wow64 or start.registers.in_user_mode):
            user = UserStart(start.registers, 0, self._wow64)
        else:
            walker = Walker(
                self._memory, self._code, self._ranges(start.registers.sp), self._user_end,
                function_at=self._function_at, anchor=self._anchor, tops=self._tops,
                left=self._left, begun=self._begun,
            )  # fmt: skip
            found = list(walker.frames(start.registers, start.trust, start.is_return))
            self._end(walker.stop.value, walker.text)
            self.said = start.text
            user = self._crossing(walker, found[-1] if found else None)
            if start.text and not self._code.holds(start.registers.ip):
                found = found[1:]  # where the switch frame was is something else by now
            stack = self._thread.stack_limit, self._thread.stack_base
            yield from self._held(held_frames(self._shadow, KERNEL, found, self._memory, self._code, stack))
        if not kernel_only and (self._thread.teb or user is not None):
            yield from self._in_user_mode(user or self._by_trap_frame())

    def _held(self, held: HeldFrames) -> Iterator[ThreadFrame]:
        if held.differs:
            self._end(Stop.END_OF_STACK.value, BY_SHADOW)
        yield from held.frames

    def _end(self, stop: str, text: str) -> None:
        self.stop, self.text = stop, text

    def _ranges(self, sp: int) -> Sequence[Range]:
        """The thread's stacks; a context on none of them (an interrupt stack that is not known) is not held to any."""
        known = any(low <= sp <= high for low, high in self._stacks)
        return self._stacks if known or self._running is None else ()

    def _crossing(self, walker: Walker, last: Frame | None) -> UserStart | None:
        if walker.crossed is None or walker.machine_frame is None or last is None:
            return None
        if self._bits == 32:
            if not walker.machine_frame and self._left is not None:
                self._segmented = self._left.segmented
            return UserStart(walker.crossed, walker.machine_frame, False)
        return from_machine_frame(self._memory, walker.machine_frame, walker.crossed)

    def _by_trap_frame(self) -> UserStart | None:
        """User mode by the thread's own record, where unwinding did not get there."""
        address = self._thread.trap_frame
        trap = read_trap_frame(self._memory, address, self._bits) if address else None
        if trap is None and address and self._bits == 32:
            trap = segmented_trap(self._memory, address)
        return from_trap_frame(trap, self._bits) if trap is not None and trap.user else None

    def _in_user_mode(self, start: UserStart | None) -> Iterator[ThreadFrame]:
        if start is None:
            return
        segmented = self._segmented
        if start.trap_frame and self._bits == 32:
            segmented = read_segmented(self._memory, start.trap_frame)
        if segmented is not None:
            yield from self._in_segments(segmented, Trust.TRAP_FRAME if start.trap_frame else Trust.CONTEXT)
            return
        side = self._user()
        if isinstance(side, str):
            self._end(side if side.startswith("page-directory:") else Stop.NO_CONTEXT.value, side)
            return
        trust = Trust.TRAP_FRAME if start.trap_frame else Trust.CONTEXT
        if start.wow64 and side.code32 is not None:
            yield from self._in_32_bit_code(side, _narrow(start.registers), trust)
            return
        bounds = self._stack_in_teb(side.memory, self._bits)
        ranges = bounds if _holds(bounds, start.registers.sp) else ()
        walker = Walker(side.memory, side.code, ranges, function_at=side.function_at)
        found = list(walker.frames(start.registers, trust))
        self._end(walker.stop.value, walker.text)
        stack = bounds[0] if bounds else (0, 0)
        yield from self._held(held_frames(self._shadow, USER, found, side.memory, side.code, stack))
        if side.code32 is not None and self._thread.teb:
            context = wow64_context(side.memory, self._thread.teb)
            if context is not None:
                yield from self._in_32_bit_code(side, context, Trust.WOW64_CONTEXT)

    def _in_segments(self, registers: SegmentedRegisters, trust: Trust) -> Iterator[ThreadFrame]:
        """Virtual-8086 mode, or code of an LDT: the first frame by its registers, the others by the BP chain."""
        side = self._user()
        memory = side.memory if isinstance(side, UserSide) else SegmentReader({})
        segment_of = (side.segment_of if isinstance(side, UserSide) else None) or (lambda _selector: None)
        walker = SegmentedWalker(memory, segment_of)
        first: Registers | None = from_names(32, registers.values)
        for found in walker.frames(registers):
            frame = Frame(found.linear_sp or 0, found.linear_ip or 0, trust, None, first)
            yield ThreadFrame(V86 if registers.virtual else LDT, frame, found, registers if first else None)
            trust, first = Trust.FRAME_POINTER, None
        self._end(walker.stop.value, walker.text if isinstance(side, UserSide) else side)

    def _in_32_bit_code(self, side: UserSide, registers: Registers, trust: Trust) -> Iterator[ThreadFrame]:
        assert side.code32 is not None
        bounds = wow64_stack(side.memory, self._thread.teb or 0)
        ranges = bounds if _holds(bounds, registers.sp) else ()
        walker = Walker(side.memory, side.code32, ranges, function_at=side.function_at32)
        for frame in walker.frames(registers, trust):
            yield ThreadFrame(WOW64, frame)
        self._end(walker.stop.value, walker.text)

    def _stack_in_teb(self, memory: MemoryReader, bits: int) -> Sequence[Range]:
        base_at, limit_at = _STACK_IN_TEB[bits]
        width = bits // 8
        teb = self._thread.teb or 0
        try:
            base, limit = (int.from_bytes(memory.read(teb + at, width), "little") for at in (base_at, limit_at))
        except ReadError:
            return ()
        return ((limit, base),) if 0 < limit < base else ()


def _holds(ranges: Sequence[Range], sp: int) -> bool:
    return any(low <= sp <= high for low, high in ranges)


def _narrow(registers: Registers) -> Registers:
    """The 32-bit view of registers that a 64-bit trap frame saved for 32-bit code."""
    general = tuple(None if value is None else value & 0xFFFFFFFF for value in registers.general[:8])
    return Registers(32, registers.ip & 0xFFFFFFFF, registers.sp & 0xFFFFFFFF, general, {}, True)
