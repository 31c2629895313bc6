"""A processor's registers at one frame: those that are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# in the order in which instructions number them
NAMES_64 = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{number}" for number in range(8, 16)))
NAMES_32 = ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi")
RSP, RBP = 4, 5
# a call keeps these (Microsoft's x64 calling convention); all others are lost at a return
NONVOLATILE_64 = (3, 5, 6, 7, 12, 13, 14, 15)
NONVOLATILE_32 = (3, 5, 6, 7)

General = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Registers:
    """Instruction pointer, stack pointer and general registers.

    Attributes:
        bits: 32 or 64.
        ip, sp: instruction and stack pointer.
        general: by the processor's own numbers; None where not known. The place of the stack pointer is not used.
        xmm: those of XMM6 to XMM15 that are known, sixteen bytes each.
    """

    bits: int
    ip: int
    sp: int
    general: General
    xmm: Mapping[int, bytes]

    def named(self) -> dict[str, int]:
        """The known registers by name."""
        names = NAMES_64 if self.bits == 64 else NAMES_32
        found = {name: value for name, value in zip(names, self.general, strict=True) if value is not None}
        found[names[RSP]] = self.sp
        found["rip" if self.bits == 64 else "eip"] = self.ip
        return found


def from_names(bits: int, values: Mapping[str, int]) -> Registers:
    """Registers from a mapping that has at least the instruction and stack pointer; raises KeyError."""
    names = NAMES_64 if bits == 64 else NAMES_32
    general = tuple(values.get(name) for name in names)
    ip = values["rip" if bits == 64 else "eip"]
    return Registers(bits, ip, values[names[RSP]], general, {})
