"""Registers of the threads that ran when the dump was taken: each processor's saved context, or as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from volplugins.dumpfile.context import AMD64, I386, RegisterContext, decode_context
from volplugins.kernel.layouts import KernelLayouts
from volplugins.kernel.processors import Processor
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.registers import USER_LIMIT, Registers, from_names
from volplugins.stack.segmented import SegmentedRegisters, segmented_of

_CONTEXT_SIZE = {64: 0x4D0, 32: 0x2CC}
_SAME_STACK = 0x12000  # the largest kernel stack that Windows gives a thread
_MACHINE = {64: AMD64, 32: I386}


def running_registers(
    memory: MemoryReader,
    processors: Sequence[Processor],
    layouts: KernelLayouts,
    bits: int,
    crashed: int | None,
    header: RegisterContext | None,
    standing: Mapping[int, RegisterContext] | None = None,
    stopped: bool = True,
) -> dict[int, Registers]:
    """Registers by ETHREAD.

    Args:
        crashed: ETHREAD of the thread that crashed, to which the dump header's context belongs.
        header: that context.
        standing: registers of the processors of a live machine as they stand, by number.
        stopped: whether the processors' own blocks hold what they ran (Target.stopped).
    """
    found: dict[int, Registers] = {}
    for processor in processors:
        thread = processor.current_thread
        if thread is None:
            continue
        now = standing.get(processor.index) if standing and processor.index is not None else None
        if now is not None and now.machine == _MACHINE[bits]:
            found[thread.ethread] = from_names(bits, now.registers)
            continue
        registers = saved_registers(memory, processor, layouts, bits) if stopped else None
        if registers is not None and (registers.ip or _called_zero(registers)):
            found[thread.ethread] = registers
    if crashed is not None and header is not None and header.machine == _MACHINE[bits]:
        saved = found.get(crashed)
        # the header may hold the context of the fault, and the processor's own block that of the report below it
        if saved is None or not 0 < header.sp - saved.sp < _SAME_STACK:
            found[crashed] = from_names(bits, header.registers)
    return found


def _called_zero(registers: Registers) -> bool:
    """Whether an instruction pointer of zero is where the kernel's code went, and not a record that is empty."""
    return registers.user is False and registers.sp >= USER_LIMIT[registers.bits]


def segmented_registers(
    memory: MemoryReader,
    processors: Sequence[Processor],
    layouts: KernelLayouts,
    bits: int,
    crashed: int | None,
    header: RegisterContext | None,
    stopped: bool = True,
) -> dict[int, SegmentedRegisters]:
    """By ETHREAD: registers with selectors of threads that ran in virtual-8086 mode or in code of an LDT (x86)."""
    found: dict[int, SegmentedRegisters] = {}
    for processor in processors if bits == 32 else ():
        context = saved_context(memory, processor, layouts, bits) if stopped else None
        thread = processor.current_thread
        if thread is None:
            continue
        if thread.ethread == crashed and header is not None:
            context = header
        segmented = segmented_of(context.registers) if context is not None and context.machine == I386 else None
        if segmented is not None:
            found[thread.ethread] = segmented
    return found


def saved_registers(memory: MemoryReader, processor: Processor, layouts: KernelLayouts, bits: int) -> Registers | None:
    if not layouts.processor.has("ContextFrame"):
        return None
    context = saved_context(memory, processor, layouts, bits)
    return from_names(bits, context.registers) if context is not None else _pointers(processor, bits)


def saved_context(
    memory: MemoryReader, processor: Processor, layouts: KernelLayouts, bits: int
) -> RegisterContext | None:
    """The context record that a processor's KPRCB holds; None where it cannot be read or is none."""
    if not layouts.processor.has("ContextFrame"):
        return None
    try:
        data = memory.read(processor.prcb + layouts.processor.offset("ContextFrame"), _CONTEXT_SIZE[bits])
    except ReadError:
        return None
    return decode_context(data, _MACHINE[bits])


def _pointers(processor: Processor, bits: int) -> Registers | None:
    """Instruction and stack pointer alone, where the processor's block is known but not its place in memory."""
    if not processor.saved_ip or not processor.saved_sp:
        return None
    return Registers(bits, processor.saved_ip, processor.saved_sp, (None,) * (16 if bits == 64 else 8), {})
