"""FAULTING_IP and FAULTING_INSTRUCTION: where it failed, never the call that stopped the machine."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.proof import Proof
from volplugins.bugcheck.suspects import Confidence
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.output.rows import NOT_AVAILABLE

_SURE = {Proof.EXACT: Confidence.MEDIUM, Proof.CHECKED: Confidence.LOW, Proof.NONE: Confidence.LOW}


def failing_rows(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """The two rows; absent with the reason where the place is not known."""
    fault, place, scene = analysis.fault, analysis.place, analysis.scene
    if place is None:
        stopped = f"the machine was stopped by a call at {scene.symbolizer.locate(fault.ip).text()}, {fault.ip:#x}; "
        why = stopped + "what led to it is not known" if fault.ip else "no context record is in the dump"
        yield AnalyzeRow("context", "FAULTING_IP", NOT_AVAILABLE, "", why)
        return
    text = scene.symbolizer.locate(place.address).text()
    if place.is_fault:
        confidence = Confidence.CERTAIN if len(fault.ip_sources) > 1 else Confidence.HIGH
        how = "; ".join(fault.ip_sources)
    else:
        confidence = _SURE[place.proof]
        how = "the first frame below the call that stopped the machine"
    yield AnalyzeRow("context", "FAULTING_IP", text, confidence.value, f"{place.address:#x}; {how}")
    if not place.is_fault and place.address != fault.ip:
        yield AnalyzeRow("context", "FAULTING_INSTRUCTION", NOT_AVAILABLE, "", "no instruction failed: code called")
        return
    code = analysis.instruction
    where = f"bytes at {place.address:#x}" if code else f"the page of {place.address:#x} is not in the dump"
    yield AnalyzeRow("context", "FAULTING_INSTRUCTION", code.hex(" ") if code else NOT_AVAILABLE, "", where)
