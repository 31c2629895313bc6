"""One hostile stack walk: bytes of any kind become an image, its unwind data, a stack and registers."""

from __future__ import annotations

import struct

import numpy as np

from volplugins.image.exception_directory import FunctionTable
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import SegmentReader
from volplugins.stack.frame import Trust
from volplugins.stack.registers import Registers
from volplugins.stack.unwind_x64 import CodeImage
from volplugins.stack.walker import MAX_FRAMES, Walker

BASE = {64: 0xFFFFF80000000000, 32: 0x82000000}
STACK = {64: 0xFFFFD00000010000, 32: 0x9A000000}
USER_LIMIT = {64: 1 << 47, 32: 0x80000000}
SIZE = 0x2000


class HostileCode:
    """A code map of one image made of any bytes."""

    def __init__(self, memory: SegmentReader, data: bytes, bits: int) -> None:
        self._base = BASE[bits]
        rows = data[: len(data) // 12 * 12]
        table = FunctionTable(rows, np.ones(len(rows), dtype=bool)) if bits == 64 else None
        self._image = CodeImage(self._base, SIZE, ImageView(memory, self._base, SIZE), table)

    def image_at(self, address: int) -> CodeImage | None:
        return self._image if self.holds(address) else None

    def holds(self, address: int) -> bool:
        return self._base <= address < self._base + SIZE


def walk_hostile(data: bytes) -> int:
    """Walk a stack made of ``data``; gives the number of frames. Nothing may come out but that."""
    bits = 64 if not data or data[0] & 1 else 32
    width = bits // 8
    half = max(len(data) // 2, 1)
    image, words = bytearray(data[:half].ljust(64, b"\x90")), bytearray(data[half:].ljust(64, b"\0"))
    # make some words lead into the image or the stack itself, so that the walk goes on
    for at in range(0, len(words) - width, width):
        kind = words[at] % 5
        target = {0: BASE[bits] + words[at + 1] * 7 % SIZE, 1: STACK[bits] + words[at + 1] * width}.get(kind)
        if target is not None:
            words[at : at + width] = struct.pack("<Q" if bits == 64 else "<I", target)
    memory = SegmentReader({BASE[bits]: bytes(image[:SIZE]), STACK[bits]: bytes(words)})
    general = tuple(STACK[bits] + width * number for number in range(16 if bits == 64 else 8))
    registers = Registers(bits, BASE[bits] + image[1], STACK[bits], general, {})
    bounds = ((STACK[bits], STACK[bits] + len(words)),) if image[2] & 1 else ()
    function_at = (lambda address: address & ~0x3F) if image[2] & 2 else None
    walker = Walker(memory, HostileCode(memory, bytes(image), bits), bounds, USER_LIMIT[bits], MAX_FRAMES, function_at)
    frames = sum(1 for _ in walker.frames(registers, Trust.CONTEXT))
    assert 1 <= frames <= MAX_FRAMES
    assert walker.stop is not None
    return frames
