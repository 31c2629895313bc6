"""Whether a processor had its interrupts off when it was stopped: the flags of the context that its block keeps."""

from __future__ import annotations

from volplugins.bugcheck.hang.sources import HangSources
from volplugins.dumpfile.context import AMD64, I386, decode_context
from volplugins.memory.reader import ReadError
from volplugins.processors.block import ProcessorBlock

_SIZE = {64: 0x4D0, 32: 0x2CC}
_MACHINE = {64: AMD64, 32: I386}
_INTERRUPTS_ON = 0x200  # EFLAGS.IF


def interrupts_off(sources: HangSources, block: ProcessorBlock) -> bool:
    """Whether they were; not known, or of a processor that idles (it halts so), counts as no."""
    scene, layout = sources.scene, sources.scene.layouts.processor
    if block.is_idle or not layout.has("ContextFrame") or scene.target.machine not in _MACHINE.values():
        return False
    try:
        data = scene.memory.read(block.processor.prcb + layout.offset("ContextFrame"), _SIZE[scene.bits])
    except ReadError:
        return False
    context = decode_context(data, _MACHINE[scene.bits])
    flags = context.registers.get("efl") if context is not None and context.ip else None
    # bit 1 is always set: without it these are no flags
    return flags is not None and bool(flags & 2) and not flags & _INTERRUPTS_ON
