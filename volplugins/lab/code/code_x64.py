"""x64 code and its unwind information.

Encodings: Intel SDM volume 2. UNWIND_INFO and its codes: Microsoft, "x64 exception handling". The prologues of trap,
interrupt and system call entries are those that make a _KTRAP_FRAME of 0x190 bytes with RBP 0x80 bytes into it.
"""

from __future__ import annotations

import struct

from volplugins.lab.code.functions import Function, Item, MachineCode, filler

REGISTERS = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))
FILLER = (
    "8bc1", "4c8bc2", "33d2", "4885c0", "0fb6c9", "488bd9", "8bf2", "488d4c2420", "4889442420", "448bc0", "0f1f4000",
    "b801000000", "83c801", "488bcb", "4533c9", "85c0", "488b4c2430", "0fb7c0", "c1e803", "4803c1",
)  # fmt: skip
TRAP_FRAME_ALLOCATION = 0x158
_INDIRECT = ("ffd0", "41ffd2", "ff5040", "41ff54c070")

# RBP and its distance from the stack pointer in units of 16 bytes, as UNWIND_INFO has them
_FRAME_REGISTER = {"trap": 0x85, "interrupt": 0x85, "syscall": 0x85, "switch": 0x95, "onto": 0x05}

_PUSH_NONVOL, _ALLOC_LARGE, _ALLOC_SMALL, _SET_FPREG, _PUSH_MACHFRAME = 0, 1, 2, 3, 10
_SYSCALL_ENTRY = bytes.fromhex(
    "0f01f8"  # swapgs
    "654889242510000000"  # mov gs:[10h], rsp
    "65488b2425a8010000"  # mov rsp, gs:[1A8h]
    "6a2b"  # push 2Bh
    "65ff342510000000"  # push gs:[10h]
    "4153"  # push r11
    "6a33"  # push 33h
    "51"  # push rcx
    "498bca"  # mov rcx, r10
)


def compile_x64(function: Function) -> MachineCode:
    """Instructions, call sites and unwind information of one function."""
    code = MachineCode()
    if function.kind == "thunks":
        _thunks(function, code)
        return code
    codes = _prologue(function, code.data)
    if function.kind != "leaf":
        code.unwind = _unwind_info(len(code.data), codes, _FRAME_REGISTER.get(function.kind, 0))
    code.data += filler(function.name, FILLER, 3, 0)
    for number, item in enumerate(function.items, 1):
        _emit(function, item, number, code)
    _epilogue(function, code.data)
    return code


def stack_bytes(function: Function) -> int:
    """Bytes between the stack pointer in the body and the return address (or, for entries, the trap frame's size)."""
    if function.kind in ("leaf", "thunks"):
        return 0
    if function.kind in ("switch", "onto"):
        return 8
    if function.kind in ("trap", "interrupt", "syscall"):
        return 0x190
    return function.frame + 8 * len(function.saves)


def _thunks(function: Function, code: MachineCode) -> None:
    """Eight bytes a vector: push its number, as a signed byte, and RBP; jump (public symbol files: KiIsrThunk)."""
    for vector in range(256):
        code.data += bytes((0x6A, vector, 0x55, 0xE9, 0, 0, 0, 0))
        code.fixups.append((len(code.data) - 4, "near", function.items[0].text))


def _emit(function: Function, item: Item, number: int, code: MachineCode) -> None:
    data = code.data
    if item.kind == "near":
        data += b"\xe8" + bytes(4)
        code.fixups.append((len(data) - 4, "near", item.text))
    elif item.kind == "import":
        data += b"\xff\x15" + bytes(4)
        code.fixups.append((len(data) - 4, "import", item.text))
    elif item.kind == "indirect":
        data += bytes.fromhex(_INDIRECT[(len(function.name) + number) % len(_INDIRECT)])
    elif item.kind == "code":
        code.sites[item.label] = len(data)
        data += bytes.fromhex(item.text)
    elif item.kind == "symbol":
        code.symbols[item.text] = len(data)
    if item.kind in ("near", "import", "indirect"):
        code.sites[item.label] = len(data)
    if item.kind != "symbol":
        data += filler(function.name, FILLER, int(item.text) if item.kind == "filler" else 2, number)


