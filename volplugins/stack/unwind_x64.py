"""One step of an x64 stack walk: from a frame's registers to its caller's, by the image's own unwind data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from volplugins.image.exception_directory import FunctionEntry, FunctionTable
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.epilog import LONGEST, epilog_plan
from volplugins.stack.found_starts import FoundStarts
from volplugins.stack.frame import Trust
from volplugins.stack.function_room import FunctionRoom
from volplugins.stack.plan import CannotUnwind, Left, Plan, leave, plan_of
from volplugins.stack.registers import Registers
from volplugins.stack.unwind_info import UnwindInfo, try_chain

_KEPT = 1 << 14


@dataclass(slots=True)
class CodeImage:
    """An image whose code may be on a stack, with what has been decoded of it so far.

    Attributes:
        functions: its exception directory; None where it has none or it is not in memory.
        code: relative virtual addresses of its executable sections: first and first above.
        room: what is kept of functions that the code itself shows; shared by all images of a scene.
    """

    base: int
    size: int
    view: ImageView
    functions: FunctionTable | None
    code: tuple[tuple[int, int], ...] = ()
    room: FunctionRoom = field(default_factory=FunctionRoom)
    _starts: FoundStarts | None = None
    _chains: dict[int, tuple[UnwindInfo, ...] | str] = field(default_factory=dict)
    _plans: dict[int, Plan] = field(default_factory=dict)

    def chain(self, entry: FunctionEntry) -> tuple[UnwindInfo, ...] | str:
        """The entry's unwind information, or why there is none."""
        found = self._chains.get(entry.begin)
        if found is None:
            if len(self._chains) >= _KEPT:
                self._chains.clear()
            found = self._chains[entry.begin] = try_chain(self.view, entry)
        return found

    def body_plan(self, entry: FunctionEntry, chain: tuple[UnwindInfo, ...]) -> Plan:
        """The plan behind the prolog."""
        plan = self._plans.get(entry.begin)
        if plan is None:
            if len(self._plans) >= _KEPT:
                self._plans.clear()
            plan = self._plans[entry.begin] = plan_of(chain, None)
        return plan

    def starts(self) -> Sequence[int]:
        """Where functions start by the code itself, for images that have no unwind data."""
        if self._starts is None:
            self._starts = self.room.starts(self.view, self.code)
        return self._starts.rvas

    @property
    def unsearched(self) -> int:
        """Bytes of code in which functions were not looked for, where they were looked for: there is too much of it."""
        return self._starts.unsearched if self._starts is not None else 0

    def code_at(self, rva: int, size: int) -> bytes:
        """Up to ``size`` bytes of code, as far as they are in memory."""
        size = min(size, self.size - rva)
        try:
            return self.view.read(rva, size)
        except ReadError as error:
            good = error.address - self.base - rva
            try:
                return self.view.read(rva, good) if 0 < good < size else b""
            except ReadError:
                return b""


class CodeMap(Protocol):
    """The code that a stack may run through."""

    def image_at(self, address: int) -> CodeImage | None:
        """The image that holds ``address``, or None."""
        ...  # pragma: no cover - a protocol has no body

    def holds(self, address: int) -> bool:
        """Whether ``address`` is in some image's code."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True, slots=True)
class Unwound:
    """The caller's frame, how it was found, and where the machine frame was that led to it, if one did."""

    registers: Registers
    trust: Trust
    machine_frame: int | None


def unwind(memory: MemoryReader, code: CodeMap, registers: Registers, is_return: bool) -> Unwound:
    """Leave the frame of ``registers``.

    Args:
        is_return: whether the instruction pointer is a return address. Its function is then looked up one byte
            before: a call that never returns may be the last instruction of its function, and the address behind it
            belongs to the next one. Such a place is never in a prolog or an epilog.

    Raises:
        CannotUnwind: with the reason.
    """
    image = code.image_at(registers.ip)
    if image is None:
        known = code.holds(registers.ip)
        why = "the headers of the image there are not in memory" if known else "no image holds the instruction pointer"
        raise CannotUnwind("no-unwind-data", why)
    if image.functions is None:
        raise CannotUnwind("no-unwind-data", "the image's exception directory is not there")
    rva = registers.ip - image.base
    entry = image.functions.find(rva - 1 if is_return else rva)
    if entry is None:
        if not image.functions.knows(rva):
            raise CannotUnwind("no-unwind-data", "the function's entry is not in memory")
        return _made(leave(memory, registers, Plan(None, 0, (), (), 0)), Trust.LEAF)
    chain = image.chain(entry)
    if isinstance(chain, str):
        raise CannotUnwind("no-unwind-data", f"unwind information of the function at {entry.begin:#x}: {chain}")
    plan = None if is_return else _at_edge(image, entry, chain, rva)
    return _made(leave(memory, registers, plan or image.body_plan(entry, chain)), Trust.UNWIND_INFO)


def _made(left: Left, trust: Trust) -> Unwound:
    return Unwound(left.registers, Trust.MACHINE_FRAME if left.machine_frame is not None else trust, left.machine_frame)


def _at_edge(image: CodeImage, entry: FunctionEntry, chain: tuple[UnwindInfo, ...], rva: int) -> Plan | None:
    """The plan inside of a prolog or an epilog; None in the body."""
    offset = rva - entry.begin
    if offset < chain[0].prolog_size:
        return plan_of(chain, offset)
    epilogs = chain[0].epilogs
    if epilogs is not None and chain[0].version == 2:
        distance = entry.end - rva
        if not any(end < distance <= start for start, end in epilogs):
            return None
    frame_register = next((info.frame_register for info in chain if info.frame_register), 0)

    def is_tail(target: int) -> bool:
        return _leaves_for_good(image, entry, target)

    return epilog_plan(image.code_at(rva, LONGEST), image.base + rva, frame_register, is_tail)


def _leaves_for_good(image: CodeImage, entry: FunctionEntry, target: int) -> bool:
    """Whether a jump to ``target`` is a tail call: to the begin of a function, and not to a part of this one."""
    rva = target - image.base
    if entry.begin < rva < entry.end:
        return False
    if image.functions is None or not 0 <= rva < image.size:
        return True
    found = image.functions.find(rva)
    if found is None:
        return True
    if rva != found.begin:
        return False
    chain = image.chain(found)
    return isinstance(chain, str) or chain[0].chained is None
