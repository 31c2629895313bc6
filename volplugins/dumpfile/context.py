"""CONTEXT records: the registers of a processor, for x86, AMD64 and ARM64.

Offsets: the CONTEXT structures of the Windows SDK (winnt.h), one table per machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

I386, AMD64, ARM64 = 0x14C, 0x8664, 0xAA64


@dataclass(frozen=True, slots=True)
class RegisterContext:
    """Registers of one processor.

    Attributes:
        machine: the image machine type (0x14c, 0x8664, 0xaa64).
        flags: ContextFlags.
        registers: value by name, in the order that WinDbg shows them.
        ip, sp, fp: instruction, stack and frame pointer.
    """

    machine: int
    flags: int
    registers: Mapping[str, int]
    ip: int
    sp: int
    fp: int


@dataclass(frozen=True, slots=True)
class _Layout:
    flags: int
    flag: int
    size: int
    registers: Mapping[str, tuple[int, int]]
    ip: str
    sp: str
    fp: str


_AMD64 = {
    name: (0x78 + 8 * at, 8)
    for name, at in zip(
        "rax rbx rcx rdx rsi rdi rip rsp rbp r8 r9 r10 r11 r12 r13 r14 r15".split(),
        (0, 3, 1, 2, 6, 7, 16, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15),
        strict=True,
    )
}
_I386 = {
    "eax": (0xB0, 4), "ebx": (0xA4, 4), "ecx": (0xAC, 4), "edx": (0xA8, 4), "esi": (0xA0, 4), "edi": (0x9C, 4),
    "eip": (0xB8, 4), "esp": (0xC4, 4), "ebp": (0xB4, 4), "cs": (0xBC, 2), "ss": (0xC8, 2), "ds": (0x98, 2),
    "es": (0x94, 2), "fs": (0x90, 2), "gs": (0x8C, 2), "efl": (0xC0, 4),
}  # fmt: skip
_LAYOUTS = {
    AMD64: _Layout(
        0x30,
        0x100000,
        0x100,
        {
            **_AMD64,
            **{name: (0x38 + 2 * at, 2) for at, name in enumerate(("cs", "ds", "es", "fs", "gs", "ss"))},
            "efl": (0x44, 4),
        },
        "rip",
        "rsp",
        "rbp",
    ),
    I386: _Layout(0x0, 0x10000, 0xCC, _I386, "eip", "esp", "ebp"),
    ARM64: _Layout(
        0x0,
        0x400000,
        0x110,
        {
            **{f"x{number}": (8 + 8 * number, 8) for number in range(29)},
            "fp": (0xF0, 8),
            "lr": (0xF8, 8),
            "sp": (0x100, 8),
            "pc": (0x108, 8),
            "cpsr": (0x4, 4),
        },
        "pc",
        "sp",
        "fp",
    ),
}


def register_places(machine: int) -> tuple[int, Mapping[str, tuple[int, int]]] | None:
    """Where a machine's CONTEXT keeps ContextFlags, and (offset, size) of each register; None for other machines."""
    layout = _LAYOUTS.get(machine)
    return (layout.flags, layout.registers) if layout is not None else None


# CONTEXT_i386, _AMD64, _ARM64 and their like; one record has just one of them
_ARCHITECTURES = 0xFF0000
_CONTROL = 1  # instruction and stack pointer are in the record


# where the kernel's half of the address space starts, by width of an address in bits
_KERNEL = {64: 0xFFFF800000000000, 32: 0x80000000}


def decode_context(data: bytes, machine: int, flagless: bool = False) -> RegisterContext | None:
    """Decode a CONTEXT record; None where it is cut, filler, or ContextFlags are another machine's or say no control.

    Args:
        data: the record from its start; 0x110 bytes at most are used.
        machine: the image machine type.
        flagless: for a record that is known to be one: flags of zero are let pass where both pointers are the kernel's.
    """
    layout = _LAYOUTS.get(machine)
    if layout is None or len(data) < layout.size:
        return None
    flags = int.from_bytes(data[layout.flags : layout.flags + 4], "little")
    lacking = flagless and not flags
    if not lacking and (flags & _ARCHITECTURES != layout.flag or not flags & _CONTROL):
        return None
    registers = {name: int.from_bytes(data[at : at + size], "little") for name, (at, size) in layout.registers.items()}
    found = RegisterContext(machine, flags, registers, registers[layout.ip], registers[layout.sp], registers[layout.fp])
    return found if not lacking or _in_kernel(found) else None


def _in_kernel(context: RegisterContext) -> bool:
    """Whether it can be that of a processor in the kernel; stacks there are aligned to an address."""
    bits = 32 if context.machine == I386 else 64
    first = _KERNEL[bits]
    return context.ip >= first and context.sp >= first and context.sp % (bits // 8) == 0
