"""From the kernel into user mode: the registers that a trap frame and the kernel's own frames give together.

A system call's trap frame holds RBX, RDI and RSI as user mode had them, and the dispatcher then uses those registers
itself; after a fault or an interrupt they are where the kernel's frames saved them, and the trap frame has none.
R12 to R15 are always the kernel's frames'.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader
from volplugins.stack.registers import NAMES_64, Registers, from_names
from volplugins.stack.trap_frame import TrapFrame, read_trap_frame

# distance of a trap frame from the machine frame that ends it (_KTRAP_FRAME.Rip)
_MACHINE_FRAME_AT = 0x168
_WOW64_CS = 0x23


@dataclass(frozen=True, slots=True)
class UserStart:
    """User mode's registers, the trap frame they are from, and whether the thread ran 32-bit code on x64."""

    registers: Registers
    trap_frame: int
    wow64: bool


def from_machine_frame(memory: MemoryReader, machine_frame: int, unwound: Registers) -> UserStart:
    """User mode's registers where unwinding has reached the processor's frame.

    Args:
        unwound: what unwinding gave: instruction and stack pointer of user mode, and the kernel's view of the rest.
    """
    address = machine_frame - _MACHINE_FRAME_AT
    trap = read_trap_frame(memory, address, 64)
    if trap is None or not trap.user:
        return UserStart(unwound, address, False)
    values = {name: value for name, value in zip(NAMES_64, unwound.general, strict=True) if value is not None}
    for name in set(NAMES_64) & set(trap.registers):
        values[name] = trap.registers[name]
    values |= {"rip": trap.ip, "rsp": trap.sp}
    return UserStart(from_names(64, values), address, trap.registers["cs"] == _WOW64_CS)


def from_trap_frame(trap: TrapFrame, bits: int) -> UserStart:
    """User mode's registers by the trap frame alone."""
    wow64 = bits == 64 and trap.registers["cs"] == _WOW64_CS
    return UserStart(from_names(bits, trap.registers), trap.address, wow64)
