"""Task state segments: of 16 and 32 bits (Intel SDM 3A, 8.2.1 and 8.6), and of long mode with its stacks (8.7)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

SIZE_16, SIZE_32, SIZE_64 = 0x2C, 0x68, 0x68
_NAMES_32 = (
    "eip", "eflags", "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
)  # fmt: skip
_NAMES_16 = ("ip", "flags", "ax", "cx", "dx", "bx", "sp", "bp", "si", "di")


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task's registers as they were when it was left, or a processor's stacks in long mode.

    Attributes:
        width: 16, 32 or 64.
        link: selector of the task before (not in long mode).
        stacks: stack pointers of rings 0 to 2; stack_segments: theirs (not in long mode).
        interrupt_stacks: IST1 to IST7, long mode only.
        registers: by name, with ``cr3`` in a TSS of 32 bits; none in long mode.
        segments: ``es``, ``cs``, ``ss``, ``ds`` and of 32 bits ``fs``, ``gs``.
        ldt: selector of the task's LDT.
        io_map: offset of the I/O permission map; None in a TSS of 16 bits.
    """

    width: int
    link: int
    stacks: tuple[int, ...]
    stack_segments: tuple[int, ...]
    interrupt_stacks: tuple[int, ...]
    registers: dict[str, int]
    segments: dict[str, int]
    ldt: int
    io_map: int | None

    @property
    def ip(self) -> int:
        """Where the task goes on; 0 in long mode."""
        return self.registers.get("eip", self.registers.get("ip", 0))


def decode_task_64(data: bytes) -> TaskState:
    """A TSS of long mode, of 0x68 bytes."""
    stacks = struct.unpack_from("<3Q", data, 4)
    return TaskState(64, 0, stacks, (), struct.unpack_from("<7Q", data, 0x24), {}, {}, 0, _word(data, 0x66))


def decode_task_32(data: bytes) -> TaskState:
    """A TSS of 32 bits, of 0x68 bytes."""
    stacks, segments = zip(*((_double(data, at), _word(data, at + 4)) for at in (4, 0xC, 0x14)), strict=True)
    registers = {"cr3": _double(data, 0x1C)}
    registers |= {name: _double(data, 0x20 + 4 * number) for number, name in enumerate(_NAMES_32)}
    names = ("es", "cs", "ss", "ds", "fs", "gs")
    selectors = {name: _word(data, 0x48 + 4 * number) for number, name in enumerate(names)}
    return TaskState(32, _word(data, 0), stacks, segments, (), registers, selectors, _word(data, 0x60),
                     _word(data, 0x66))  # fmt: skip


def decode_task_16(data: bytes) -> TaskState:
    """A TSS of 16 bits, of 0x2C bytes."""
    stacks, segments = zip(*((_word(data, at), _word(data, at + 2)) for at in (2, 6, 0xA)), strict=True)
    registers = {name: _word(data, 0xE + 2 * number) for number, name in enumerate(_NAMES_16)}
    selectors = {name: _word(data, 0x22 + 2 * number) for number, name in enumerate(("es", "cs", "ss", "ds"))}
    return TaskState(16, _word(data, 0), stacks, segments, (), registers, selectors, _word(data, 0x2A), None)


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _double(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")
