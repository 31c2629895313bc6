"""Whether a processor had its interrupts off when it was stopped: the flags of its registers."""

from __future__ import annotations

from volplugins.bugcheck.hang.sources import HangSources
from volplugins.dumpfile.context import RegisterContext
from volplugins.processors.block import ProcessorBlock
from volplugins.threads.running import saved_context

_ALWAYS_ON, _INTERRUPTS_ON = 0x2, 0x200  # of EFLAGS (Intel SDM 1, 3.4.3)


def interrupts_off(sources: HangSources, block: ProcessorBlock) -> bool:
    """Whether they were; not known, or of a processor that idles (it halts so), counts as no."""
    context = None if block.is_idle else _registers(sources, block)
    flags = context.registers.get("efl", 0) if context is not None else 0
    return bool(flags & _ALWAYS_ON) and not flags & _INTERRUPTS_ON


def _registers(sources: HangSources, block: ProcessorBlock) -> RegisterContext | None:
    """As they stand on a live machine, else those of its block, where the machine was stopped."""
    scene, number = sources.scene, block.processor.index
    now = scene.target.standing.get(number) if number is not None else None
    if now is not None or not scene.target.stopped:
        return now
    return saved_context(scene.memory, block.processor, scene.layouts, scene.bits)
