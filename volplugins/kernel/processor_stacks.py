"""The stacks of processors: of interrupts, of DPCs, and those that the x64 interrupt stack table (IST) names.

Members: _KPRCB.IsrStack and DpcStack point to the end of their stacks. The KPCR lies in front of the KPRCB, TssBase in
it at 8; the stack pointers of the IST are in the task state segment at 0x24 to 0x54 (Intel SDM 3A, 8.7).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from volplugins.kernel.processors import Processor
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout

_MEMBERS = ("IsrStack", "DpcStack", "ExceptionStack")
LARGEST = 0x6000  # bytes of such a stack on x64 (KERNEL_STACK_SIZE, wdm.h); x86 has 0x3000
_X86_STACK = 0x3000
_PCR_BELOW, _TSS_IN_PCR = 0x180, 0x8
_IST_AT, _IST_COUNT = 0x24, 7


@dataclass(frozen=True, slots=True)
class ProcessorStack:
    """One stack: what it is for, its processor, the lowest address and the first above."""

    kind: str
    processor: int | None
    low: int
    high: int


def processor_stacks(
    memory: MemoryReader, processors: Sequence[Processor], layout: Layout, bits: int
) -> tuple[ProcessorStack, ...]:
    """The stacks of ``processors``; pointers that cannot be the end of a kernel stack are left out."""
    size = LARGEST if bits == 64 else _X86_STACK
    found: dict[int, ProcessorStack] = {}
    for processor in processors:
        for kind, top in _tops(memory, processor, layout, bits):
            if top % (bits // 8) == 0 and top >> (bits - 1) and top not in found and _is_there(memory, top, bits):
                found[top] = ProcessorStack(kind, processor.index, top - size, top)
    return tuple(found.values())


def _tops(memory: MemoryReader, processor: Processor, layout: Layout, bits: int) -> Iterator[tuple[str, int]]:
    for member in _MEMBERS:
        if layout.has(member):
            yield member, _word(memory, processor.prcb + layout.offset(member), bits)
    if bits == 64:
        segment = _word(memory, processor.prcb - _PCR_BELOW + _TSS_IN_PCR, 64)
        for number in range(_IST_COUNT if segment >> 63 else 0):
            yield f"IST{number + 1}", _word(memory, segment + _IST_AT + 8 * number, 64)


def _word(memory: MemoryReader, address: int, bits: int) -> int:
    """The word there, 0 where it cannot be read."""
    try:
        return int.from_bytes(memory.read(address, bits // 8), "little")
    except ReadError:
        return 0


def _is_there(memory: MemoryReader, top: int, bits: int) -> bool:
    """Whether the last word of the stack is in memory."""
    try:
        memory.read(top - bits // 8, bits // 8)
    except ReadError:
        return False
    return True
