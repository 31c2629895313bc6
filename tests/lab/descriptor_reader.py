"""Reads the tables of a made-up processor out of a snapshot, by the manual's drawings and nothing of the lab's."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.lab.machine_memory import kernel_bytes, pointer
from volplugins.lab.machine.snapshot import Snapshot

# KPCR: GdtBase, TssBase, IdtBase of x64; GDT, TSS, IDT of x86 (public symbol tables)
_PCR = {64: (0x00, 0x08, 0x38), 32: (0x3C, 0x40, 0x38)}


@dataclass(frozen=True, slots=True)
class Seen:
    """A descriptor: access byte, base and limit in bytes, and of a gate selector, target and interrupt stack."""

    access: int
    base: int
    limit: int
    selector: int
    target: int
    stack: int

    @property
    def is_segment(self) -> bool:
        return bool(self.access & 0x10)


class Tables:
    """One processor's."""

    def __init__(self, snapshot: Snapshot, pcr: int) -> None:
        self.snapshot, self.wide = snapshot, snapshot.bits == 64
        width = snapshot.bits // 8
        self.gdt, self.tss, self.idt = (pointer(snapshot, pcr + at) for at in _PCR[width * 8])

    def segment(self, selector: int) -> Seen:
        return self._seen(self.gdt + (selector & ~7))

    def gate(self, vector: int) -> Seen:
        return self._seen(self.idt + vector * (16 if self.wide else 8), gate=True)

    def word(self, address: int, size: int) -> int:
        return int.from_bytes(kernel_bytes(self.snapshot, address, size), "little")

    def _seen(self, address: int, gate: bool = False) -> Seen:
        low, high = struct.unpack("<II", kernel_bytes(self.snapshot, address, 8))
        access = high >> 8 & 0xFF
        limit = low & 0xFFFF | high & 0xF0000
        if high >> 23 & 1:
            limit = limit << 12 | 0xFFF
        base, target = low >> 16 | (high & 0xFF) << 16 | high & 0xFF000000, low & 0xFFFF | high & 0xFFFF0000
        if self.wide and (gate or not access & 0x10):
            upper = self.word(address + 8, 4) << 32
            base, target = base | upper, target | upper
        return Seen(access, base, limit, low >> 16, target, high & 7)
