"""Processors of a live machine: registers, page directory and KPRCB of each, as the debugger's wire gives them.

Control space (windbgkd.h and ReactOS's kdx64.c, kdx86.c): x64 gives the KPRCB's address at 1 and KSPECIAL_REGISTERS at
2; x86 gives bytes of KPROCESSOR_STATE, in which KSPECIAL_REGISTERS follow the CONTEXT. On x86 the KPCR is the base of
selector 0x30, and leads to the KPRCB (Intel SDM 3A 3.4.5; KPCR of public symbol tables).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.dumpfile.context import decode_context
from volplugins.kd.machine import Machine
from volplugins.kernel.plausible import is_processor_block
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.target.target import LiveProcessor

_CONTEXT_32 = 0x2CC
_PRCB_SPACE, _SPECIAL_SPACE = 1, 2
_KPCR_SELECTOR = 0x30
_KPCR_PRCB = 0x20


@dataclass(frozen=True, slots=True)
class SpecialRegisters:
    """What KSPECIAL_REGISTERS hold: control registers, and base and limit of the GDT."""

    cr0: int
    cr3: int
    cr4: int
    gdt: int
    gdt_limit: int


def special_registers(machine: Machine, processor: int) -> SpecialRegisters | None:
    """Those of one processor; None where it gives none."""
    if machine.version.bits == 64:
        data = machine.control_space(_SPECIAL_SPACE, 0xD8, processor)
        places = ((0x00, 8), (0x10, 8), (0x18, 8), (0x58, 8), (0x56, 2))
    else:
        data = machine.control_space(_CONTEXT_32, 0x54, processor)
        places = ((0x00, 4), (0x08, 4), (0x0C, 4), (0x2C, 4), (0x2A, 2))
    if len(data) < max(at + size for at, size in places):
        return None
    return SpecialRegisters(*(int.from_bytes(data[at : at + size], "little") for at, size in places))


def live_processors(
    machine: Machine, memory: MemoryReader, special_of: Callable[[int], SpecialRegisters | None]
) -> tuple[LiveProcessor, ...]:
    """All of them; ``memory`` reads kernel addresses."""
    return tuple(_processor(machine, memory, number, special_of(number)) for number in range(machine.change.processors))


def _processor(machine: Machine, memory: MemoryReader, number: int, special: SpecialRegisters | None) -> LiveProcessor:
    prcb = _prcb(machine, memory, number, special)
    data = machine.context(number)
    context = decode_context(data, machine.version.machine) if data else None
    cr3, cr4 = (special.cr3, special.cr4) if special is not None else (None, None)
    return LiveProcessor(number, prcb, context, cr3, cr4)


def _prcb(machine: Machine, memory: MemoryReader, number: int, special: SpecialRegisters | None) -> int:
    """The KPRCB's address where what it leads to is one, else 0."""
    bits = machine.version.bits
    try:
        if bits == 64:
            found = int.from_bytes(machine.control_space(_PRCB_SPACE, 8, number)[:8], "little")
        elif special is not None and special.gdt_limit >= _KPCR_SELECTOR + 7:
            entry = memory.read(special.gdt + _KPCR_SELECTOR, 8)
            kpcr = int.from_bytes(entry[2:5] + entry[7:8], "little")
            found = int.from_bytes(memory.read(kpcr + _KPCR_PRCB, 4), "little")
        else:
            return 0
        return found if found and is_processor_block(memory, found, bits) else 0
    except ReadError:
        return 0
