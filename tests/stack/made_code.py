"""Small images made of bytes, for walks over stacks whose truth is plain: code at places, calls between them."""

from __future__ import annotations

import struct
from collections.abc import Callable

from volplugins.image.image_view import ImageView
from volplugins.memory.reader import SegmentReader
from volplugins.stack.frame import Frame, Trust
from volplugins.stack.registers import RBP, Registers
from volplugins.stack.unwind_x64 import CodeImage
from volplugins.stack.walker import Walker

SIZE = 0x4000
BASES = {64: (0xFFFFF80000100000, 0xFFFFF80000200000), 32: (0x80500000, 0xF7000000)}
STACK = {64: 0xFFFFA00000001000, 32: 0xB1000000}
USER_LIMIT = {64: 1 << 47, 32: 0x80000000}


class MadeCode:
    """Two images full of padding, into which code is put; a code map.

    Attributes:
        first, second: their bases.
    """

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.first, self.second = BASES[bits]
        self._code = {base: bytearray(b"\xcc" * SIZE) for base in BASES[bits]}
        self._images: dict[int, CodeImage] = {}

    def put(self, address: int, code: bytes) -> int:
        """Put code at an address; gives the address behind it."""
        base = self._base(address)
        assert base is not None
        self._code[base][address - base : address - base + len(code)] = code
        return address + len(code)

    def call(self, at: int, target: int) -> int:
        """A direct call; gives its return address."""
        return self.put(at, b"\xe8" + struct.pack("<i", target - at - 5))

    def jump(self, at: int, target: int) -> int:
        """A direct jump; gives the address behind it."""
        return self.put(at, b"\xe9" + struct.pack("<i", target - at - 5))

    def memory(self, words: dict[int, int], size: int = 0x400, without: int | None = None) -> SegmentReader:
        """The images, but for the one at ``without``, and a stack of ``size`` bytes with words at offsets."""
        stack = bytearray(size)
        for at, value in words.items():
            stack[at : at + self.bits // 8] = value.to_bytes(self.bits // 8, "little")
        segments = {base: bytes(code) for base, code in self._code.items() if base != without}
        found = SegmentReader({**segments, STACK[self.bits]: bytes(stack)})
        for base in self._code:
            self._images[base] = CodeImage(base, SIZE, ImageView(found, base, SIZE), None, ((0, SIZE),))
        return found

    def image_at(self, address: int) -> CodeImage | None:
        base = self._base(address)
        return self._images[base] if base is not None else None

    def holds(self, address: int) -> bool:
        return self._base(address) is not None

    def walk(
        self,
        memory: SegmentReader,
        ip: int,
        *,
        ebp: int | None = None,
        size: int = 0x400,
        function_at: Callable[[int], int | None] | None = None,
        trust: Trust = Trust.CONTEXT,
    ) -> list[Frame]:
        """All frames from ``ip`` on, the stack pointer being at the stack's first word."""
        low = STACK[self.bits]
        general: list[int | None] = [None] * (16 if self.bits == 64 else 8)
        general[RBP] = ebp
        bounds = ((low, low + size),)
        walker = Walker(memory, self, bounds, USER_LIMIT[self.bits], function_at=function_at)
        return list(walker.frames(Registers(self.bits, ip, low, tuple(general), {}), trust, trust is not Trust.CONTEXT))

    def _base(self, address: int) -> int | None:
        return next((base for base in BASES[self.bits] if base <= address < base + SIZE), None)
