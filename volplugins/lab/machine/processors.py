"""KPCR and KPRCB of each processor: current thread, saved context, special registers."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.machine.descriptor_tables import DescriptorTables, write_descriptor_tables
from volplugins.lab.machine.machine import Machine
from volplugins.lab.structures.notation import Record


@dataclass(frozen=True, slots=True)
class Processor:
    """One processor: addresses of its KPCR and KPRCB."""

    number: int
    pcr: int
    prcb: int
    tables: DescriptorTables


@dataclass(frozen=True, slots=True)
class ProcessorStatus:
    """What a processor was doing: threads as addresses, the CONTEXT saved at the crash, its CR3, CR2 and IRQL."""

    current_thread: int
    idle_thread: int
    context: bytes
    cr3: int
    cr2: int
    irql: int


def place_processors(machine: Machine, count: int = 2) -> list[Processor]:
    """Give every processor its block (whole pages) and list them in KiProcessorBlock."""
    member = "Prcb" if machine.width == 8 else "PrcbData"
    processors = []
    for number in range(count):
        pcr = _processor_page(machine, number)
        prcb = pcr + machine.structures.offset("_KPCR", member)
        processors.append(Processor(number, pcr, prcb, write_descriptor_tables(machine, pcr)))
        machine.write_pointer(machine.symbol("nt!KiProcessorBlock") + number * machine.width, prcb)
    return processors


def _processor_page(machine: Machine, number: int) -> int:
    """On x86 the first processor's block has a fixed address: 0xFFDFF000 on Windows XP."""
    size = machine.structures.size("_KPCR")
    if machine.profile.build < 6000 and number == 0:
        machine.kernel.map(0xFFDFF000, size, "data")
        return 0xFFDFF000
    return machine.system_block(size)


def write_processor(machine: Machine, processor: Processor, status: ProcessorStatus) -> None:
    """Fill in one processor's block."""
    prcb = machine.record("_KPRCB")
    prcb.fill(CurrentThread=status.current_thread, IdleThread=status.idle_thread, Number=processor.number,
              LegacyNumber=processor.number, MinorVersion=1, MajorVersion=1, MHz=2904, CpuType=6, CpuID=1,
              GroupSetMember=1 << processor.number, SetMember=1 << processor.number, InterruptCount=0x4F21A,
              KernelTime=0x31A0, UserTime=0x8F1, KeSystemCalls=0x21FEE3, MxCsr=0x1F80, GroupIndex=processor.number,
              VendorString=b"GenuineIntel\0", CpuStep=0x9E0A, RspBase=0)  # fmt: skip
    context_at = prcb.offset("ProcessorState.ContextFrame")
    prcb.set("ProcessorState.ContextFrame", status.context[: machine.structures.size("_CONTEXT")])
    prcb.fill(Context=processor.prcb + context_at)
    _special_registers(machine, prcb, processor, status)
    machine.write(processor.prcb, prcb.data)
    machine.write(processor.pcr, _pcr(machine, processor, status))


def _special_registers(machine: Machine, prcb: Record, processor: Processor, status: ProcessorStatus) -> None:
    special = "ProcessorState.SpecialRegisters."
    prcb.set(special + "Cr0", 0x80050033).set(special + "Cr2", status.cr2).set(special + "Cr3", status.cr3)
    prcb.set(
        special + "Cr4", 0x3506F8 if machine.width == 8 else 0x6F9 if machine.profile.mode.name == "pae" else 0x6D9
    )
    tables = processor.tables
    prcb.set(special + "Gdtr.Base", tables.gdt).set(special + "Gdtr.Limit", 0x57 if machine.width == 8 else 0x3FF)
    prcb.set(special + "Idtr.Base", tables.idt).set(special + "Idtr.Limit", 0xFFF if machine.width == 8 else 0x7FF)
    prcb.set(special + "Tr", 0x40 if machine.width == 8 else 0x28)
    prcb.set(special + "KernelDr6", 0xFFFF0FF0).set(special + "KernelDr7", 0x400)
    if machine.width == 8:
        prcb.set(special + "Cr8", status.irql).set(special + "MsrGsBase", processor.pcr)


def _pcr(machine: Machine, processor: Processor, status: ProcessorStatus) -> bytes:
    """The part of the KPCR in front of the KPRCB."""
    pcr = machine.record("_KPCR")
    pcr.fill(MajorVersion=1, MinorVersion=1, Irql=status.irql, StallScaleFactor=2904)
    tables = processor.tables
    if machine.width == 8:
        pcr.fill(GdtBase=tables.gdt, TssBase=tables.tss, Self=processor.pcr, CurrentPrcb=processor.prcb,
                 IdtBase=tables.idt, Used_Self=0)  # fmt: skip
        return bytes(pcr.data[: pcr.offset("Prcb")])
    pcr.fill(SelfPcr=processor.pcr, Prcb=processor.prcb, IDT=tables.idt, GDT=tables.gdt, TSS=tables.tss,
             Number=processor.number, SetMember=1 << processor.number,
             KdVersionBlock=machine.symbol("nt!KdVersionBlock"))  # fmt: skip
    return bytes(pcr.data[: pcr.offset("PrcbData")])
