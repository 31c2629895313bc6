"""KPCR and KPRCB of each processor: current thread, saved context, special registers."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.machine.descriptor_tables import (
    TASK_32,
    TASK_64,
    DescriptorTables,
    limits,
    shadowed,
    write_descriptor_tables,
    write_interrupt_stacks,
)
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.snapshot import Cpu
from volplugins.lab.machine.task_states import TaskPlaces, place_tasks, write_tasks
from volplugins.lab.structures.notation import Record

_STACKS = 0x80000  # from where the kernel's own pages begin: the processors' stacks
_CHECK_STACKS, _CHECK_FRAMES = 0xE0000, 0x150  # those of machine checks
_STACK_FRAMES = 0x110  # page frames below those that are handed out to everything else


@dataclass(frozen=True, slots=True)
class ProcessorStacks:
    """Where each of a processor's own stacks begins (its highest address): see :func:`_give_stacks`."""

    dpc: int
    isr: int
    exception: int
    double_fault: int
    nmi: int
    machine_check: int = 0


@dataclass(frozen=True, slots=True)
class Processor:
    """One processor: addresses of its KPCR and KPRCB."""

    number: int
    pcr: int
    prcb: int
    tables: DescriptorTables
    stacks: ProcessorStacks
    tasks: TaskPlaces


@dataclass(frozen=True, slots=True)
class ProcessorStatus:
    """What a processor was doing: threads as addresses, its CONTEXT, CR3, CR2 and IRQL.

    ``saved`` says that the processor's block holds this: Windows saves it there when it stops, not while it runs.
    ``teb`` is the current thread's, ``user`` says that it executes user code. ``task`` is the selector of the TSS that
    it runs in where that is not the usual one, ``local_table`` that of the LDT.
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
    task: int = 0
    local_table: int = 0


def place_processors(machine: Machine, count: int = 2) -> list[Processor]:
    """Give every processor its block (whole pages) and list them in KiProcessorBlock."""
    member = "Prcb" if machine.width == 8 else "PrcbData"
    processors = []
    for number in range(count):
        pcr = _processor_page(machine, number)
        prcb = pcr + machine.structures.offset("_KPCR", member)
        tasks = place_tasks(machine, number)
        tables = write_descriptor_tables(machine, pcr, tasks.task)
        if tasks.task:
            write_tasks(machine, tables, tasks)
        processors.append(Processor(number, pcr, prcb, tables, _give_stacks(machine, tables, number), tasks))
        machine.write_pointer(machine.symbol("nt!KiProcessorBlock") + number * machine.width, prcb)
    return processors


def _give_stacks(machine: Machine, tables: DescriptorTables, number: int) -> ProcessorStacks:
    """Map a processor's own stacks, each between unmapped pages; those of x86's task gates are of task_states.py.

    Deferred calls: every version. Interrupt services: Windows 8.1 and later. Exceptions: a member of KPRCB since
    build 19041. Double faults, NMIs and machine checks: interrupt stacks of the x64 TSS. (Public symbol tables.)
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
        top(4, wide), _machine_check_stack(machine, number) if wide else 0,
    )  # fmt: skip
    if wide:
        tops = {1: stacks.double_fault, 2: stacks.machine_check, 3: stacks.nmi}
        write_interrupt_stacks(machine, tables, tops)
    return stacks


def _machine_check_stack(machine: Machine, number: int) -> int:
    pages = machine.profile.stack_size // 0x1000
    limit = machine.profile.system_bases[machine.base_index] + _CHECK_STACKS + number * 0x10000
    first = machine.memory.reserve(_CHECK_FRAMES + number * pages, pages)
    machine.kernel.map(limit, pages * 0x1000, "data", list(range(first, first + pages)))
    return limit + pages * 0x1000


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
    prcb.set(special + "Tr", status.task or (TASK_64 if machine.width == 8 else TASK_32))
    prcb.set(special + "Ldtr", status.local_table)
    prcb.set(special + "KernelDr6", 0xFFFF0FF0).set(special + "KernelDr7", 0x400)
    if machine.width == 8:
        prcb.set(special + "Cr8", status.irql).set(special + "MsrGsBase", processor.pcr)
        end = "Shadow" if shadowed(machine) else ""
        for name, value in {
            "MsrStar": 0x0023001000000000, "MsrLStar": machine.symbol(f"nt!KiSystemCall64{end}"),
            "MsrCStar": machine.symbol(f"nt!KiSystemCall32{end}"), "MsrSyscallMask": 0x4700,
        }.items():  # fmt: skip
            prcb.set(special + name, value)
        prcb.fill(ShadowFlags=int(shadowed(machine)))


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
        gdt=(processor.tables.gdt, limits(machine)[0]),
        idt=(processor.tables.idt, limits(machine)[1]),
        task=processor.tables.tasks.get(status.task, processor.tables.tss),
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
    pcr.fill(SelfPcr=processor.pcr, Prcb=processor.prcb, IDT=tables.idt, GDT=tables.gdt,
             TSS=tables.tasks.get(status.task, tables.tss), Number=processor.number, SetMember=1 << processor.number,
             KdVersionBlock=machine.symbol("nt!KdVersionBlock"))  # fmt: skip
    return bytes(pcr.data[: pcr.offset("PrcbData")])
