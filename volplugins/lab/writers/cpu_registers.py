"""A processor's registers by the names that machine monitors use, from the CONTEXT of either architecture.

CONTEXT: winnt.h. Of the segments Windows uses, each base but that of FS and GS is zero in long mode.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.machine.snapshot import Cpu, Snapshot

GENERAL = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
_WIDE = {
    "rax": 0x78, "rcx": 0x80, "rdx": 0x88, "rbx": 0x90, "rsp": 0x98, "rbp": 0xA0, "rsi": 0xA8, "rdi": 0xB0,
    **{f"r{number}": 0x78 + 8 * number for number in range(8, 16)}, "rip": 0xF8,
}  # fmt: skip
_NARROW = {
    "rdi": 0x9C, "rsi": 0xA0, "rbx": 0xA4, "rdx": 0xA8, "rcx": 0xAC, "rax": 0xB0, "rbp": 0xB4, "rip": 0xB8,
    "rsp": 0xC4,
}  # fmt: skip
_FLAGS = {64: 0x44, 32: 0xC0}
SEGMENTS = ("es", "cs", "ss", "ds", "fs", "gs")
_SELECTORS_WIDE = {"cs": 0x38, "ds": 0x3A, "es": 0x3C, "fs": 0x3E, "gs": 0x40, "ss": 0x42}
_SELECTORS_NARROW = {"gs": 0x8C, "fs": 0x90, "es": 0x94, "ds": 0x98, "cs": 0xBC, "ss": 0xC8}
TASK_SELECTOR = {64: 0x40, 32: 0x28}


@dataclass(frozen=True, slots=True)
class Registers:
    """What a monitor knows of a processor.

    Attributes:
        values: general registers and ``rip`` by their 64-bit names; what the architecture lacks is zero.
        selectors, bases: of each of SEGMENTS.
        kernel_gs_base: the other GS base of x64, that of the mode which the processor is not in.
    """

    values: dict[str, int]
    flags: int
    selectors: dict[str, int]
    bases: dict[str, int]
    kernel_gs_base: int


def registers_of(snapshot: Snapshot, cpu: Cpu) -> Registers:
    """The registers of one of the snapshot's processors."""
    wide = snapshot.bits == 64

    def number(offset: int, size: int) -> int:
        return int.from_bytes(cpu.context[offset : offset + size], "little")

    places = _WIDE if wide else _NARROW
    values = {name: number(places[name], snapshot.bits // 8) if name in places else 0 for name in (*GENERAL, "rip")}
    selectors = {name: number(at, 2) for name, at in (_SELECTORS_WIDE if wide else _SELECTORS_NARROW).items()}
    mine, other = (cpu.teb, cpu.block) if cpu.user else (cpu.block, cpu.teb)
    bases = dict.fromkeys(SEGMENTS, 0) | {"gs" if wide else "fs": mine}
    return Registers(values, number(_FLAGS[snapshot.bits], 4), selectors, bases, other if wide else 0)


def cpus_of(snapshot: Snapshot) -> tuple[Cpu, ...]:
    """The processors; one made from the header where the snapshot has none."""
    directory = int(snapshot.header.get("DirectoryTableBase", 0))
    return snapshot.cpus or (Cpu(snapshot.context, 0x80050033, 0, directory, 0x6F8, 0, (0, 0), (0, 0), 0, 0),)
