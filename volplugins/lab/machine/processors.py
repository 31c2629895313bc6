"""KPCR and KPRCB of each processor: current thread, saved context, special registers."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.machine.descriptor_tables import (
    DescriptorTables,
    write_descriptor_tables,
    write_interrupt_stacks,
)
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.snapshot import Cpu
from volplugins.lab.structures.notation import Record

_STACKS = 0x80000  # from where the kernel's own pages begin: the processors' stacks
_STACK_FRAMES = 0x110  # page frames below those that are handed out to everything else


@dataclass(frozen=True, slots=True)
class ProcessorStacks:
    """Where each of a processor's own stacks begins (its highest address): see :func:`_give_stacks`."""

    dpc: int
    isr: int
    exception: int
    double_fault: int
    nmi: int


@dataclass(frozen=True, slots=True)
class Processor:
    """One processor: addresses of its KPCR and KPRCB."""

    number: int
    pcr: int
    prcb: int
    tables: DescriptorTables
    stacks: ProcessorStacks


@dataclass(frozen=True, slots=True)
class ProcessorStatus:
    """What a processor was doing: threads as addresses, its CONTEXT, CR3, CR2 and IRQL.

    ``saved`` says that the processor's block holds this: Windows saves it there when it stops, not while it runs.
    ``teb`` is the current thread's, ``user`` says that it executes user code.
    """

    current_thread: int
    idle_thread: int
    context: bytes
    cr3: int
    cr2: int
    irql: int
    saved: bool = True
    teb: int = 0
    user: bool = False


def place_processors(machine: Machine, count: int = 2) -> list[Processor]:
    """Give every processor its block (whole pages) and list them in KiProcessorBlock."""
    member = "Prcb" if machine.width == 8 else "PrcbData"
    processors = []
    for number in range(count):
        pcr = _processor_page(machine, number)
        prcb = pcr + machine.structures.offset("_KPCR", member)
        tables = write_descriptor_tables(machine, pcr)
        processors.append(Processor(number, pcr, prcb, tables, _give_stacks(machine, tables, number)))
        machine.write_pointer(machine.symbol("nt!KiProcessorBlock") + number * machine.width, prcb)
    return processors


def _give_stacks(machine: Machine, tables: DescriptorTables, number: int) -> ProcessorStacks:
    """Map a processor's own stacks, each between unmapped pages; those of x86's task gates are left out.

    Deferred calls: every version. Interrupt services: Windows 8.1 and later. Exceptions: a member of KPRCB since
    build 19041. Double faults and NMIs: interrupt stacks of the x64 TSS. (Public symbol tables.)
    """
    size = machine.profile.stack_size
    start = machine.profile.system_bases[machine.base_index] + _STACKS + number * 5 * (size + 0x2000)

    def top(index: int, wanted: bool = True) -> int:
        if not wanted:
            return 0
        limit = start + index * (size + 0x2000)
        pages = size // 0x1000
        first = machine.memory.reserve(_STACK_FRAMES + (number * 5 + index) * pages, pages)
        machine.kernel.map(limit, size, "data", list(range(first, first + pages)))
        return limit + size

    wide, known = machine.width == 8, machine.structures
    stacks = ProcessorStacks(
        top(0), top(1, known.has("_KPRCB", "IsrStack")), top(2, known.has("_KPRCB", "ExceptionStack")), top(3, wide),
        top(4, wide),
    )  # fmt: skip
    if wide:
        write_interrupt_stacks(machine, tables, {1: stacks.double_fault, 3: stacks.nmi})
    return stacks


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
    if status.saved:
        prcb.set("ProcessorState.ContextFrame", status.context[: machine.structures.size("_CONTEXT")])
    prcb.fill(Context=processor.prcb + context_at, DpcStack=processor.stacks.dpc, IsrStack=processor.stacks.isr,
              ExceptionStack=processor.stacks.exception)  # fmt: skip
    _special_registers(machine, prcb, processor, status)
    machine.write(processor.prcb, prcb.data)
    machine.write(processor.pcr, _pcr(machine, processor, status))


def _special_registers(machine: Machine, prcb: Record, processor: Processor, status: ProcessorStatus) -> None:
    special = "ProcessorState.SpecialRegisters."
    cpu = cpu_of(machine, processor, status)
    # a running machine's block has them as they were when the processor was started, in System's directory
    cr2, cr3 = (cpu.cr2, cpu.cr3) if status.saved else (0, machine.kernel.directory)
    prcb.set(special + "Cr0", cpu.cr0).set(special + "Cr2", cr2).set(special + "Cr3", cr3)
    prcb.set(special + "Cr4", cpu.cr4)
    for name, (base, limit) in (("Gdtr", cpu.gdt), ("Idtr", cpu.idt)):
        prcb.set(f"{special}{name}.Base", base).set(f"{special}{name}.Limit", limit)
    prcb.set(special + "Tr", 0x40 if machine.width == 8 else 0x28)
    prcb.set(special + "KernelDr6", 0xFFFF0FF0).set(special + "KernelDr7", 0x400)
    if machine.width == 8:
        prcb.set(special + "Cr8", status.irql).set(special + "MsrGsBase", processor.pcr)


def cpu_of(machine: Machine, processor: Processor, status: ProcessorStatus) -> Cpu:
    """The processor's registers."""
    wide = machine.width == 8
    return Cpu(
        context=status.context,
        cr0=0x80050033,
        cr2=status.cr2,
        cr3=status.cr3,
        cr4=0x3506F8 if wide else 0x6F9 if machine.profile.mode.name == "pae" else 0x6D9,
        cr8=status.irql if wide else 0,
        gdt=(processor.tables.gdt, 0x57 if wide else 0x3FF),
        idt=(processor.tables.idt, 0xFFF if wide else 0x7FF),
        task=processor.tables.tss,
        block=processor.pcr,
        teb=status.teb,
        user=status.user,
    )


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