def _prologue(function: Function, data: bytearray) -> list[tuple[int, int, int, int | None]]:
    """Write the prologue; gives unwind codes as (offset after, operation, info, extra word), first executed first."""
    codes: list[tuple[int, int, int, int | None]] = []
    if function.kind == "leaf":
        return codes
    if function.kind in ("trap", "interrupt", "syscall"):
        return _entry_prologue(function.kind, data)
    if function.kind == "switch":
        # RBP is the entry's, 80h bytes into the trap frame that lies just above the return address
        _allocate(8, data, codes)
        data += bytes.fromhex("488dac2490000000")  # lea rbp, [rsp+90h]
        codes.append((len(data), _SET_FPREG, 0, None))
        return codes
    if function.kind == "onto":
        data += b"\x55"  # push rbp
        codes.append((len(data), _PUSH_NONVOL, 5, None))
        data += bytes.fromhex("488bec")  # mov rbp, rsp
        codes.append((len(data), _SET_FPREG, 0, None))
        return codes
    for register in function.saves:
        number = REGISTERS.index(register)
        data += bytes([0x41] * (number > 7) + [0x50 + number % 8])
        codes.append((len(data), _PUSH_NONVOL, number, None))
    _allocate(function.frame, data, codes)
    return codes


def _entry_prologue(kind: str, data: bytearray) -> list[tuple[int, int, int, int | None]]:
    codes: list[tuple[int, int, int, int | None]] = []
    if kind == "syscall":
        data += _SYSCALL_ENTRY
    codes.append((len(data), _PUSH_MACHFRAME, int(kind == "trap"), None))
    if kind != "trap":
        _allocate(8, data, codes)
    data += b"\x55"
    codes.append((len(data), _PUSH_NONVOL, 5, None))
    _allocate(TRAP_FRAME_ALLOCATION, data, codes)
    data += bytes.fromhex("488dac2480000000")
    codes.append((len(data), _SET_FPREG, 0, None))
    return codes


def _allocate(size: int, data: bytearray, codes: list[tuple[int, int, int, int | None]]) -> None:
    data += b"\x48\x83\xec" + bytes([size]) if size < 0x80 else b"\x48\x81\xec" + struct.pack("<I", size)
    if size <= 0x80:
        codes.append((len(data), _ALLOC_SMALL, size // 8 - 1, None))
    else:
        codes.append((len(data), _ALLOC_LARGE, 0, size // 8))


def _unwind_info(prologue: int, codes: list[tuple[int, int, int, int | None]], frame_register: int) -> bytes:
    words = bytearray()
    for offset, operation, info, extra in reversed(codes):
        words += bytes([offset, operation | info << 4])
        if extra is not None:
            words += struct.pack("<H", extra)
    count = len(words) // 2
    return bytes([1, prologue, count, frame_register]) + words + bytes(2 * (count % 2))


def _epilogue(function: Function, data: bytearray) -> None:
    if function.kind in ("trap", "interrupt"):
        data += bytes.fromhex("488badd80000004881c4e80000000f01f848cf")
    elif function.kind == "switch":
        data += bytes.fromhex("488da570ffffff4883c408c3")
    elif function.kind == "onto":
        data += bytes.fromhex("488be55dc3")  # mov rsp, rbp; pop rbp; ret
    elif function.kind == "syscall":
        data += bytes.fromhex("0f01f8480f07")
    else:
        if function.kind == "normal":
            size = function.frame
            data += b"\x48\x83\xc4" + bytes([size]) if size < 0x80 else b"\x48\x81\xc4" + struct.pack("<I", size)
            for register in reversed(function.saves):
                number = REGISTERS.index(register)
                data += bytes([0x41] * (number > 7) + [0x58 + number % 8])
        data += b"\xc3"
