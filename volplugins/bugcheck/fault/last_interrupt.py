"""Which of several trap frames is that of the interrupt that came last, where no parameter names the instruction.

An entry of the kernel keeps its trap frame in the frame pointer (x64: ``lea rbp,[rsp+80h]``; x86: ``mov ebp,esp``, as
every public disassembly of KiInterruptDispatch and KiTrap0E shows), and what it calls saves that register: the stack
that an interrupt came to holds a word that leads back to its trap frame, besides the link of an interrupt stack. So the
frame that the reporting stack leads to is the newest, and one that another interrupted stack leads to is older.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from enum import IntEnum
from struct import iter_unpack

from volplugins.kernel.processor_stacks import ProcessorStack
from volplugins.stack.scanner import Range
from volplugins.stack.trap_frame import TrapFrame

_FRAME_POINTER = {64: 0x80, 32: 0}  # from a trap frame to where its entry lets RBP or EBP point
# what can interrupt what: a deferred call a thread and the dispatch of its exception, a service all of these, an NMI or
# a double fault (stacks of the interrupt stack table) everything
_OVER = {"ExceptionStack": 1, "DpcStack": 2, "IsrStack": 3}
_OVER_ALL = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one stack, or of a part of it, and the trap frames in them, lowest first."""

    bounds: Range
    data: bytes
    traps: tuple[TrapFrame, ...] = ()


class Led(IntEnum):
    """From where something leads to a trap frame; the newest has the highest."""

    BY_ANOTHER = 0
    BY_NOTHING = 1
    BY_THE_REPORT = 2


@dataclass(frozen=True, slots=True)
class LastInterrupt:
    """The frame chosen.

    Attributes:
        led: what leads to it.
        alone: whether nothing else is as likely by what leads to it.
    """

    trap: TrapFrame
    bounds: Range
    led: Led
    alone: bool

    @property
    def proved(self) -> bool:
        """Whether the reporting stack leads to this frame, and to no other."""
        return self.led is Led.BY_THE_REPORT and self.alone


def last_interrupt(
    reporting: Piece, pieces: Sequence[Piece], own: Range, stacks: Sequence[ProcessorStack], bits: int
) -> LastInterrupt | None:
    """The newest of the trap frames in ``pieces``; None where there are none.

    Args:
        reporting: the stack of the bugcheck, from its stack pointer up; it may be one of ``pieces`` too.
        own: the crashing thread's stack, which everything else interrupts.
    """
    wanted = {at for piece in pieces for trap in piece.traps for at in _pointers(trap, bits)}
    reported = _found(reporting, wanted, bits)
    found = [(piece, _found(piece, wanted, bits)) for piece in pieces if piece.traps]
    holders = Counter(word for _, words in found for word in words)
    ranked: list[tuple[tuple[int, int, int], Led, TrapFrame, Range]] = []
    for piece, words in found:
        for trap in piece.traps:
            led = _led(_pointers(trap, bits), trap, reporting.bounds, reported, words, holders)
            ranked.append(((-led, -_order(trap.address, own, stacks), trap.address), led, trap, piece.bounds))
    if not ranked:
        return None
    _, led, trap, bounds = min(ranked, key=lambda candidate: candidate[0])
    return LastInterrupt(trap, bounds, led, sum(candidate[1] is led for candidate in ranked) == 1)


def _pointers(trap: TrapFrame, bits: int) -> tuple[int, int]:
    return trap.address, trap.address + _FRAME_POINTER[bits]


def _found(piece: Piece, wanted: Set[int], bits: int) -> Mapping[int, int]:
    """Those words of a piece that are wanted, and the lowest address of each."""
    width = bits // 8
    skipped = -piece.bounds[0] % width
    words = memoryview(piece.data)[skipped : skipped + (len(piece.data) - skipped) // width * width]
    found: dict[int, int] = {}
    for number, (word,) in enumerate(iter_unpack("<Q" if bits == 64 else "<I", words)):
        if word in wanted:
            found.setdefault(word, piece.bounds[0] + skipped + number * width)
    return found


def _led(
    pointers: tuple[int, int],
    trap: TrapFrame,
    reporting: Range,
    reported: Mapping[int, int],
    own: Mapping[int, int],
    holders: Mapping[int, int],
) -> Led:
    # what leads to a frame of the reporting stack itself lies below it: what lies above is older
    low, high = reporting
    before = trap.address if low <= trap.address < high else high
    if any(reported[pointer] < before for pointer in pointers if pointer in reported):
        return Led.BY_THE_REPORT
    if any(holders.get(pointer, 0) > (pointer in own) for pointer in pointers):
        return Led.BY_ANOTHER
    return Led.BY_NOTHING


def _order(address: int, own: Range, stacks: Sequence[ProcessorStack]) -> int:
    """How late a stack is entered: the thread's own first."""
    if own[0] <= address < own[1]:
        return 0
    kind = next((stack.kind for stack in stacks if stack.low <= address < stack.high), "DpcStack")
    return _OVER.get(kind, _OVER_ALL)
