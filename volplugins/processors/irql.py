"""The level that a processor ran at when it was stopped.

x64: CR8, as saved with the registers. The processor that crashes saves them as it enters the report, the others where
they are interrupted; some builds raise the level before, and DebuggerSavedIRQL has the one before that. x86 keeps its
level in the KPCR, at the same place in every build (public symbol tables), and the report raises it too; but for XP on
an APIC, whose HALs (halapic, halaacpi, halmps, halmacpi) keep it in the APIC's task priority register alone. There
KPCR.IDR, the mask of the interrupt controller of old, has nothing but ones, and !irql is unavailable (Microsoft's pages
on !irql and !pcr).
"""

from __future__ import annotations

from volplugins.kernel.members import read_member, read_word
from volplugins.memory.structure import Layout
from volplugins.processors.source import ProcessorSource

_PCR_BELOW_X86, _IRQL_IN_PCR_X86, _IDR_IN_PCR_X86 = 0x120, 0x24, 0x30
_XP, _ALL_MASKED = 2600, 0xFFFFFFFF
_IN_APIC = "XP keeps the IRQL of a machine with an APIC there, not in memory"
# levels that the kernel raises itself to in order to stop a processor (wdm.h: from CLOCK_LEVEL on)
_RAISED = {64: 13, 32: 28}
_HIGHEST = {64: 15, 32: 31}


def read_irql(source: ProcessorSource, prcb: int, layout: Layout) -> tuple[int | None, str]:
    """The level, None where it is not known; what has to be said of it, in words."""
    if source.bits == 64 and not source.stopped:
        return None, "a processor that was not stopped keeps its IRQL in CR8, not in memory"
    if source.bits == 32 and source.build <= _XP and _in_apic(source, prcb):
        return None, _IN_APIC
    if source.bits == 64:
        level = read_member(source.memory, prcb, layout, "Cr8")
    else:
        level = read_word(source.memory, prcb - _PCR_BELOW_X86 + _IRQL_IN_PCR_X86, 1)
    if level is None or level > _HIGHEST[source.bits]:
        return None, "" if level is None else f"its IRQL reads {level:#x}, which is none"
    if level < _RAISED[source.bits]:
        return level, ""
    before = read_member(source.memory, prcb, layout, "DebuggerSavedIRQL")
    if before and before < level:
        return before, f"IRQL {level} when it was stopped"
    return level, "its IRQL may be that of being stopped: the one before is not kept"


def _in_apic(source: ProcessorSource, prcb: int) -> bool:
    """Whether a processor of XP has an APIC HAL."""
    return read_word(source.memory, prcb - _PCR_BELOW_X86 + _IDR_IN_PCR_X86, 4) == _ALL_MASKED
