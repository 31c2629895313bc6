"""Where each processor has its tables: the KPCR's pointers, and the special registers saved when it stopped.

The KPCR's pointers are made when a processor is started. KPRCB.ProcessorState is written when a processor is frozen or
bugchecks; on one that never was it holds what it was started with, or zeros. A container may have saved the registers
themselves. All must agree (table_sources.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from volplugins.descriptors.table import TableRegister
from volplugins.descriptors.table_sources import CONTAINER, KPCR, SAVED, Said, register_of
from volplugins.kernel.descriptor_layouts import GateLayouts
from volplugins.kernel.processors import Processor
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Structure, read_structure

# KPCR.Prcb and KPCR.PrcbData, in every build (public symbol tables)
_PRCB_IN_PCR = {64: 0x180, 32: 0x120}
# limits that Windows gives its tables: GDT and IDT
USUAL_GDT = {64: (0x57, 0x6F, 0x7F), 32: (0x3FF,)}
USUAL_IDT = {64: 0xFFF, 32: 0x7FF}
USUAL_TASK = {64: 0x40, 32: 0x28}  # selector of the TSS
_MSRS = ("MsrStar", "MsrLStar", "MsrCStar", "MsrSyscallMask", "MsrGsBase", "MsrGsSwap")


@dataclass(frozen=True, slots=True)
class ProcessorTables:
    """One processor's tables and registers.

    Attributes:
        number: the kernel's number of it; None where that is not known. prcb: its KPRCB.
        gdt, idt: None where nothing says where they are.
        task: address of its TSS by the KPCR, 0 where that is not known; task_selector, ldt_selector: TR and LDTR.
        registers: MSRs that were saved and are not zero, by their name in KSPECIAL_REGISTERS.
        shadow: whether KPRCB says that kernel addresses are shadowed (KVA shadow); None where it does not say.
        notes: what could not be had.
    """

    number: int | None
    prcb: int
    gdt: TableRegister | None
    idt: TableRegister | None
    task: int
    task_selector: int
    ldt_selector: int
    registers: Mapping[str, int]
    shadow: bool | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenRegisters:
    """A processor's registers as a container saved them.

    Attributes:
        gdt, idt: base and limit; (0, 0) where it does not say.
        task, ldt: selectors in TR and LDTR.
        source: what in the container says so.
    """

    gdt: tuple[int, int]
    idt: tuple[int, int]
    task: int
    ldt: int
    source: str


@dataclass(frozen=True, slots=True)
class _Saved:
    """What KSPECIAL_REGISTERS says: base and limit by register."""

    gdt: tuple[int, int]
    idt: tuple[int, int]
    task: int
    ldt: int
    registers: Mapping[str, int]


_NOTHING = _Saved((0, 0), (0, 0), 0, 0, {})


def read_processor_tables(
    memory: MemoryReader, processor: Processor, layouts: GateLayouts, bits: int, virtual_bits: int,
    given: GivenRegisters | None = None,
) -> ProcessorTables:  # fmt: skip
    """The tables of one processor; what cannot be read is absent, with a note.

    Args:
        virtual_bits: 32 outside of long mode, else 48 or 57.
        given: this processor's registers by the container; None where it has none.
    """
    notes: list[str] = []
    pointers = _pointers(memory, pcr_of(processor, bits), layouts, notes)
    saved = _saved(memory, processor.prcb, layouts, bits, notes) or _NOTHING
    told = given or GivenRegisters((0, 0), (0, 0), 0, 0, "")
    gdt = _register(told.gdt, pointers[0], saved.gdt, USUAL_GDT[bits], virtual_bits, 8)
    idt = _register(told.idt, pointers[1], saved.idt, (USUAL_IDT[bits],), virtual_bits, 16 if bits == 64 else 8)
    return ProcessorTables(
        processor.index, processor.prcb, gdt, idt, pointers[2], told.task or saved.task, told.ldt or saved.ldt,
        saved.registers, _shadow(memory, processor.prcb, layouts), tuple(notes),
    )  # fmt: skip


def pcr_of(processor: Processor, bits: int) -> int:
    """Address of the processor's KPCR, which its KPRCB is a part of (x86) or lies in (x64)."""
    return processor.prcb - _PRCB_IN_PCR[bits]


