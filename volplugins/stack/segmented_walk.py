"""The stack of segmented code by its BP chain: each BP leads to the caller's, with a near or far return address above.

Nothing says which of the two it is: a call that ends at the address tells, or an odd BP, by which 16-bit Windows marks
frames that were called far (its prolog increments BP before it pushes it). Where neither does, the walk ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.frame import Stop
from volplugins.stack.segmented import SegmentedRegisters

MOST_FRAMES = 256
NEAR, FAR = "near", "far"
_LONGEST_CALL = 7
_CALL, _CALL_FAR, _GROUP_5, _PUSH_CS = 0xE8, 0x9A, 0xFF, 0x0E
_NEAR_IN_GROUP, _FAR_IN_GROUP = 2, 3  # reg field of the operand byte (Intel SDM 2, opcode group 5)
# lengths of a call through memory or a register: opcode, operand byte and displacement of none, 8, 16 or 32 bits
_GROUP_LENGTHS = (2, 3, 4, 6)


@dataclass(frozen=True, slots=True)
class Segment:
    """What a segment register holds: base, first and last offset, width of code or of the stack pointer in bits."""

    base: int
    first: int
    last: int
    width: int


def virtual_segment(selector: int) -> Segment:
    """A segment of real and virtual-8086 mode."""
    return Segment(selector << 4, 0, 0xFFFF, 16)


@dataclass(frozen=True, slots=True)
class SegmentedFrame:
    """One frame.

    Attributes:
        cs, ip, ss, sp, bp: selectors and offsets; linear_ip, linear_sp: None where the selector is no segment.
        note: how the frame was found.
    """

    cs: int
    ip: int
    ss: int
    sp: int
    bp: int
    linear_ip: int | None
    linear_sp: int | None
    note: str = ""


class SegmentedWalker:
    """Walks one stack.

    Args:
        memory: the process's address space.
        segment_of: the segment of a selector; None where it has none. Not asked in virtual-8086 mode.

    Attributes:
        stop, text: why the walk ended; set when the frames have been taken.
    """

    def __init__(self, memory: MemoryReader, segment_of: Callable[[int], Segment | None]) -> None:
        self._memory, self._segment_of = memory, segment_of
        self.stop, self.text = Stop.END_OF_STACK, ""

    def frames(self, registers: SegmentedRegisters) -> Iterator[SegmentedFrame]:
        """The frames, innermost first; the first is where the registers are."""
        if registers.virtual:
            self._segment_of = virtual_segment
        values = registers.values
        code, stack = self._segment_of(values["cs"]), self._segment_of(values["ss"])
        mask = 0xFFFF if stack is not None and stack.width == 16 else 0xFFFF_FFFF
        frame = self._frame(values["cs"], values["eip"], values["ss"], values["esp"] & mask, values["ebp"] & mask)
        yield frame
        if code is None or stack is None:
            which = f"CS {frame.cs:#x}" if code is None else f"SS {frame.ss:#x}"
            self._end(Stop.NO_CONTEXT, f"{which} is no segment: the LDT has no such entry")
            return
        for _ in range(MOST_FRAMES):
            following = self._caller(frame, stack, code.width // 8)
            if following is None:
                return
            yield following
            frame = following
            code = self._segment_of(frame.cs) or code
        self._end(Stop.LIMIT, f"more than {MOST_FRAMES} frames")

    def _frame(self, cs: int, ip: int, ss: int, sp: int, bp: int, note: str = "") -> SegmentedFrame:
        code, stack = self._segment_of(cs), self._segment_of(ss)
        return SegmentedFrame(cs, ip, ss, sp, bp, _linear(code, ip), _linear(stack, sp), note)

    def _end(self, stop: Stop, text: str = "") -> None:
        self.stop, self.text = stop, text

    def _caller(self, frame: SegmentedFrame, stack: Segment, width: int) -> SegmentedFrame | None:
        """The caller's frame; None where the chain ends, with the reason."""
        if frame.bp == 0:
            self._end(Stop.END_OF_STACK, "BP is zero")
            return None
        if frame.bp < frame.sp:
            self._end(Stop.NO_UNWIND_DATA, f"BP {frame.bp:#x} does not point above SP {frame.sp:#x}")
            return None
        words = self._read(stack, frame.bp, 3 * width)
        if isinstance(words, str):
            self._end(Stop.NOT_IN_DUMP if words else Stop.OUT_OF_BOUNDS, words or f"BP {frame.bp:#x} is beyond SS")
            return None
        saved, ip, cs = (int.from_bytes(words[at : at + width], "little") for at in range(0, 3 * width, width))
        if not saved and not ip:
            self._end(Stop.END_OF_STACK, "the return address and the BP before it are zero")
            return None
        kind, note = self._kind(frame.cs, saved, ip, cs & 0xFFFF)
        if not kind:
            self._end(Stop.NO_UNWIND_DATA, note)
            return None
        sp = frame.bp + (3 if kind == FAR else 2) * width
        bp = saved - 1 if width == 2 and saved & 1 else saved
        return self._frame(cs & 0xFFFF if kind == FAR else frame.cs, ip, frame.ss, sp, bp, note)

    def _kind(self, cs: int, saved: int, ip: int, far_cs: int) -> tuple[str, str]:
        """Near or far, and why; empty where nothing tells."""
        near, far = self._called(cs, ip, far_cs)
        if saved & 1:
            return FAR, "a far frame by its odd BP" + ("" if far else "; no far call ends there")
        if near and far:
            return NEAR, f"a call ends there, near or far: {far_cs:04x}:{ip:04x} if it is far"
        if near or far:
            return (FAR, "a far call ends there") if far else (NEAR, "a near call ends there")
        return "", f"no call ends at {cs:04x}:{ip:04x} (near) or {far_cs:04x}:{ip:04x} (far)"

    def _called(self, cs: int, ip: int, far_cs: int) -> tuple[bool, bool]:
        """Whether a near call ends at the offset in the same segment, and a far one in the other."""
        near_segment, far_segment = self._segment_of(cs), self._segment_of(far_cs)
        near = near_segment is not None and self._near(near_segment, ip)
        far = far_segment is not None and self._far(far_segment, ip, cs, far_cs)
        return near, far

    def _near(self, segment: Segment, ip: int) -> bool:
        code = self._before(segment, ip)
        direct = 1 + segment.width // 8
        return code[-direct : -direct + 1] == bytes([_CALL]) or _through(code, _NEAR_IN_GROUP)

    def _far(self, segment: Segment, ip: int, callee: int, caller: int) -> bool:
        """A far call that names the callee's segment or goes through memory; in its own segment also PUSH CS, CALL."""
        code = self._before(segment, ip)
        direct = 3 + segment.width // 8
        if code[-direct : -direct + 1] == bytes([_CALL_FAR]):
            return int.from_bytes(code[-2:], "little") == callee
        pushed = 2 + segment.width // 8
        if callee == caller and code[-pushed : -pushed + 2] == bytes([_PUSH_CS, _CALL]):
            return True
        return _through(code, _FAR_IN_GROUP)

    def _before(self, segment: Segment, ip: int) -> bytes:
        """The code before an offset, as much of it as there is."""
        for size in range(min(_LONGEST_CALL, ip), 1, -1):
            found = self._read(segment, ip - size, size)
            if isinstance(found, bytes):
                return found
        return b""

    def _read(self, segment: Segment, offset: int, size: int) -> bytes | str:
        """Bytes of a segment; empty text where they are beyond its limit, else why they cannot be read."""
        if not segment.first <= offset <= segment.last - size + 1:
            return ""
        address = segment.base + offset
        try:
            return self._memory.read(address, size)
        except ReadError as error:
            return f"{address:#x} cannot be read: {error.reason}"


def _linear(segment: Segment | None, offset: int) -> int | None:
    return (segment.base + offset) & 0xFFFF_FFFF if segment is not None else None


def segmented_text(frame: SegmentedFrame) -> str:
    """``f000:fff0``: where the frame is, as segment and offset."""
    return f"{frame.cs:04x}:{frame.ip:04x}"


def _through(code: bytes, kind: int) -> bool:
    """Whether a call through memory or a register ends the code: FF, and an operand byte of this kind."""
    return any(
        len(code) >= length and code[-length] == _GROUP_5 and code[-length + 1] >> 3 & 7 == kind
        for length in _GROUP_LENGTHS
    )
