"""A small x64 unwinder over ``.pdata`` and UNWIND_INFO, for checking that the lab's stacks fit its images.

Format: Microsoft, "x64 exception handling".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

Read = Callable[[int, int], bytes]
_NAMES = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))


def _word(read: Read, address: int) -> int:
    return int.from_bytes(read(address, 8), "little")


def _function(read: Read, base: int, rva: int) -> tuple[int, int] | None:
    """Begin and unwind information of the function at ``rva``."""
    header = base + struct.unpack("<I", read(base + 0x3C, 4))[0]
    start, size = struct.unpack("<II", read(header + 24 + 112 + 24, 8))
    for at in range(0, size, 12):
        begin, end, info = struct.unpack("<III", read(base + start + at, 12))
        if begin <= rva < end:
            return begin, info
    return None


def unwind(
    read: Read, bases: Iterable[tuple[int, int]], ip: int, registers: dict[str, int]
) -> tuple[int, dict[str, int]]:
    """The caller's instruction pointer and registers; ``bases`` are (start, end) of images."""
    base = next(start for start, end in bases if start <= ip < end)
    kept = dict(registers)
    found = _function(read, base, ip - base)
    if found is None:
        kept["rsp"] += 8
        return _word(read, kept["rsp"] - 8), kept
    begin, info = found
    _, prologue, count, register = read(base + info, 4)
    into = ip - base - begin
    codes = read(base + info + 4, 2 * count)
    if register and into >= prologue:
        kept["rsp"] = kept[_NAMES[register & 15]] - 16 * (register >> 4)
    at = 0
    while at < count:
        offset, code = codes[2 * at], codes[2 * at + 1]
        operation, extra = code & 15, code >> 4
        slots = 2 if operation == 1 else 1
        if into >= offset:
            if operation == 0:
                kept[_NAMES[extra]] = _word(read, kept["rsp"])
                kept["rsp"] += 8
            elif operation == 1:
                kept["rsp"] += 8 * struct.unpack_from("<H", codes, 2 * at + 2)[0]
            elif operation == 2:
                kept["rsp"] += 8 * extra + 8
            elif operation == 10:
                frame = kept["rsp"] + 8 * extra
                kept["rsp"] = _word(read, frame + 24)
                return _word(read, frame), kept
        at += slots
    kept["rsp"] += 8
    return _word(read, kept["rsp"] - 8), kept


def as_registers(frame: dict[str, Any]) -> dict[str, int]:
    """The registers that a frame of the truth states, with its stack pointer."""
    return {**frame["registers"], "rsp": frame["sp"]}
