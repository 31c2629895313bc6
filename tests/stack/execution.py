"""Runs a compiled image under unicorn, one instruction at a time, with a shadow stack that knows every caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pefile
from unicorn import UC_ARCH_X86, UC_HOOK_CODE, UC_MODE_32, UC_MODE_64, Uc, x86_const

from volplugins.stack.registers import NAMES_32, NAMES_64

STACK, STACK_SIZE = 0x7000000, 0x200000
SENTINEL = 0x6660000
_GENERAL_64 = [getattr(x86_const, f"UC_X86_REG_{name.upper()}") for name in NAMES_64]
_GENERAL_32 = [getattr(x86_const, f"UC_X86_REG_{name.upper()}") for name in NAMES_32]
_XMM = [x86_const.UC_X86_REG_XMM0 + number for number in range(16)]


@dataclass(frozen=True)
class Caller:
    """What the function that runs must give back: the caller's next instruction, stack pointer and registers."""

    ip: int
    sp: int
    general: tuple[int, ...]
    xmm: tuple[int, ...]


class Execution:
    """One run of an image from its entry point on.

    Attributes:
        base, image: where it lies and its bytes as they lie in memory.
        callers: the shadow stack, innermost last.
    """

    def __init__(self, data: bytes, bits: int, base: int | None = None, stack: int = STACK) -> None:
        pe = pefile.PE(data=data)
        if base is not None:
            pe.relocate_image(base)
            pe.OPTIONAL_HEADER.ImageBase = base
        self.stack = stack
        self.bits, self.base = bits, pe.OPTIONAL_HEADER.ImageBase
        self.image = pe.get_memory_mapped_image()
        self.size = len(self.image) + 0xFFF & ~0xFFF
        self.engine = Uc(UC_ARCH_X86, UC_MODE_64 if bits == 64 else UC_MODE_32)
        self.engine.mem_map(self.base, self.size)
        self.engine.mem_write(self.base, self.image)
        self.engine.mem_map(stack, STACK_SIZE)
        self.engine.mem_map(SENTINEL & ~0xFFF, 0x1000)
        self._entry = self.base + pe.OPTIONAL_HEADER.AddressOfEntryPoint
        self._width = bits // 8
        self._registers = _GENERAL_64 if bits == 64 else _GENERAL_32
        self.callers: list[Caller] = []

    def read(self, address: int, size: int) -> bytes:
        """Memory, as a MemoryReader gives it."""
        return bytes(self.engine.mem_read(address, size))

    def general(self) -> tuple[int, ...]:
        return tuple(self.engine.reg_read(each) for each in self._registers)

    def xmm(self) -> tuple[int, ...]:
        return tuple(self.engine.reg_read(each) for each in _XMM) if self.bits == 64 else ()

    def run(self, at_each: Callable[[int], None]) -> int:
        """Run to the end, calling ``at_each`` before every instruction; gives how many there were."""
        steps = 0
        expected_return: int | None = None
        pending_call = False

        def step(_engine: Uc, address: int, size: int, _data: object) -> None:
            nonlocal steps, pending_call, expected_return
            if address == SENTINEL:
                return
            general = self.general()
            sp = general[4]
            if pending_call:
                back = int.from_bytes(self.read(sp, self._width), "little")
                self.callers.append(Caller(back, sp + self._width, general, self.xmm()))
            elif expected_return is not None:
                self.callers.pop()
            pending_call, expected_return = False, None
            code = self.read(address, size)
            at_each(address)
            steps += 1
            opcode = code.lstrip(b"\x40\x41\x48\x49")
            pending_call = code[:1] == b"\xe8" or (opcode[:1] == b"\xff" and opcode[1] >> 3 & 7 == 2)
            if code[:1] in (b"\xc3", b"\xc2") or code[:2] == b"\xf3\xc3":
                expected_return = sp

        sp = self.stack + STACK_SIZE - 0x1000 - self._width
        self.engine.mem_write(sp, SENTINEL.to_bytes(self._width, "little"))
        self.engine.reg_write(self._registers[4], sp)
        for number, register in enumerate(self._registers):
            if number != 4:
                self.engine.reg_write(register, 0x1111 * (number + 1))
        for number, register in enumerate(_XMM if self.bits == 64 else ()):
            self.engine.reg_write(register, 0x0101010101010101 * (number + 1))
        self.callers.append(Caller(SENTINEL, sp + self._width, self.general(), self.xmm()))
        self.engine.hook_add(UC_HOOK_CODE, step)
        self.engine.emu_start(self._entry, SENTINEL, timeout=60_000_000)
        return steps
