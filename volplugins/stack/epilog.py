"""Epilogs of x64 functions: the few instructions that take a frame down, followed to the return.

Rules: Microsoft, "x64 prolog and epilog": an addition to the stack pointer, or its load from the frame register, then
pops of registers, then a return or a jump to another function. Encodings: Intel SDM volume 2.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.stack.plan import Plan

LONGEST = 96  # bytes: more pops than there are registers, and the return
_SIB_RSP = 0x24


def epilog_plan(code: bytes, rip: int, frame_register: int, is_tail: Callable[[int], bool]) -> Plan | None:
    """The plan if ``code``, the bytes at ``rip``, is the rest of an epilog; None where it is anything else.

    Args:
        frame_register: of the function; 0 for none.
        is_tail: whether a jump to this address leaves the function for good.
    """
    at, base, base_offset, depth = _release(code, frame_register)
    saves: list[tuple[int, int]] = []
    began = at > 0
    while True:
        register, length = _pop(code, at)
        if not length:
            break
        saves.append((register, depth))
        depth += 8
        at += length
        began = True
    popped = _return(code, at)
    if popped is None and not _jump(code, at, rip, began, is_tail):
        return None
    return Plan(base, base_offset, tuple(saves), (), depth, popped=popped or 0)


def _release(code: bytes, frame_register: int) -> tuple[int, int | None, int, int]:
    """The instruction that gives the fixed part of the frame back: (length, base register, base offset, depth)."""
    if code[:3] == b"\x48\x83\xc4" and len(code) > 3:
        return 4, None, 0, _signed(code[3:4])
    if code[:3] == b"\x48\x81\xc4" and len(code) > 6:
        return 7, None, 0, _signed(code[3:7])
    if frame_register and code[:2] in (b"\x48\x8d", b"\x49\x8d") and len(code) > 7:
        modrm = code[2]
        register = (modrm & 7) | (8 if code[0] & 1 else 0)
        form, target = modrm >> 6, modrm >> 3 & 7
        if target == 4 and register == frame_register and form in (1, 2):
            at = 4 if modrm & 7 == 4 else 3  # R12 needs a SIB byte
            if at == 4 and code[3] != _SIB_RSP:
                return 0, None, 0, 0
            width = 1 if form == 1 else 4
            return at + width, register, -_signed(code[at : at + width]), 0
    return 0, None, 0, 0


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


def _pop(code: bytes, at: int) -> tuple[int, int]:
    """Register and length of a pop, or length 0."""
    if at < len(code) and 0x58 <= code[at] < 0x60:
        return code[at] - 0x58, 1
    if at + 1 < len(code) and code[at] == 0x41 and 0x58 <= code[at + 1] < 0x60:
        return code[at + 1] - 0x50, 2
    return 0, 0


def _return(code: bytes, at: int) -> int | None:
    """Bytes of arguments that a return here takes along; None where there is no return."""
    if code[at : at + 1] == b"\xc3" or code[at : at + 2] == b"\xf3\xc3":
        return 0
    if code[at : at + 1] == b"\xc2" and len(code) >= at + 3:
        return int.from_bytes(code[at + 1 : at + 3], "little")
    return None


def _jump(code: bytes, at: int, rip: int, began: bool, is_tail: Callable[[int], bool]) -> bool:
    """Whether a jump here is a tail call: through memory or a register after a release, or to another function."""
    if code[at : at + 1] == b"\xeb" and len(code) >= at + 2:
        return is_tail(rip + at + 2 + _signed(code[at + 1 : at + 2]))
    if code[at : at + 1] == b"\xe9" and len(code) >= at + 5:
        return is_tail(rip + at + 5 + _signed(code[at + 1 : at + 5]))
    indirect = code[at + 1 : at + 2] if code[at : at + 1] in (b"\x48", b"\x49", b"\x41") else code[at : at + 1]
    modrm_at = at + (2 if indirect != code[at : at + 1] or code[at : at + 1] in (b"\x48", b"\x49", b"\x41") else 1)
    if indirect != b"\xff" or len(code) <= modrm_at:
        return False
    modrm = code[modrm_at]
    through_pointer = modrm == 0x25
    through_register = modrm >> 3 == 0b11100
    return through_pointer or (through_register and began) or (through_register and code[at : at + 1] == b"\x48")
