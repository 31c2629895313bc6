"""The moment of the fault: registers as one record gives them, and what is missing of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from volplugins.dumpfile.context import RegisterContext
from volplugins.stack.frame import Trust
from volplugins.stack.registers import Registers
from volplugins.stack.trap_frame import TrapFrame

# an x64 trap frame of a fault or interrupt has no room for these, or leaves it unused: other code saves them elsewhere
NOT_IN_TRAP_FRAME = ("rbx", "rsi", "rdi", "r12", "r13", "r14", "r15")
_ORDER = "rax rbx rcx rdx rsi rdi rip rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 cs ss efl".split()


@dataclass(frozen=True, slots=True)
class Moment:
    """Registers at one instruction.

    Attributes:
        ip, sp, fp: instruction, stack and frame pointer; an instruction pointer of zero is a call to address zero.
        registers: those known, by name; ``missing``: those that the record does not hold and nothing else gives.
        trust, source: kind of record, and in words which it is and how it was found.
        context, trap_frame: the record's address, or None.
        task: selector of the task whose segment holds the registers (x86); 0 where they are from elsewhere.
        proved: whether more than the record's own looks leads to it (a parameter, the chain of frames, a link).
    """

    ip: int
    sp: int
    fp: int
    registers: Mapping[str, int]
    trust: Trust
    source: str
    context: int | None = None
    trap_frame: int | None = None
    missing: tuple[str, ...] = ()
    proved: bool = True
    task: int = 0


def of_context(context: RegisterContext, source: str, address: int | None = None, proved: bool = True) -> Moment:
    """By a context record."""
    return Moment(
        context.ip, context.sp, context.fp, context.registers, Trust.CONTEXT, source, address, proved=proved
    )  # fmt: skip


def of_trap_frame(trap: TrapFrame, source: str, unwound: Registers | None = None, proved: bool = True) -> Moment:
    """By a trap frame, with the registers that it does not hold as unwinding down to it gave them.

    Args:
        unwound: the interrupted frame's registers by unwinding; None where it was not reached so.
    """
    values = dict(trap.registers)
    missing: tuple[str, ...] = ()
    if "rip" in values:
        for name in NOT_IN_TRAP_FRAME:
            values.pop(name, None)
        known = unwound.named() if unwound is not None else {}
        values |= {name: known[name] for name in NOT_IN_TRAP_FRAME if name in known}
        missing = tuple(name for name in NOT_IN_TRAP_FRAME if name not in values)
        values = {name: values[name] for name in _ORDER if name in values}
    fp = values.get("ebp", values.get("rbp", 0))
    return Moment(trap.ip, trap.sp, fp, values, Trust.TRAP_FRAME, source, None, trap.address, missing, proved)
