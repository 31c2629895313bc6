"""ELF cores as QEMU's ``dump-guest-memory`` writes them: notes of the processors, then RAM, a segment per run.

ELF-64 and the core's prstatus: the public ABI. QEMU's own note: QEMUCPUState as QEMU publishes it and crash-utility
reads it (defs.h); its last member, kernel_gs_base, is told by the note's size. The machine is x86-64 whatever the
guest runs, and memory follows the notes without padding, so that pages are not aligned in the file.
"""

from __future__ import annotations

import struct
from pathlib import Path

from volplugins.lab.machine.snapshot import PAGE, Cpu, Snapshot
from volplugins.lab.writers.cpu_registers import SEGMENTS, TASK_SELECTOR, Registers, cpus_of, registers_of
from volplugins.lab.writers.image_file import Piece, merged_runs, write_pieces

ELF_HEADER, PROGRAM_HEADER = struct.Struct("<16sHHIQQQIHHHHHH"), struct.Struct("<IIQQQQQQ")
PT_LOAD, PT_NOTE = 1, 4
_CORE, _X86_64 = 4, 62
_IDENT = b"\x7fELF\x02\x01\x01" + bytes(9)
_NT_PRSTATUS, _NT_QEMU = 1, 0
# user_regs_struct: general registers in its order; None is orig_rax
_PRSTATUS_ORDER = (
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi", None, "rip",
)  # fmt: skip
_QEMU_ORDER = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
)  # fmt: skip
_QEMU_SIZE, _QEMU_VERSION = 440, 1
_CODE_64, _CODE_32, _DATA, _TASK = 0x00209B00, 0x00CF9B00, 0x00CF9300, 0x00008B00
_USER_MODE = 0x6000  # the descriptor's privilege level, 3


def write_elf_core(snapshot: Snapshot, path: Path) -> Path:
    """Write the core; raises ValueError and OSError as the pages do."""
    notes = _notes(snapshot)
    runs = merged_runs(snapshot)
    at = ELF_HEADER.size + PROGRAM_HEADER.size * (len(runs) + 1)
    headers = [PROGRAM_HEADER.pack(PT_NOTE, 0, at, 0, 0, len(notes), len(notes), 0)]
    at += len(notes)
    for base, count in runs:
        size = count * PAGE
        headers.append(PROGRAM_HEADER.pack(PT_LOAD, 0, at, 0, base * PAGE, size, size, 0))
        at += size
    head = ELF_HEADER.pack(
        _IDENT, _CORE, _X86_64, 1, 0, ELF_HEADER.size, 0, 0, ELF_HEADER.size, PROGRAM_HEADER.size, len(headers), 0, 0, 0
    )
    pieces: list[Piece] = [head + b"".join(headers) + notes, *runs]
    return write_pieces(path, pieces, snapshot)


def _notes(snapshot: Snapshot) -> bytes:
    """First the generic status of every processor, then QEMU's of every processor."""
    known = [(cpu, registers_of(snapshot, cpu)) for cpu in cpus_of(snapshot)]
    status = (_note(b"CORE", _NT_PRSTATUS, _prstatus(number, each)) for number, (_, each) in enumerate(known))
    states = (_note(b"QEMU", _NT_QEMU, _qemu_state(snapshot.bits, *each)) for each in known)
    return b"".join((*status, *states))


def _note(name: bytes, kind: int, data: bytes) -> bytes:
    return struct.pack("<III8s", len(name) + 1, len(data), kind, name) + data + bytes(-len(data) % 4)


def _prstatus(number: int, registers: Registers) -> bytes:
    words = [registers.values[name] if name else 0 for name in _PRSTATUS_ORDER]
    words += [registers.selectors["cs"], registers.flags, registers.values["rsp"], registers.selectors["ss"], 0, 0]
    words += [registers.selectors[name] for name in ("ds", "es", "fs", "gs")]
    return struct.pack("<32xI76x", number + 1) + struct.pack("<27Q8x", *words)


def _qemu_state(bits: int, cpu: Cpu, registers: Registers) -> bytes:
    words = [*(registers.values[name] for name in _QEMU_ORDER), registers.flags]
    level = _USER_MODE if cpu.user else 0
    limit = 0 if bits == 64 else 0xFFFFFFFF
    flags = dict.fromkeys(SEGMENTS, _DATA | level) | {"cs": (_CODE_64 if bits == 64 else _CODE_32) | level}
    state = struct.pack("<II18Q", _QEMU_VERSION, _QEMU_SIZE, *words)
    for name in ("cs", "ds", "es", "fs", "gs", "ss"):
        state += _segment(registers.selectors[name], limit, flags[name], registers.bases[name])
    state += _segment(0, 0, 0, 0) + _segment(TASK_SELECTOR[bits], 0x67, _TASK, cpu.task)
    for base, table_limit in (cpu.gdt, cpu.idt):
        state += _segment(0, table_limit, 0, base)
    return state + struct.pack("<6Q", cpu.cr0, 0, cpu.cr2, cpu.cr3, cpu.cr4, registers.kernel_gs_base)


def _segment(selector: int, limit: int, flags: int, base: int) -> bytes:
    return struct.pack("<IIIIQ", selector, limit, flags, 0, base)
