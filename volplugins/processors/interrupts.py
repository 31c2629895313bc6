"""Whether a processor had its interrupts off when it was stopped: the flags of the context that its block keeps.

A processor that idles may: it halts so, and looks itself for what comes in.
"""

from __future__ import annotations

from volplugins.kernel.members import read_word
from volplugins.processors.source import ProcessorSource

# ContextFlags and EFlags in a CONTEXT, the words of the first that name the processor and its control registers, and
# the flag that lets interrupts in (winnt.h; Intel SDM 1, 3.4.3)
_FLAGS_AT = {64: (0x30, 0x44), 32: (0x0, 0xC0)}
_CONTROL, _KIND = {64: 0x100001, 32: 0x10001}, 0xFF0001
_INTERRUPTS, _ALWAYS = 1 << 9, 1 << 1


def interrupts_off(source: ProcessorSource, prcb: int) -> bool:
    """Whether they were, of the processor whose block is at ``prcb``; where that is not known, it counts as no."""
    layout = source.layouts.processor
    if not source.stopped or not layout.has("ContextFrame"):
        return False
    context = prcb + layout.offset("ContextFrame")
    kind, flags = (read_word(source.memory, context + at, 4) for at in _FLAGS_AT[source.bits])
    if kind is None or flags is None or kind & _KIND != _CONTROL[source.bits]:
        return False
    # bit 1 is always set: without it these are no flags
    return bool(flags & _ALWAYS) and not flags & _INTERRUPTS
