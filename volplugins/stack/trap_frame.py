"""Trap frames: registers as the processor and the kernel saved them on the stack at a fault or interrupt.

Offsets: _KTRAP_FRAME of the public symbol tables; the members used here lie at the same place in every build
(x64: 7601 to 22000; x86: XP to Windows 7, and 10 but for the volatile registers). The last five words are pushed
by the processor itself (Intel SDM 3A, 6.12): instruction pointer, CS, flags, stack pointer, SS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.segmented import VIRTUAL_8086, read_segmented

_REGISTERS_64 = {
    "rax": 0x30, "rcx": 0x38, "rdx": 0x40, "r8": 0x48, "r9": 0x50, "r10": 0x58, "r11": 0x60, "rbx": 0x140,
    "rdi": 0x148, "rsi": 0x150, "rbp": 0x158, "rip": 0x168, "cs": 0x170, "efl": 0x178, "rsp": 0x180, "ss": 0x188,
}  # fmt: skip
_REGISTERS_32 = {"edi": 0x54, "esi": 0x58, "ebx": 0x5C, "ebp": 0x60, "eip": 0x68, "cs": 0x6C, "efl": 0x70}
_HARDWARE_32 = {"esp": 0x74, "ss": 0x78}
# what only a system call from user mode stores (x64), and what _KTRAP_FRAME.ExceptionActive is then: system calls write
# 2, interrupts 0, exceptions 1, and the latter leave in the three whatever was on the stack
_STORED_BY_SERVICE, _EXCEPTION_ACTIVE, _SERVICE_ACTIVE = ("rbx", "rdi", "rsi"), 0x2B, 2
# what no call keeps (Microsoft's x64 calling convention), a system call neither: user mode goes on with others
_VOLATILE = ("rax", "rcx", "rdx", "r8", "r9", "r10", "r11")
_SIZE = {64: 0x190, 32: 0x7C}
_IP_AT = {64: 0x168, 32: 0x68}
_KERNEL_CS = {64: (0x10,), 32: (0x08,)}
_USER_CS = {64: (0x33, 0x23), 32: (0x1B,)}
_STACK_SEGMENTS = {64: (0x18, 0x2B, 0x00), 32: ()}
_LARGEST_FLAGS = 1 << 22
_NEVER_SET = 0x8028  # bits 3, 5 and 15 of the flags (Intel SDM 1, 3.4.3)
# DbgEbp, DbgEip and DbgArgMark at the begin of an x86 frame, which its entry code fills in
_MARK = 0xBADB0D00


@dataclass(frozen=True, slots=True)
class TrapFrame:
    """A decoded trap frame, with the registers that the interrupted code goes on with, as far as they were stored.

    ``sp`` is the interrupted stack pointer; on x86 a fault in kernel mode pushes none, and it is the address just
    above the frame's flags. ``marked``: the kernel's own mark is in it (x86: DbgArgMark), with the copies of EBP and
    EIP that go with the mark.
    """

    address: int
    ip: int
    sp: int
    user: bool
    registers: Mapping[str, int]
    marked: bool = False


def decode_trap_frame(data: bytes, address: int, bits: int) -> TrapFrame | None:
    """Decode the frame whose bytes are ``data``; None where selectors and flags are not those of a trap frame."""
    if len(data) < _SIZE[bits]:
        return None
    width = bits // 8
    table = _REGISTERS_64 if bits == 64 else _REGISTERS_32
    registers = {name: int.from_bytes(data[at : at + width], "little") for name, at in table.items()}
    registers["cs"] &= 0xFFFF
    selector, flags = registers["cs"], registers["efl"] & 0xFFFF_FFFF
    if bits == 32 and flags & VIRTUAL_8086:  # its CS is no selector: segmented_trap reads it
        return None
    user = selector in _USER_CS[bits]
    if not (user or selector in _KERNEL_CS[bits]) or not flags & 2 or flags & _NEVER_SET or flags >= _LARGEST_FLAGS:
        return None
    if bits == 64:
        registers["ss"] &= 0xFFFF
        if registers["ss"] not in _STACK_SEGMENTS[64]:
            return None
        service = user and data[_EXCEPTION_ACTIVE] == _SERVICE_ACTIVE
        for name in _VOLATILE if service else _STORED_BY_SERVICE:
            del registers[name]
        return TrapFrame(address, registers["rip"], registers["rsp"], user, registers)
    sp = address + _HARDWARE_32["esp"]
    if user:
        for name, at in _HARDWARE_32.items():
            registers[name] = int.from_bytes(data[at : at + 4], "little")
        sp = registers["esp"]
    registers["esp"] = sp
    return TrapFrame(address, registers["eip"], sp, user, registers, _is_marked(data, registers))


def _is_marked(data: bytes, registers: Mapping[str, int]) -> bool:
    ebp, eip, mark = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4, 8))
    return mark == _MARK and (ebp, eip) == (registers["ebp"], registers["eip"])


def read_trap_frame(memory: MemoryReader, address: int, bits: int) -> TrapFrame | None:
    """Read and decode the frame at ``address``; None where it cannot be read or is none."""
    try:
        return decode_trap_frame(memory.read(address, _SIZE[bits]), address, bits)
    except ReadError:
        return None


def segmented_trap(memory: MemoryReader, address: int) -> TrapFrame | None:
    """A frame of x86 that virtual-8086 mode or code of an LDT left, its pointers as offsets; None where it is none."""
    found = read_segmented(memory, address)
    if found is None:
        return None
    return TrapFrame(address, found.offset, found.values["esp"], True, found.values)


def find_trap_frames(stack: bytes, base: int, bits: int) -> Iterator[TrapFrame]:
    """Every place of a stack's bytes that reads as a trap frame, from the lowest address upwards.

    Args:
        stack: bytes of the stack; ``base`` is the address of the first.
    """
    width = bits // 8
    first = -(-base // (2 * width)) * 2 * width - base if bits == 64 else 0
    selectors = {value.to_bytes(2, "little") for value in (*_KERNEL_CS[bits], *_USER_CS[bits])}
    for start in range(first, len(stack) - _SIZE[bits] + 1, 2 * width if bits == 64 else width):
        cs_at = start + _IP_AT[bits] + width
        if stack[cs_at : cs_at + 2] in selectors:
            frame = decode_trap_frame(stack[start : start + _SIZE[bits]], base + start, bits)
            if frame is not None:
                yield frame
