"""Processors: each KPRCB's current thread, and which processor it was that crashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from volplugins.kernel.layouts import KernelLayouts
from volplugins.kernel.plausible import is_processor_block, is_thread
from volplugins.kernel.thread import Thread, try_read_thread
from volplugins.memory.reader import MemoryReader, ReadError

MAX_PROCESSORS = 2048
# Rip and Rsp in an AMD64 CONTEXT, Eip and Esp in an x86 one (Windows SDK, winnt.h)
_CONTEXT_POINTERS = {64: (0xF8, 0x98, 8), 32: (0xB8, 0xC4, 4)}


@dataclass(frozen=True, slots=True)
class Processor:
    """One processor: its KPRCB, the thread it ran, and the instruction and stack pointer saved in its KPRCB.

    ``index`` is the kernel's number of it; None where a small dump does not hold that.
    """

    index: int | None
    prcb: int
    current_thread: Thread | None
    saved_ip: int | None
    saved_sp: int | None


@dataclass(frozen=True, slots=True)
class CrashedProcessor:
    """The processor that crashed and how it was recognised."""

    processor: Processor
    how: str


def read_processors(
    memory: MemoryReader, processor_block: int, count: int, layouts: KernelLayouts, bits: int
) -> tuple[Processor, ...]:
    """Processors of the pointer array at ``processor_block`` (KiProcessorBlock).

    What cannot be read, or is no processor's block, is left out; a current thread that is no thread is None.
    """
    width = bits // 8
    found = []
    for index in range(min(count, MAX_PROCESSORS)):
        try:
            prcb = int.from_bytes(memory.read(processor_block + index * width, width), "little")
            if is_processor_block(memory, prcb, bits):
                found.append(read_processor(memory, index, prcb, layouts, bits))
        except ReadError:
            continue
    return tuple(found)


def read_processor(memory: MemoryReader, index: int, prcb: int, layouts: KernelLayouts, bits: int) -> Processor:
    """Read one KPRCB; raises ReadError where it is not there."""
    at, width = layouts.processor.members["CurrentThread"]
    ethread = int.from_bytes(memory.read(prcb + at, width), "little")
    thread = try_read_thread(memory, ethread, layouts.thread) if ethread else None
    if thread is not None and not is_thread(memory, thread, bits):
        thread = None
    saved_ip, saved_sp = _saved_pointers(memory, prcb, layouts, bits)
    return Processor(index, prcb, thread, saved_ip, saved_sp)


def _saved_pointers(
    memory: MemoryReader, prcb: int, layouts: KernelLayouts, bits: int
) -> tuple[int | None, int | None]:
    if not layouts.processor.has("ContextFrame"):
        return None, None
    context = prcb + layouts.processor.offset("ContextFrame")
    ip_at, sp_at, width = _CONTEXT_POINTERS[bits]
    try:
        ip, sp = (int.from_bytes(memory.read(context + at, width), "little") for at in (ip_at, sp_at))
    except ReadError:
        return None, None
    return ip, sp


def find_crashed(processors: Sequence[Processor], ip: int, sp: int) -> CrashedProcessor | None:
    """The processor that wrote the dump's header context: best evidence first, None where nothing fits.

    Args:
        ip, sp: instruction and stack pointer of the context record in the dump header.
    """
    for processor in processors:
        if (processor.saved_ip, processor.saved_sp) == (ip, sp) and sp:
            return CrashedProcessor(processor, "its KPRCB holds the context of the dump header")
    for processor in processors:
        if processor.current_thread and processor.current_thread.holds(sp):
            return CrashedProcessor(processor, "the header's stack pointer lies in its current thread's stack")
    if len(processors) == 1:
        return CrashedProcessor(processors[0], "the only processor")
    return None


def triage_processor(
    memory: MemoryReader, prcb: int, layouts: KernelLayouts, bits: int, thread: Thread | None, count: int
) -> CrashedProcessor:
    """The processor of a triage dump: its KPRCB block's number and saved pointers, with the thread block's thread.

    Args:
        count: how many processors the header says there are; a number that is not below it is none.
    """
    saved_ip, saved_sp = _saved_pointers(memory, prcb, layouts, bits)
    number = _number(memory, prcb, layouts)
    if number is not None and number < min(count, MAX_PROCESSORS):
        return CrashedProcessor(Processor(number, prcb, thread, saved_ip, saved_sp), "the small dump holds its KPRCB")
    why = "its KPRCB in the small dump does not say which it is"
    return CrashedProcessor(Processor(None, prcb, thread, saved_ip, saved_sp), why)


def _number(memory: MemoryReader, prcb: int, layouts: KernelLayouts) -> int | None:
    """KPRCB.Number; None where its place is not known or not in the block."""
    if not layouts.processor.has("Number"):
        return None
    at, size = layouts.processor.members["Number"]
    try:
        return int.from_bytes(memory.read(prcb + at, size), "little")
    except ReadError:
        return None
