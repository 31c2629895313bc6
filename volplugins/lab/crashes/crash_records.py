"""CONTEXT and EXCEPTION_RECORD as Windows keeps them (public symbol tables; winnt.h constants)."""

from __future__ import annotations

from collections.abc import Mapping

from volplugins.lab.machine.machine import Machine

CONTEXT_FULL_64, CONTEXT_FULL_32 = 0x10001F, 0x1003F
ACCESS_VIOLATION, BREAKPOINT = 0xC0000005, 0x80000003
_NAMES_64 = {
    "Rax": "rax", "Rcx": "rcx", "Rdx": "rdx", "Rbx": "rbx", "Rbp": "rbp", "Rsi": "rsi", "Rdi": "rdi",
    **{f"R{n}": f"r{n}" for n in range(8, 16)},
}  # fmt: skip
_NAMES_32 = {name.capitalize(): name for name in ("eax", "ecx", "edx", "ebx", "ebp", "esi", "edi")}


def context_record(machine: Machine, registers: Mapping[str, int], ip: int, sp: int, flags: int = 0x246) -> bytes:
    """The CONTEXT of kernel code at ``ip``."""
    context = machine.record("_CONTEXT")
    if machine.width == 8:
        context.fill(**{member: registers[name] for member, name in _NAMES_64.items()})
        context.fill(ContextFlags=CONTEXT_FULL_64, MxCsr=0x1F80, SegCs=0x10, SegDs=0x2B, SegEs=0x2B, SegFs=0x53,
                     SegGs=0x2B, SegSs=0x18, EFlags=flags, Rip=ip, Rsp=sp)  # fmt: skip
    else:
        context.fill(**{member: registers[name] for member, name in _NAMES_32.items()})
        context.fill(ContextFlags=CONTEXT_FULL_32, SegCs=0x8, SegDs=0x23, SegEs=0x23, SegFs=0x30, SegGs=0, SegSs=0x10,
                     EFlags=flags, Eip=ip, Esp=sp)  # fmt: skip
    return bytes(context.data)


def exception_record(machine: Machine, code: int, address: int, information: tuple[int, ...] = ()) -> bytes:
    """The EXCEPTION_RECORD of one exception; an access violation's information is (0 read or 1 write, address)."""
    record = machine.record("_EXCEPTION_RECORD")
    record.fill(ExceptionCode=code, ExceptionAddress=address, NumberParameters=len(information))
    for index, value in enumerate(information):
        record.set(f"ExceptionInformation[{index}]", value)
    return bytes(record.data)
