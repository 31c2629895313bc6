"""Registers in the notes of an ELF core: those that QEMU writes under the name QEMU.

Layout: QEMU's target/i386/arch_dump.c (structure QEMUCPUState, version 1): version and size, 18 general registers, ten
segments of 24 bytes, CR0 to CR4, and the other GS base.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from volplugins.imagefile.processor_state import ProcessorState, TableRegisters

_HEADER = struct.Struct("<III")  # size of the name, of the description, type
_GENERAL = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "efl",
)  # fmt: skip
_SEGMENTS = ("cs", "ds", "es", "fs", "gs", "ss", "ldt", "tr", "gdt", "idt")
_SEGMENT = struct.Struct("<IIIIQ")  # selector, limit, flags, padding, base
_STATE = 8 + 8 * len(_GENERAL) + _SEGMENT.size * len(_SEGMENTS) + 8 * 5
_MOST = 4096


def processors_of(notes: bytes) -> Iterator[ProcessorState]:
    """The processors that a PT_NOTE segment tells of."""
    number = 0
    for name, data in _notes(notes):
        if name == b"QEMU" and len(data) >= _STATE and int.from_bytes(data[:4], "little") == 1:
            yield _qemu(number, data)
            number += 1


def _notes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(_MOST):
        if at + _HEADER.size > len(data):
            return
        name_size, size, _ = _HEADER.unpack_from(data, at)
        name_at = at + _HEADER.size
        start = name_at + (name_size + 3) // 4 * 4
        at = start + (size + 3) // 4 * 4
        if at > len(data) + 3:
            return
        yield data[name_at : name_at + name_size].rstrip(b"\0"), data[start : start + size]


def _qemu(number: int, data: bytes) -> ProcessorState:
    values = struct.unpack_from(f"<{len(_GENERAL)}Q", data, 8)
    at = 8 + 8 * len(_GENERAL)
    rows = {name: _SEGMENT.unpack_from(data, at + place * _SEGMENT.size) for place, name in enumerate(_SEGMENTS)}
    at += _SEGMENT.size * len(_SEGMENTS)
    _, _, _, cr3, cr4 = struct.unpack_from("<5Q", data, at)
    other = int.from_bytes(data[at + 40 : at + 48], "little") if len(data) >= at + 48 else None
    registers = dict(zip(_GENERAL, values, strict=True))
    registers |= {name: rows[name][0] for name in ("cs", "ss", "ds", "es", "fs", "gs")}
    gdt, idt = ((rows[name][4], rows[name][1]) for name in ("gdt", "idt"))
    return ProcessorState(
        number, registers, cr3, cr4, rows["gs"][4], other, rows["fs"][4], rows["idt"][4], f"QEMU note {number}",
        TableRegisters(gdt, idt, rows["tr"][0] & 0xFFFF, rows["ldt"][0] & 0xFFFF),
    )  # fmt: skip
