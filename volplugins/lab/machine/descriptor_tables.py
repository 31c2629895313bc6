"""GDT, IDT and TSS of each processor (Intel SDM volume 3A, chapters 3, 6 and 8; selectors: public symbol files).

Selectors 60h to F8h of x86, BIOS and Plug and Play segments among them, are those of public listings of Windows XP's
GDT (``dg``); 70h is the alias of the GDT itself (ReactOS: KGDT_GDT_ALIAS). Interrupt objects come into the tables
later: interrupt_objects.py of the kernel's room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from volplugins.lab.machine import segment_records as made
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.segment_records import gate_32, gate_64, segment
from volplugins.lab.machine.vectors import (
    DIRECT_32,
    EXCEPTIONS_32,
    EXCEPTIONS_64,
    FIRST_UNEXPECTED,
    INTERRUPT_STACKS,
    OF_USERS_32,
    OF_USERS_64,
    TASK_GATES,
    THUNK_32,
    THUNK_64,
)

_PAGES = made.PAGES | made.WIDE
# selector: base, limit, access, flags
_GDT_64: Mapping[int, tuple[int, int, int, int]] = {
    0x10: (0, 0, made.CODE_0, made.LONG), 0x18: (0, 0, made.DATA_0, made.WIDE), 0x20: (0, 0xFFFFF, made.CODE_3, _PAGES),
    0x28: (0, 0xFFFFF, made.DATA_3, _PAGES), 0x30: (0, 0, made.CODE_3, made.LONG),
    0x50: (0, 0x3C00, made.DATA_3, made.WIDE),
}  # fmt: skip
_GDT_32: Mapping[int, tuple[int, int, int, int]] = {
    0x08: (0, 0xFFFFF, made.CODE_0, _PAGES), 0x10: (0, 0xFFFFF, made.DATA_0, _PAGES),
    0x18: (0, 0xFFFFF, made.CODE_3, _PAGES), 0x20: (0, 0xFFFFF, made.DATA_3, _PAGES),
    0x38: (0, 0xFFF, made.DATA_3, made.WIDE), 0x40: (0x400, 0xFFFF, 0xF2, 0), 0x60: (0x22F30, 0xFFFF, 0x92, 0),
    0x68: (0xB8000, 0x3FFF, 0x92, 0), 0x78: (0x80400000, 0xFFFF, 0x9A, 0), 0x80: (0x80400000, 0xFFFF, 0x92, 0),
    0x88: (0, 0, 0x92, 0), 0xE0: (0x80400000, 0xFFFF, 0x9F, 0), 0xE8: (0, 0xFFFF, 0x92, 0),
    0xF0: (0x80401000, 0x3B7, 0x98, 0), 0xF8: (0, 0xFFFF, 0x92, 0),
}  # fmt: skip
TASK_64, TASK_32, BLOCK, ALIAS, TEB = 0x40, 0x28, 0x30, 0x70, 0x38
_LIMITS = {8: (0x57, 0xFFF), 4: (0x3FF, 0x7FF)}
_KVA = "Shadow"
_CODE_OR_DATA = 0x10


@dataclass(slots=True)
class DescriptorTables:
    """Addresses of one processor's tables, and what gates and segments were made.

    Attributes:
        tasks: x86: address of each further TSS by its selector.
        gates: by vector: what the gate leads to by name, empty for a task gate.
        targets: by vector: the address; none of a task gate.
        segments: by selector: base, limit in bytes and the access byte of every descriptor of the GDT.
    """

    gdt: int
    tss: int
    idt: int
    tasks: dict[int, int] = field(default_factory=dict)
    gates: dict[int, str] = field(default_factory=dict)
    targets: dict[int, int] = field(default_factory=dict)
    segments: dict[int, tuple[int, int, int]] = field(default_factory=dict)


def limits(machine: Machine) -> tuple[int, int]:
    """The limits of GDT and IDT."""
    return _LIMITS[machine.width]


def shadowed(machine: Machine) -> bool:
    """Whether kernel addresses are shadowed, so that gates lead into the pages that user directories have too.

    The processors that Windows 11 is for do not need it.
    """
    return machine.host.kva_shadow and 10240 <= machine.profile.build < 22000


def write_descriptor_tables(machine: Machine, pcr: int, task: int) -> DescriptorTables:
    """Make the tables of the processor whose KPCR is at ``pcr``.

    Args:
        task: x86: address of its TSS, which is larger than the page of the GDT has room for.
    """
    gdt = machine.system_block(0x2000)
    tables = DescriptorTables(gdt, task or gdt + 0x400, gdt + 0x1000)
    wide = machine.width == 8
    for selector, made_of in (_GDT_64 if wide else _GDT_32).items():
        put_segment(machine, tables, selector, *made_of)
    if wide:
        put_segment(machine, tables, TASK_64, tables.tss, 0x67, made.BUSY_TASK)
        _fill_64(machine, tables)
        return tables
    put_segment(machine, tables, TASK_32, tables.tss, machine.structures.size("_KTSS") - 1, made.BUSY_TASK)
    old = machine.profile.build < 6000
    block = (1, _PAGES) if old else (machine.structures.size("_KPCR"), made.WIDE)
    put_segment(machine, tables, BLOCK, pcr, block[0], made.DATA_0, block[1])
    put_segment(machine, tables, ALIAS, gdt, _LIMITS[4][0], 0x92)
    _fill_32(machine, tables)
    return tables


def put_segment(
    machine: Machine, tables: DescriptorTables, selector: int, base: int, limit: int, access: int, flags: int = 0
) -> None:
    """Write a descriptor of the GDT; a system descriptor of x64 takes two places."""
    wide = machine.width == 8 and not access & _CODE_OR_DATA
    machine.write(tables.gdt + selector, segment(base, limit, access, flags, wide))
    tables.segments[selector] = base, limit << 12 | 0xFFF if flags & made.PAGES else limit, access


def _fill_64(machine: Machine, tables: DescriptorTables) -> None:
    """Exceptions have handlers, every other vector its thunk."""
    end = _KVA if shadowed(machine) else ""
    thunks = machine.symbol(f"nt!KiIsrThunk{end}")
    for vector in range(256):
        name = EXCEPTIONS_64.get(vector, "")
        if vector == 0x29 and machine.profile.build < 9200:  # __fastfail came with Windows 8
            name = ""
        target = machine.symbol(f"nt!{name}{end}") if name else thunks + THUNK_64 * vector
        put_gate(machine, tables, vector, target, name + end if name else "")


def _fill_32(machine: Machine, tables: DescriptorTables) -> None:
    unexpected = machine.symbol("nt!KiUnexpectedInterrupt")
    for vector in range(256):
        name = EXCEPTIONS_32.get(vector, "")
        if vector == 0x0F or 0x13 < vector < 0x2A or vector == 0x2F:  # the processor's reserved ones
            name = "KiTrap0F"
        if vector in TASK_GATES:
            machine.write(tables.idt + 8 * vector, gate_32(0, TASK_GATES[vector], made.TASK_GATE))
            tables.gates[vector] = ""
        elif vector in DIRECT_32:
            put_gate(machine, tables, vector, machine.symbol(DIRECT_32[vector]), DIRECT_32[vector].partition("!")[2])
        elif name:
            put_gate(machine, tables, vector, machine.symbol(f"nt!{name}"), name)
        else:
            put_gate(machine, tables, vector, unexpected + THUNK_32 * (vector - FIRST_UNEXPECTED), "")


def put_gate(machine: Machine, tables: DescriptorTables, vector: int, target: int, name: str) -> None:
    """Let an interrupt gate lead to ``target``; the name of a handler is for the truth."""
    if machine.width == 8:
        entry = gate_64(target, stack=INTERRUPT_STACKS.get(vector, 0), user=vector in OF_USERS_64)
    else:
        entry = gate_32(target, user=vector in OF_USERS_32)
    machine.write(tables.idt + vector * len(entry), entry)
    tables.gates[vector], tables.targets[vector] = name, target


def write_interrupt_stacks(machine: Machine, tables: DescriptorTables, tops: Mapping[int, int]) -> None:
    """The TSS of an x64 processor: where each of its interrupt stacks begins, by number."""
    tss = machine.record("_KTSS64").fill(IoMapBase=0x68)
    for number, top in tops.items():
        tss.set(f"Ist[{number}]", top)
    machine.write(tables.tss, tss.data)
