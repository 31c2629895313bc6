"""Frames that the processor entered: what an interrupt or fault stopped, and who had called an address without code.

Layout of the pushed words: Intel SDM 3A, 6.12 (instruction pointer, CS, flags, and on x64 always stack pointer and SS).
"""

from __future__ import annotations

from dataclasses import replace

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.call_site import call_before
from volplugins.stack.frame import Frame, Trust
from volplugins.stack.registers import Registers, from_names
from volplugins.stack.trap_frame import TrapFrame
from volplugins.stack.unwind_x64 import CodeMap

_MACHINE_FRAME_AT = 0x168  # _KTRAP_FRAME.Rip


def from_trap_frame(trap: TrapFrame) -> Frame:
    """The frame that ``trap`` interrupted; without the registers that an x64 trap frame does not hold."""
    bits = 64 if "rip" in trap.registers else 32
    made = from_names(bits, trap.registers)
    pushed = trap.address + (_MACHINE_FRAME_AT if bits == 64 else 0)
    return Frame(made.sp, made.ip, Trust.TRAP_FRAME, None, made, pushed)


def caller_of_no_code(memory: MemoryReader, code: CodeMap, registers: Registers) -> Frame | None:
    """Who called an address in no code: the word at the stack pointer, as nothing has run there since the call.

    None where the address is in code, or that word is no return address.
    """
    if code.holds(registers.ip):
        return None
    width = registers.bits // 8
    try:
        ip = int.from_bytes(memory.read(registers.sp, width), "little")
    except ReadError:
        return None
    if not code.holds(ip):
        return None
    checked = call_before(memory, ip)
    if checked is False:
        return None
    sp = registers.sp + width
    return Frame(sp, ip, Trust.LEAF, checked, replace(registers, ip=ip, sp=sp))
