"""Segment descriptors and gates as bytes (Intel SDM volume 3A, 3.4.5, 5.8.3, 6.11, 6.14.1, 8.2.2 and 8.2.3)."""

from __future__ import annotations

import struct

# access bytes: present, privilege, kind
CODE_0, DATA_0, CODE_3, DATA_3 = 0x9B, 0x93, 0xFB, 0xF3
TASK, BUSY_TASK, LOCAL_TABLE = 0x89, 0x8B, 0x82
INTERRUPT_GATE, TASK_GATE, CALL_GATE = 0x8E, 0x85, 0x8C
# flags in the upper half of the seventh byte: granularity of pages, 32-bit, 64-bit code
PAGES, WIDE, LONG = 0x80, 0x40, 0x20
_USER = 0x60  # privilege level 3


def segment(base: int, limit: int, access: int, flags: int = 0, wide: bool = False) -> bytes:
    """A descriptor.

    Args:
        limit: in bytes, or in pages where ``flags`` say so.
        wide: a system descriptor of long mode, which is twice as long.
    """
    low = struct.pack(
        "<HHBBBB",
        limit & 0xFFFF,
        base & 0xFFFF,
        base >> 16 & 0xFF,
        access,
        flags | limit >> 16 & 0xF,
        base >> 24 & 0xFF,
    )
    return low + struct.pack("<II", base >> 32, 0) if wide else low


def gate_64(target: int, selector: int = 0x10, kind: int = INTERRUPT_GATE, stack: int = 0, user: bool = False) -> bytes:
    """A gate of long mode; ``stack`` is the number of the interrupt stack in the TSS."""
    access = kind | (_USER if user else 0)
    return struct.pack(
        "<HHBBHII", target & 0xFFFF, selector, stack, access, target >> 16 & 0xFFFF, target >> 32, 0
    )  # fmt: skip


def gate_32(target: int, selector: int = 0x08, kind: int = INTERRUPT_GATE, user: bool = False) -> bytes:
    """A gate of 32 bits; a task gate has no target, and ``selector`` is that of its TSS."""
    access = kind | (_USER if user else 0)
    return struct.pack("<HHBBH", target & 0xFFFF, selector, 0, access, target >> 16 & 0xFFFF)
