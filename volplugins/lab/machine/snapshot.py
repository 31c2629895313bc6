"""A made-up machine at the moment of its crash, or still running: all that a writer needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PAGE = 0x1000


@dataclass(frozen=True, slots=True)
class Cpu:
    """A processor's registers, as whoever runs the machine can see them.

    Attributes:
        context: the CONTEXT record of the machine's architecture, as bytes.
        cr3: with its PCID where KVA shadowing is on; the shadow directory where it executes user code.
        gdt, idt: (base, limit).
        task: base of its task state segment.
        block: address of its KPCR.
        teb: address of the running thread's TEB, 0 for none.
        user: whether it executes user code.
    """

    context: bytes
    cr0: int
    cr2: int
    cr3: int
    cr4: int
    cr8: int
    gdt: tuple[int, int]
    idt: tuple[int, int]
    task: int
    block: int
    teb: int = 0
    user: bool = False


@dataclass
class Snapshot:
    """Physical memory, the header's facts, and the truth that tests compare with.

    Attributes:
        machine: name of the machine, such as ``win10-x64``.
        bits: 32 or 64.
        pae: whether page tables are PAE (32-bit machines only).
        pages: contents by PFN, 4096 bytes each; a PFN of ``runs`` that is absent here reads as zeros.
        runs: RAM as the header describes it: (base PFN, page count), ascending.
        kernel_pfns: the PFNs that a kernel-only dump keeps.
        header: header fields under Microsoft's names (``DirectoryTableBase``, ``BugCheckCode``,
            ``BugCheckParameter1``...); times as FILETIME counts.
        context: the CONTEXT record of the machine's architecture, as bytes.
        exception: the EXCEPTION_RECORD, as bytes.
        virtual: kernel virtual address of a page to its PFN, for writers that work by virtual address (triage).
        truth: what was built, in plain types: modules, processes, threads, culprit, symbols.
        cpus: the processors by number; what a crash dump knows of them is in memory.
        blocks: address and size of what the kernel adds to a small dump for this bugcheck.
        outside: pages that are not among the RAM that Windows reports (the first one), of which only images of a whole
            machine's memory have the contents.
        crashed: whether Windows has stopped with a bugcheck: only then there are dumps of it.
    """

    machine: str
    bits: int
    pae: bool
    pages: dict[int, bytes]
    runs: list[tuple[int, int]]
    kernel_pfns: set[int]
    header: dict[str, Any]
    context: bytes
    exception: bytes
    virtual: dict[int, int] = field(default_factory=dict)
    truth: dict[str, Any] = field(default_factory=dict)
    cpus: tuple[Cpu, ...] = ()
    crashed: bool = True
    blocks: tuple[tuple[int, int], ...] = ()
    outside: dict[int, bytes] = field(default_factory=dict)
