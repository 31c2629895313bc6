"""A processor's registers at one frame: those that are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# in the order in which instructions number them
NAMES_64 = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{number}" for number in range(8, 16)))
NAMES_32 = ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi")
RSP, RBP = 4, 5
# first address that is not user mode's, by width of an address in bits
USER_LIMIT = {64: 1 << 47, 32: 0x80000000}
_KERNEL_CS, _USER_CS = {64: 0x10, 32: 0x8}, (0x33, 0x23, 0x1B)
_VIRTUAL_8086 = 1 << 17  # of the flags; always privilege level 3 (Intel SDM 3B, 21.3)
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
        user: whether CS says that they are of user mode; None where CS is not known.
    """

    bits: int
    ip: int
    sp: int
    general: General
    xmm: Mapping[int, bytes]
    user: bool | None = None

    def in_user_mode(self, user_end: int) -> bool:
        """Whether their code runs in user mode: by CS; without it, where both pointers lie below ``user_end``.

        An instruction pointer alone says nothing: the kernel may have called an address of user space, such as zero.
        """
        return max(self.ip, self.sp) < user_end if self.user is None else self.user

    def named(self) -> dict[str, int]:
        """The known registers by name."""
        names = NAMES_64 if self.bits == 64 else NAMES_32
        found = {name: value for name, value in zip(names, self.general, strict=True) if value is not None}
        found[names[RSP]] = self.sp
        found["rip" if self.bits == 64 else "eip"] = self.ip
        return found


def from_names(bits: int, values: Mapping[str, int]) -> Registers:
    """Registers from a mapping that has at least the instruction and stack pointer; raises KeyError.

    The mode is that of ``cs`` and, on x86, of ``efl``, where they are in it.
    """
    names = NAMES_64 if bits == 64 else NAMES_32
    general = tuple(values.get(name) for name in names)
    ip = values["rip" if bits == 64 else "eip"]
    virtual = bits == 32 and bool(values.get("efl", 0) & _VIRTUAL_8086)
    return Registers(bits, ip, values[names[RSP]], general, {}, virtual or user_by(bits, values.get("cs", 0)))


def user_by(bits: int, selector: int) -> bool | None:
    """Whether CS is one of user mode; None where it is none of Windows' (a record that lacks it, words that are none).

    Selectors: KGDT64_R0_CODE and KGDT_R0_CODE and their like of wdm.h; code of an LDT has privilege level 3.
    """
    selector &= 0xFFFF
    if selector == _KERNEL_CS[bits]:
        return False
    return True if selector in _USER_CS or (bits == 32 and selector & 7 == 7) else None
