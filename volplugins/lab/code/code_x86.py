"""x86 code: functions with EBP frames, frameless ones, trap and system call entries.

Encodings: Intel SDM volume 2. A trap entry builds a _KTRAP_FRAME and keeps EBP and ESP at its start.
"""

from __future__ import annotations

import struct

from volplugins.lab.code.functions import Function, Item, MachineCode, filler

REGISTERS = ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi")
FILLER = (
    "8bc1", "33d2", "85c0", "0fb6c9", "8bd9", "8bf2", "8d4df8", "8945f4", "b801000000", "83c801", "8b450c", "33c9",
    "8b4dfc", "0fb7c0", "c1e803", "03c1", "8bce", "894df0", "f7d8", "90",
)  # fmt: skip
_INDIRECT = ("ffd0", "ffd3", "ff55f8", "ff548738")
# what a call of these takes from the stack, in words; every other function of the lab takes two
_ARGUMENTS = {"KeBugCheckEx": 5, "KeBugCheck2": 6, "KiSwapContext": 0, "SwapContext": 0}
_TRAP_ENTRY = bytes.fromhex(
    "55535657"  # push ebp, ebx, esi, edi
    "0fa0"  # push fs
    "bb30000000668ee3"  # mov ebx, 30h; mov fs, bx
    "648b1d00000000"  # mov ebx, fs:[0]
    "53"  # push ebx
    "83ec04505152"  # sub esp, 4; push eax, ecx, edx
    "1e060fa8"  # push ds, es, gs
    "83ec30"  # sub esp, 30h
    "8bec"  # mov ebp, esp
)
_SYSCALL_ENTRY = bytes.fromhex(
    "b923000000"  # mov ecx, 23h
    "6a300fa1"  # push 30h; pop fs
    "8ed98ec1"  # mov ds, ecx; mov es, ecx
    "648b0d40000000"  # mov ecx, fs:[40h]
    "8b6104"  # mov esp, [ecx+4]
    "6a2352"  # push 23h; push edx
    "9c6a02"  # pushfd; push 2
    "6a1b"  # push 1Bh
    "ff350403fe7f"  # push dword ptr [7FFE0304h]
    "6a00555356578bec"  # push 0, ebp, ebx, esi, edi; mov ebp, esp
)


def arguments_of(function: str) -> int:
    """How many words a function takes as arguments."""
    return _ARGUMENTS.get(function, 2)


def compile_x86(function: Function) -> MachineCode:
    """Instructions and call sites of one function."""
    code = MachineCode()
    if function.kind == "thunks":
        _thunks(function, code)
        return code
    _prologue(function, code.data)
    code.data += filler(function.name, FILLER, 3, 0)
    for number, item in enumerate(function.items, 1):
        _emit(function, item, number, code)
    _epilogue(function, code.data)
    return code


def stack_bytes(function: Function) -> int:
    """Bytes between the stack pointer in the body and the return address (or, for entries, the trap frame's size)."""
    if function.kind in ("leaf", "thunks"):
        return 0
    if function.kind in ("trap", "interrupt", "syscall"):
        return 0x74
    return function.frame + 4 * len(function.saves) + (4 if function.kind == "normal" else 0)


def _thunks(function: Function, code: MachineCode) -> None:
    """Ten bytes a vector: push its number, jump."""
    for vector in range(256):
        code.data += struct.pack("<BIBI", 0x68, vector, 0xE9, 0)
        code.fixups.append((len(code.data) - 4, "near", function.items[0].text))


def _emit(function: Function, item: Item, number: int, code: MachineCode) -> None:
    data = code.data
    if item.kind in ("near", "import", "indirect"):
        data += bytes((0x50, 0x51, 0x52, 0x53, 0x56, 0x57)[: arguments_of(item.label or item.text)])
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


def _prologue(function: Function, data: bytearray) -> None:
    if function.kind in ("trap", "interrupt"):
        data += (b"\x6a\x00" if function.kind == "interrupt" else b"") + _TRAP_ENTRY
        return
    if function.kind == "syscall":
        data += _SYSCALL_ENTRY
        return
    if function.kind == "leaf":
        return
    if function.kind == "normal":
        data += bytes.fromhex("8bff558bec")
    if function.frame:
        size = function.frame
        data += b"\x83\xec" + bytes([size]) if size < 0x80 else b"\x81\xec" + struct.pack("<I", size)
    data += bytes(0x50 + REGISTERS.index(register) for register in function.saves)


def _epilogue(function: Function, data: bytearray) -> None:
    if function.kind in ("trap", "interrupt", "syscall"):
        data += bytes.fromhex("8be55f5e5b5d83c404cf")
        return
    data += bytes(0x58 + REGISTERS.index(register) for register in reversed(function.saves))
    if function.kind == "normal":
        data += b"\xc9"
    elif function.kind == "naked" and function.frame:
        size = function.frame
        data += b"\x83\xc4" + bytes([size]) if size < 0x80 else b"\x81\xc4" + struct.pack("<I", size)
    data += b"\xc3" if function.kind == "leaf" else b"\xc2" + struct.pack("<H", 4 * arguments_of(function.name))
