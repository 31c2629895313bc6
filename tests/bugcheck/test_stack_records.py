"""Trap frames and context records on a stack, told apart; the bytes are laid down by hand."""

from __future__ import annotations

import struct

from volplugins.bugcheck.scene.stack_records import find_contexts, kernel_trap_frames
from volplugins.memory.reader import SegmentReader

BASE32, BASE64 = 0x9A447000, 0xFFFFB88A00002000
CODE32, CODE64 = 0x82A00000, 0xFFFFF80000100000
SIZE = 0x1000


class Code:
    def __init__(self, base: int) -> None:
        self._base = base

    def holds(self, address: int) -> bool:
        return self._base <= address < self._base + 0x10000

    def image_at(self, _address: int) -> None:
        return None


def context32(eip: int, flags: int = 0x1003F) -> bytes:
    data = bytearray(0x2CC)
    struct.pack_into("<I", data, 0, flags)
    struct.pack_into("<IIIIII", data, 0xB4, BASE32 + 0x800, eip, 8, 0x10246, BASE32 + 0x700, 0x10)
    return bytes(data)


def trap32(eip: int, ebp: int, marked: bool = True) -> bytes:
    data = bytearray(0x7C)
    if marked:
        struct.pack_into("<III", data, 0, ebp, eip, 0xBADB0D00)
    struct.pack_into("<IIIII", data, 0x60, ebp, 0, eip, 8, 0x10246)
    return bytes(data)


def traps32(pieces: dict[int, bytes]) -> list[int]:
    stack = bytearray(SIZE)
    for at, data in pieces.items():
        stack[at : at + len(data)] = data
    reader = SegmentReader({BASE32: bytes(stack)})
    found = kernel_trap_frames(reader, Code(CODE32), bytes(stack), (BASE32, BASE32 + SIZE), 32)
    return [trap.address - BASE32 for trap in found]


def test_the_tail_of_an_x86_context_record_is_no_trap_frame() -> None:
    assert traps32({0x100: context32(CODE32 + 0x10)}) == []
    # without its ContextFlags it looks like one: the mark of true ones tells
    unflagged = context32(CODE32 + 0x10, 0)
    assert traps32({0x100: unflagged}) == [0x100 + 0x50]
    assert traps32({0x100: unflagged, 0x800: trap32(CODE32 + 0x20, BASE32 + 0x900)}) == [0x800]


def test_a_mark_with_other_copies_is_no_mark() -> None:
    false = bytearray(trap32(CODE32 + 0x20, BASE32 + 0x900))
    struct.pack_into("<I", false, 4, CODE32 + 0x999)
    assert traps32({0x200: bytes(false), 0x800: trap32(CODE32 + 0x20, BASE32 + 0x900)}) == [0x800]


def test_builds_without_marks_are_searched_all_the_same() -> None:
    assert traps32({0x800: trap32(CODE32 + 0x20, BASE32 + 0x900, marked=False)}) == [0x800]


def test_context_records_are_found_by_their_flags() -> None:
    stack = bytes(0x40) + context32(CODE32 + 0x10, 0x4001003F) + bytes(0x40)
    found = list(find_contexts(stack, BASE32, 32))
    assert [(each.address, each.context.ip) for each in found] == [(BASE32 + 0x40, CODE32 + 0x10)]
    assert not list(find_contexts(bytes(0x40) + context32(CODE32, 0x20003F) + bytes(0x40), BASE32, 32))


def trap64(rip: int, rsp: int) -> bytes:
    data = bytearray(0x190)
    struct.pack_into("<QQQQQ", data, 0x168, rip, 0x10, 0x10246, rsp, 0x18)
    return bytes(data)


def traps64(pieces: dict[int, bytes]) -> list[int]:
    stack = bytearray(SIZE)
    for at, data in pieces.items():
        stack[at : at + len(data)] = data
    code = b"\x90" * 0x10 + b"\xff\xd0" + b"\x90" * 0x100
    reader = SegmentReader({BASE64: bytes(stack), CODE64: code})
    found = kernel_trap_frames(reader, Code(CODE64), bytes(stack), (BASE64, BASE64 + SIZE), 64)
    return [trap.address - BASE64 for trap in found]


def test_an_x64_trap_frame_lies_below_the_stack_pointer_that_it_saved() -> None:
    assert traps64({0x100: trap64(CODE64 + 0x20, BASE64 + 0x290)}) == [0x100]
    assert traps64({0x100: trap64(CODE64 + 0x20, BASE64 + 0x298)}) == [0x100]
    assert traps64({0x100: trap64(CODE64 + 0x20, BASE64 + 0x600)}) == []
    assert traps64({0x100: trap64(CODE64 + 0x20, BASE64 + 0x200)}) == []
    assert traps64({0x100: trap64(CODE64 + 0x20, 0xFFFFB88A77770000)}) == [0x100]  # taken on another stack


def test_a_frame_outside_of_code_needs_its_caller() -> None:
    called = trap64(0, BASE64 + 0x290)
    assert traps64({0x100: called}) == []
    assert traps64({0x100: called, 0x290: struct.pack("<Q", CODE64 + 0x12)}) == [0x100]
