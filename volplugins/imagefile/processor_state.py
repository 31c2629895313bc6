"""A processor's registers as a container saved them when the image was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableRegisters:
    """The registers of descriptor tables.

    Attributes:
        gdt, idt: base and limit; (0, 0) where the container does not hold them.
        task, ldt: selectors in TR and LDTR; 0 where it does not hold them.
    """

    gdt: tuple[int, int]
    idt: tuple[int, int]
    task: int = 0
    ldt: int = 0


@dataclass(frozen=True, slots=True)
class ProcessorState:
    """One processor.

    Attributes:
        number: which one, in the container's order.
        registers: general registers by name (rax … r15, rip, rsp; eax … where it ran 32-bit code).
        cr3, cr4: control registers; None where the container does not hold them.
        gs_base, kernel_gs_base: bases of GS now and of the other mode; x64 keeps the KPCR in one of them.
        fs_base: base of FS, which is the KPCR on x86 in kernel mode.
        idt: address of the interrupt descriptor table.
        source: what in the container says so.
        tables: registers of descriptor tables; None where the container does not hold them.
    """

    number: int
    registers: Mapping[str, int]
    cr3: int | None
    cr4: int | None
    gs_base: int | None
    kernel_gs_base: int | None
    fs_base: int | None
    idt: int | None
    source: str
    tables: TableRegisters | None = None
