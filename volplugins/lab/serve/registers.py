"""Registers as a debugger gets them: CONTEXT, control space and MSRs of each processor.

Facts: ReactOS's ``kdx64.c`` and ``kdx86.c``, ntoseye; members: public symbol tables; MSRs: Intel SDM volume 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.machine.snapshot import Cpu
from volplugins.lab.structures.notation import Record, Structures

CONTEXT_SIZE = {64: 0x4D0, 32: 0x2CC}
_TASK_SELECTOR = {64: 0x40, 32: 0x28}
DR6, DR7 = 0xFFFF0FF0, 0x400
_EFER_VALUE, _PAT_VALUE, _APIC_BASE = 0xD01, 0x0007010600070106, 0xFEE00900


@dataclass(frozen=True, slots=True)
class ProcessorFacts:
    """A processor of the served machine.

    Attributes:
        cpu: its registers, with the directory of the kernel where user code of a shadowed process was interrupted.
        prcb: address of its KPRCB.
        special: its KSPECIAL_REGISTERS.
        state: its KPROCESSOR_STATE, as the kernel saves it in the KPRCB when it stops.
    """

    cpu: Cpu
    prcb: int
    context: bytes
    special: bytes
    state: bytes


def processor_facts(structures: Structures, cpu: Cpu, prcb: int) -> ProcessorFacts:
    """What the kernel has of one processor while a debugger holds the machine."""
    context = cpu.context.ljust(CONTEXT_SIZE[structures.bits], b"\0")[: CONTEXT_SIZE[structures.bits]]
    special = _special(structures, cpu)
    state = Record(structures, "_KPROCESSOR_STATE").set("ContextFrame", context).set("SpecialRegisters", special)
    return ProcessorFacts(cpu, prcb, context, special, bytes(state.data))


def _special(structures: Structures, cpu: Cpu) -> bytes:
    record = Record(structures, "_KSPECIAL_REGISTERS")
    record.fill(Cr0=cpu.cr0, Cr2=cpu.cr2, Cr3=cpu.cr3, Cr4=cpu.cr4, KernelDr6=DR6, KernelDr7=DR7,
                Tr=_TASK_SELECTOR[structures.bits], Cr8=cpu.cr8, MsrGsBase=cpu.block, MsrGsSwap=cpu.teb)  # fmt: skip
    for name, (base, limit) in (("Gdtr", cpu.gdt), ("Idtr", cpu.idt)):
        record.set(f"{name}.Base", base).set(f"{name}.Limit", limit)
    return bytes(record.data)


def model_specific(cpu: Cpu, wide: bool, entry: int) -> dict[int, int]:
    """MSRs that the machine has, by number; ``entry`` is where system calls come in."""
    common = {0x10: 0x1F3A5C7E9B2, 0x1B: _APIC_BASE, 0x277: _PAT_VALUE, 0xC0000080: _EFER_VALUE}
    if not wide:
        return common | {0x174: 0x8, 0x175: 0, 0x176: entry, 0xC0000080: 0x800}
    return common | {
        0xC0000081: 0x0023001000000000, 0xC0000082: entry, 0xC0000084: 0x4700, 0xC0000100: 0,
        0xC0000101: cpu.block, 0xC0000102: cpu.teb,
    }  # fmt: skip
