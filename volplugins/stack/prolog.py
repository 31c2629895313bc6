"""How much of the stack a function takes, by its first instructions: for functions that nothing else describes.

Encodings: Intel SDM volume 2. Only what compilers put into prologs is followed; the first other instruction ends it, so
that the result is a lower bound of how far above the stack pointer the return address is.
"""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError

_LONGEST = 48
# bytes of an instruction without effect on the stack pointer, by its first bytes: register moves and saves
_PASSED_32 = ((b"\x8b\xff", 2),)
_PASSED_64 = (
    (b"\x48\x8b\xc4", 3), (b"\x48\x89\x5c\x24", 5), (b"\x48\x89\x6c\x24", 5), (b"\x48\x89\x74\x24", 5),
    (b"\x48\x89\x7c\x24", 5), (b"\x48\x89\x4c\x24", 5), (b"\x48\x89\x54\x24", 5), (b"\x4c\x89\x44\x24", 5),
    (b"\x4c\x89\x4c\x24", 5), (b"\x48\x89\x58", 4), (b"\x48\x89\x68", 4), (b"\x48\x89\x70", 4), (b"\x48\x89\x78", 4),
    (b"\x4c\x89\x40", 4), (b"\x4c\x89\x48", 4), (b"\x4c\x89\x70", 4), (b"\x4c\x89\x78", 4),
)  # fmt: skip


def prolog_depth(memory: MemoryReader, function: int, ip: int, bits: int) -> int:
    """Bytes that the prolog of the function that starts at ``function`` takes; 0 where it cannot be read.

    Args:
        ip: where the function is; what lies behind it has not run.
    """
    try:
        code = memory.read(function, min(_LONGEST, max(ip - function, 0)))
    except ReadError:
        return 0
    at = depth = 0
    while at < len(code):
        length, taken = _instruction(code[at:], bits)
        if not length or at + length > len(code):
            break
        at, depth = at + length, depth + taken
    return depth


def begins_prolog(code: bytes, bits: int) -> bool:
    """Whether the first instruction is one that compilers begin functions with."""
    return bool(code) and _instruction(code, bits)[0] > 0


def _instruction(code: bytes, bits: int) -> tuple[int, int]:
    """Length of a prolog's instruction and what it takes off the stack; length 0 for any other instruction."""
    width = bits // 8
    prefix = b"\x48" if bits == 64 else b""
    if code.startswith(prefix + b"\x83\xec") and len(code) > len(prefix) + 2:
        return len(prefix) + 3, code[len(prefix) + 2]
    if code.startswith(prefix + b"\x81\xec") and len(code) >= len(prefix) + 6:
        at = len(prefix) + 2
        return at + 4, int.from_bytes(code[at : at + 4], "little")
    if code[0] in (0x53, 0x55, 0x56, 0x57):
        return 1, width
    if bits == 64 and code[0] in (0x40, 0x41) and len(code) > 1 and 0x53 <= code[1] <= 0x57:
        return 2, width
    passed = _PASSED_64 if bits == 64 else _PASSED_32
    return next((length for begin, length in passed if code.startswith(begin)), 0), 0
