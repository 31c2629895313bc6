"""GDT, IDT and TSS of each processor (Intel SDM volume 3A, chapters 3, 6 and 7; selectors: public symbol files)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from volplugins.lab.machine.machine import Machine

_GDT_64 = {
    0x10: 0x00209B0000000000, 0x18: 0x0040930000000000, 0x20: 0x00CFFB000000FFFF, 0x28: 0x00CFF3000000FFFF,
    0x30: 0x0020FB0000000000, 0x50: 0x0040F30000003C00,
}  # fmt: skip
_GDT_32 = {0x08: 0x00CF9B000000FFFF, 0x10: 0x00CF93000000FFFF, 0x18: 0x00CFFB000000FFFF, 0x20: 0x00CFF3000000FFFF}
_HANDLERS_64 = {
    0x00: "KiDivideErrorFault", 0x02: "KiNmiInterrupt", 0x03: "KiBreakpointTrap", 0x08: "KiDoubleFaultAbort",
    0x0D: "KiGeneralProtectionFault", 0x0E: "KiPageFault", 0x50: "KiInterruptDispatch",
    0xD1: "KiInterruptDispatchNoLockNoEtw",
}  # fmt: skip
_HANDLERS_32 = {
    0x02: "KiTrap02", 0x03: "KiTrap03", 0x0D: "KiTrap0D", 0x0E: "KiTrap0E", 0x93: "KiInterruptDispatch",
    0xD1: "KiClockInterrupt",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DescriptorTables:
    """Addresses of one processor's tables."""

    gdt: int
    tss: int
    idt: int


# which of the TSS's interrupt stacks (IST) a vector runs on; the other vectors stay on the stack they came on
INTERRUPT_STACKS = {0x08: 1, 0x02: 3}


def write_descriptor_tables(machine: Machine, pcr: int) -> DescriptorTables:
    """Make the tables of the processor whose KPCR is at ``pcr``."""
    gdt = machine.system_block(0x2000)
    tables = DescriptorTables(gdt, gdt + 0x400, gdt + 0x1000)
    wide = machine.width == 8
    for selector, descriptor in (_GDT_64 if wide else _GDT_32).items():
        machine.write(gdt + selector, struct.pack("<Q", descriptor))
    machine.write(gdt + (0x40 if wide else 0x28), _segment(tables.tss, 0x67, 0x8B, 0, wide))
    if not wide:
        machine.write(gdt + 0x30, _segment(pcr, 1 if machine.profile.build < 6000 else 0x3748, 0x93, 0xC0, wide))
    for vector, name in (_HANDLERS_64 if wide else _HANDLERS_32).items():
        entry = _gate(machine.symbol("nt!" + name), INTERRUPT_STACKS.get(vector, 0) if wide else None)
        machine.write(tables.idt + vector * len(entry), entry)
    return tables


def _segment(base: int, limit: int, access: int, flags: int, wide: bool) -> bytes:
    """A descriptor with a base; system descriptors of x64 are twice as long."""
    low = struct.pack("<HHBBBB", limit & 0xFFFF, base & 0xFFFF, base >> 16 & 0xFF, access, flags, base >> 24 & 0xFF)
    return low + struct.pack("<II", base >> 32, 0) if wide else low


def write_interrupt_stacks(machine: Machine, tables: DescriptorTables, tops: Mapping[int, int]) -> None:
    """The TSS of an x64 processor: where each of its interrupt stacks begins, by number."""
    tss = machine.record("_KTSS64").fill(IoMapBase=0x68)
    for number, top in tops.items():
        tss.set(f"Ist[{number}]", top)
    machine.write(tables.tss, tss.data)


def _gate(handler: int, interrupt_stack: int | None) -> bytes:
    """An interrupt gate to a handler in the kernel's code segment; ``interrupt_stack`` is None on x86."""
    if interrupt_stack is not None:
        kind = 0x8E00 | interrupt_stack
        return struct.pack("<HHHHII", handler & 0xFFFF, 0x10, kind, handler >> 16 & 0xFFFF, handler >> 32, 0)
    return struct.pack("<HHHH", handler & 0xFFFF, 0x08, 0x8E00, handler >> 16)
