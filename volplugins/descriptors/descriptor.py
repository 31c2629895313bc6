"""Segment and system descriptors of 8 and 16 bytes (Intel SDM 3A, 3.4.5, 5.8.3, 6.11, 6.14.1, 8.2.2 and 8.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CODE, DATA, NULL, RESERVED = "code", "data", "null", "reserved"
LDT, TASK_GATE = "ldt", "task-gate"
# type of a system descriptor: its word, and the width of what it is for
_SYSTEM_32: Mapping[int, tuple[str, int]] = {
    1: ("tss", 16), 2: (LDT, 32), 3: ("tss", 16), 4: ("call-gate", 16), 5: (TASK_GATE, 32),
    6: ("interrupt-gate", 16), 7: ("trap-gate", 16), 9: ("tss", 32), 0xB: ("tss", 32), 0xC: ("call-gate", 32),
    0xE: ("interrupt-gate", 32), 0xF: ("trap-gate", 32),
}  # fmt: skip
_SYSTEM_64: Mapping[int, tuple[str, int]] = {
    2: (LDT, 64), 9: ("tss", 64), 0xB: ("tss", 64), 0xC: ("call-gate", 64), 0xE: ("interrupt-gate", 64),
    0xF: ("trap-gate", 64),
}  # fmt: skip
GATES = ("call-gate", TASK_GATE, "interrupt-gate", "trap-gate")
_BUSY = (0x3, 0xB)
LONG_MODE = 48  # from this many bits of addresses on, a processor runs in long mode


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a gate leads.

    Attributes:
        selector: of the code segment, or of a task gate's TSS; offset: in it, 0 in a task gate.
        interrupt_stack: number of the stack in the TSS (IST), long mode only; 0: the usual stack.
        parameters: words or double words that a call gate copies.
    """

    selector: int
    offset: int
    interrupt_stack: int = 0
    parameters: int = 0


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One descriptor.

    Attributes:
        raw: its 8 or 16 bytes as a number; size: in bytes.
        kind: ``code``, ``data``, ``tss``, ``ldt``, a gate, ``null`` (all zero) or ``reserved``.
        width: 16, 32 or 64: of a code segment's operands, a stack's pointer, a TSS or a gate.
        base, limit: of a segment; limit is the last offset in bytes after granularity. 0 in a gate.
        flags: words: ``read``, ``write``, ``execute``, ``conforming``, ``expand-down``, ``accessed``, ``busy``,
            ``pages`` (granularity of 4 KiB).
        notes: what a processor would refuse of it.
    """

    raw: int
    size: int
    kind: str
    width: int
    base: int
    limit: int
    dpl: int
    present: bool
    flags: tuple[str, ...]
    gate: Gate | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_segment(self) -> bool:
        """Whether a segment register may hold it."""
        return self.kind in (CODE, DATA)

    @property
    def type_word(self) -> str:
        """``code64``, ``data``, ``tss32``, ``interrupt-gate64``, ``task-gate``."""
        return self.kind if self.kind in (DATA, LDT, TASK_GATE, NULL, RESERVED) else f"{self.kind}{self.width}"

    @property
    def offsets(self) -> tuple[int, int]:
        """First and last offset that are within the segment; the first is above the last where none is."""
        if "expand-down" in self.flags:
            return self.limit + 1, 0xFFFF if self.width == 16 else 0xFFFF_FFFF
        return 0, self.limit


def is_canonical(address: int, virtual_bits: int) -> bool:
    """Whether the bits of an address above the highest that is translated all equal it."""
    return address >> (virtual_bits - 1) in (0, (1 << (65 - virtual_bits)) - 1)


def is_long_system(low: int, virtual_bits: int) -> bool:
    """Whether the eight bytes begin a descriptor of sixteen: a system descriptor of long mode."""
    return virtual_bits >= LONG_MODE and not low >> 44 & 1 and low >> 40 & 0xF in _SYSTEM_64


def decode_descriptor(data: bytes, virtual_bits: int) -> Descriptor:
    """The descriptor in ``data``.

    Args:
        data: 8 bytes, or the 16 of a system descriptor of long mode; of one that is cut the upper half is zero.
        virtual_bits: 32 outside of long mode, else 48 or 57.
    """
    low = int.from_bytes(data[:8], "little")
    if not low:
        return Descriptor(0, 8, NULL, 0, 0, 0, 0, False, ())
    if low >> 44 & 1:
        return _segment(low, virtual_bits >= LONG_MODE)
    return _system(low, data, virtual_bits)


def _segment(low: int, long_mode: bool) -> Descriptor:
    code, second, third, accessed = (bool(low >> bit & 1) for bit in (43, 42, 41, 40))
    pages, default, long_code = (bool(low >> bit & 1) for bit in (55, 54, 53))
    words = {
        "execute": code, "read": third or not code, "write": third and not code, "conforming": second and code,
        "expand-down": second and not code, "accessed": accessed, "pages": pages,
    }  # fmt: skip
    width = 64 if code and long_code and long_mode else 32 if default else 16
    notes = ("L and D are both set, which is reserved",) if width == 64 and default else ()
    flags = tuple(word for word, holds in words.items() if holds)
    base, limit = _base(low), _limit(low)
    return Descriptor(low, 8, CODE if code else DATA, width, base, limit, *_rights(low), flags, None, notes)


def _system(low: int, data: bytes, virtual_bits: int) -> Descriptor:
    long_mode = virtual_bits >= LONG_MODE
    number = low >> 40 & 0xF
    kind, width = (_SYSTEM_64 if long_mode else _SYSTEM_32).get(number, (RESERVED, 0))
    if kind == RESERVED:
        return Descriptor(low, 8, kind, 0, 0, 0, *_rights(low), (), None, (f"system type {number:#x} is reserved",))
    high = int.from_bytes(data[8:16], "little") if long_mode else 0
    size, raw = (16, high << 64 | low) if long_mode else (8, low)
    notes = ["its upper half lies beyond the table"] if len(data) < size else []
    if kind in GATES:
        gate = _gate(low, high, kind, width)
        if long_mode and not is_canonical(gate.offset, virtual_bits):
            notes.append(f"leads to {gate.offset:#x}, which is not canonical")
        return Descriptor(raw, size, kind, width, 0, 0, *_rights(low), (), gate, tuple(notes))
    base = _base(low) | (high & 0xFFFF_FFFF) << 32
    if long_mode and not is_canonical(base, virtual_bits):
        notes.append(f"base {base:#x} is not canonical")
    flags = [word for word, holds in (("busy", number in _BUSY), ("pages", low >> 55 & 1)) if holds]
    return Descriptor(raw, size, kind, width, base, _limit(low), *_rights(low), tuple(flags), None, tuple(notes))


def _gate(low: int, high: int, kind: str, width: int) -> Gate:
    selector = low >> 16 & 0xFFFF
    if kind == TASK_GATE:
        return Gate(selector, 0)
    offset = low & 0xFFFF
    if width > 16:
        offset |= (low >> 48 & 0xFFFF) << 16
    if width == 64:
        offset |= (high & 0xFFFF_FFFF) << 32
    if kind == "call-gate":
        return Gate(selector, offset, 0, low >> 32 & 0x1F if width < 64 else 0)
    return Gate(selector, offset, low >> 32 & 7 if width == 64 else 0)


def _base(low: int) -> int:
    return low >> 16 & 0xFF_FFFF | (low >> 56 & 0xFF) << 24


def _limit(low: int) -> int:
    limit = low & 0xFFFF | (low >> 48 & 0xF) << 16
    return limit << 12 | 0xFFF if low >> 55 & 1 else limit


def _rights(low: int) -> tuple[int, bool]:
    return low >> 45 & 3, bool(low >> 47 & 1)
