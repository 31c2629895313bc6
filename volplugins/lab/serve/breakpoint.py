"""The breakpoint instruction at which a kernel stands that was broken into, executed again by a plain continue.

Facts: a break-in is answered inside DbgBreakPointWithStatus, by an ``int 3`` whose own address is reported; rizin's
doc/windbg.md and windpl have the debugger put the instruction pointer behind it before it continues.
"""

from __future__ import annotations

from volplugins.lab.serve.answers import SUCCESS, UNSUCCESSFUL, Answer, Request
from volplugins.lab.serve.registers import CONTEXT_SIZE
from volplugins.lab.serve.served_machine import ServedMachine

GET_CONTEXT, SET_CONTEXT, READ_VIRTUAL = 0x3132, 0x3133, 0x3130
INT3 = 0xCC
_PROGRAM_COUNTER = {64: (0xF8, 8), 32: (0xB8, 4)}


class Breakpoint:
    """The instruction under the current processor's instruction pointer, as a debugger sees and leaves it.

    The byte of the instruction is that of an ``int 3`` where it is read by virtual address, and nowhere else: memory
    stays as it is. ``moved`` is the context that a debugger has set, None where it set none.
    """

    def __init__(self, machine: ServedMachine) -> None:
        self._machine = machine
        self.moved: bytes | None = None
        self._bits = 64 if machine.wide else 32

    @property
    def address(self) -> int:
        """Where the instruction is."""
        return self._counter(self._machine.processors[self._machine.current].context)

    def runs_into_it(self) -> bool:
        """Whether a continue executes it again; what a debugger set holds for one stop."""
        moved, self.moved = self.moved, None
        return moved is None or self._counter(moved) == self.address

    def answer(self, request: Request, usual: Answer) -> Answer:
        """The answer to a request in place of the usual one."""
        if request.processor != self._machine.current:
            return usual
        if request.api == SET_CONTEXT:
            whole = len(request.data) >= CONTEXT_SIZE[self._bits]
            self.moved = request.data if whole else self.moved
            return Answer(SUCCESS if whole else UNSUCCESSFUL, request.union)
        if request.api == GET_CONTEXT and self.moved is not None:
            return Answer(SUCCESS, request.union, self.moved)
        if request.api == READ_VIRTUAL:
            return Answer(usual.status, usual.union, self._with_instruction(request.operand, usual.data))
        return usual

    def _with_instruction(self, start: int, data: bytes) -> bytes:
        at = self.address - (start & ((1 << self._bits) - 1))
        return data[:at] + bytes([INT3]) + data[at + 1 :] if 0 <= at < len(data) else data

    def _counter(self, context: bytes) -> int:
        at, width = _PROGRAM_COUNTER[self._bits]
        return int.from_bytes(context[at : at + width], "little")