def _register(
    given: tuple[int, int], pointer: int, saved: tuple[int, int], usual: tuple[int, ...], virtual_bits: int, size: int
) -> TableRegister | None:
    said = (Said(CONTAINER, *given), Said(KPCR, pointer), Said(SAVED, *saved))
    return register_of(said, usual, virtual_bits, size)


def _pointers(memory: MemoryReader, pcr: int, layouts: GateLayouts, notes: list[str]) -> tuple[int, int, int]:
    """What the KPCR says of GDT, IDT and TSS; zeros where it cannot be read."""
    try:
        block = read_structure(memory, pcr, layouts.pcr)
    except ReadError as error:
        notes.append(f"the KPCR at {pcr:#x} cannot be read: {error.reason}")
        return 0, 0, 0
    gdt, idt, task = (block.get(old) or block.get(new) or 0 for old, new in
                      (("GDT", "GdtBase"), ("IDT", "IdtBase"), ("TSS", "TssBase")))  # fmt: skip
    return gdt, idt, task


def _saved(memory: MemoryReader, prcb: int, layouts: GateLayouts, bits: int, notes: list[str]) -> _Saved | None:
    if not (layouts.processor.has("ProcessorState") and layouts.state.has("SpecialRegisters")):
        notes.append("where this build saves its special registers is not known")
        return None
    at = prcb + layouts.processor.offset("ProcessorState") + layouts.state.offset("SpecialRegisters")
    try:
        block = read_structure(memory, at, layouts.special)
    except ReadError as error:
        notes.append(f"the saved special registers at {at:#x} cannot be read: {error.reason}")
        return None
    registers = {name: value for name in _MSRS if (value := block.get(name))}
    return _Saved(_table(block, "Gdtr", bits), _table(block, "Idtr", bits), block.get("Tr") or 0,
                  block.get("Ldtr") or 0, registers)  # fmt: skip


def _table(block: Structure, member: str, bits: int) -> tuple[int, int]:
    """Base and limit of a KDESCRIPTOR: the limit lies right below the base, so that both are aligned for SGDT."""
    width = bits // 8
    data = block.raw(member)
    return int.from_bytes(data[width : 2 * width], "little"), int.from_bytes(data[width - 2 : width], "little")


def _shadow(memory: MemoryReader, prcb: int, layouts: GateLayouts) -> bool | None:
    """KPRCB.ShadowFlags, whose lowest bit is set where the processor runs with shadowed kernel addresses."""
    if not layouts.processor.has("ShadowFlags"):
        return None
    at, size = layouts.processor.members["ShadowFlags"]
    try:
        return bool(int.from_bytes(memory.read(prcb + at, size), "little") & 1)
    except ReadError:
        return None


def differences(tables: ProcessorTables, first: ProcessorTables) -> Iterator[str]:
    """What must be alike on all processors and is not: limits, TR, and the MSRs of system calls."""
    for name, mine, other in (("GDT", tables.gdt, first.gdt), ("IDT", tables.idt, first.idt)):
        if mine is not None and other is not None and mine.limit != other.limit:
            yield f"limit of the {name} {mine.limit:#x} here, {other.limit:#x} on processor {first.number}"
    if tables.task_selector and first.task_selector and tables.task_selector != first.task_selector:
        yield f"TR {tables.task_selector:#x} here, {first.task_selector:#x} on processor {first.number}"
    for name in _MSRS[:4]:
        pair = tables.registers.get(name), first.registers.get(name)
        if None not in pair and pair[0] != pair[1]:
            yield f"{name} {pair[0]:#x} here, {pair[1]:#x} on processor {first.number}"
