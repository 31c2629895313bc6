"""A machine frame in a walk of user mode (an exception's dispatcher has one) leads on, whatever its CS says."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from volplugins.image.exception_directory import FunctionTable
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import SegmentReader
from volplugins.stack.frame import Trust
from volplugins.stack.registers import from_names
from volplugins.stack.unwind_x64 import CodeImage
from volplugins.stack.walker import Walker

BASE, SIZE, STACK = 0x7FFB00000000, 0x4000, 0x14E000
CALLED, DISPATCHER, PROGRAM = 0x1000, 0x1100, 0x1200
ALLOC, MACHINE_FRAME = 2, 10  # UWOP_ALLOC_SMALL, UWOP_PUSH_MACHFRAME


def image() -> tuple[bytes, FunctionTable]:
    data = bytearray(b"\xcc" * SIZE)
    infos = {0x3000: [(4, ALLOC | 4 << 4)], 0x3010: [(4, ALLOC | 3 << 4), (0, MACHINE_FRAME)]}
    for at, codes in infos.items():
        data[at : at + 4] = bytes([1, 4, len(codes), 0])
        data[at + 4 : at + 4 + 2 * len(codes)] = bytes(byte for code in codes for byte in code)
    functions = [(CALLED, DISPATCHER, 0x3000), (DISPATCHER, PROGRAM, 0x3010), (PROGRAM, 0x1300, 0x3000)]
    table = b"".join(struct.pack("<III", *each) for each in functions)
    return bytes(data), FunctionTable(table, np.ones(len(table), bool), 0)


class Code:
    """The one image."""

    def __init__(self, memory: SegmentReader, table: FunctionTable) -> None:
        self._image = CodeImage(BASE, SIZE, ImageView(memory, BASE, SIZE), table, ((0x1000, 0x3000),))

    def image_at(self, address: int) -> CodeImage | None:
        return self._image if BASE <= address < BASE + SIZE else None

    def holds(self, address: int) -> bool:
        return BASE + 0x1000 <= address < BASE + 0x3000


@pytest.mark.parametrize("cs", [0x33, 0, 0x10, 0x1234])
def test_what_was_interrupted_is_shown(cs: int) -> None:
    data, table = image()
    stack = bytearray(0x1000)

    def put(at: int, *words: int) -> None:
        struct.pack_into(f"<{len(words)}Q", stack, at, *words)

    put(0x128, BASE + DISPATCHER + 0x50)
    put(0x150, BASE + PROGRAM + 0x50, cs, 0x246, STACK + 0x400, 0x2B)
    put(0x428, BASE + PROGRAM + 0x80)
    memory = SegmentReader({BASE: data, STACK: bytes(stack)})
    walker = Walker(memory, Code(memory, table), ((STACK, STACK + 0x1000),))
    start = from_names(64, {"rip": BASE + CALLED + 0x50, "rsp": STACK + 0x100})
    found = [frame.ip - BASE for frame in walker.frames(start, Trust.TRAP_FRAME)]
    assert found == [CALLED + 0x50, DISPATCHER + 0x50, PROGRAM + 0x50, PROGRAM + 0x80]
