"""FAULTING_IP, FAULTING_INSTRUCTION and FAULTING_OPERAND: where it failed, never the call that stopped the machine."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.fault.operand import disassemble, instruction_text
from volplugins.bugcheck.suspects.proof import Proof
from volplugins.bugcheck.suspects.suspects import Confidence, at_most, sources_of, sure_of
from volplugins.dumpfile.context import AMD64, I386
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.output.rows import NOT_AVAILABLE

_SURE = {Proof.EXACT: Confidence.MEDIUM, Proof.CHECKED: Confidence.LOW, Proof.NONE: Confidence.LOW}
_STOOD = "where the processor of the context record stood; no call that stopped the machine is known"


def failing_rows(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """The rows; absent with the reason where the place is not known."""
    fault, place, scene = analysis.fault, analysis.place, analysis.scene
    if place is None:
        why = "no context record is in the dump"
        if fault.ip is not None:
            name = scene.symbolizer.locate(fault.ip).text()
            why = f"the machine was stopped by a call at {name}, {fault.ip:#x}; what led to it is not known"
        yield AnalyzeRow("context", "FAULTING_IP", NOT_AVAILABLE, "", why)
        return
    text = scene.symbolizer.locate(place.address).text()
    if place.is_fault:
        confidence, how = sure_of(fault), sources_of(fault, "; ")
    else:
        confidence = _SURE[place.proof]
        called = place.address != fault.ip
        how = "the first frame below the call that stopped the machine" if called else _STOOD
    yield AnalyzeRow("context", "FAULTING_IP", text, confidence.value, f"{place.address:#x}; {how}")
    if not place.is_fault and place.address != fault.ip:
        yield AnalyzeRow("context", "FAULTING_INSTRUCTION", NOT_AVAILABLE, "", "no instruction failed: code called")
        return
    code = analysis.instruction
    yield AnalyzeRow("context", "FAULTING_INSTRUCTION", code.hex(" ") if code else NOT_AVAILABLE, "",
                     _instruction_evidence(analysis, place.address))  # fmt: skip
    yield from _operand(analysis)


def _instruction_evidence(analysis: Analysis, ip: int) -> str:
    if not analysis.instruction:
        return f"the page of {ip:#x} is not in the dump"
    known = analysis.scene.target.machine in (I386, AMD64)
    instruction = disassemble(analysis.instruction, ip, analysis.scene.bits) if known else None
    return f"{instruction_text(instruction)}; bytes at {ip:#x}" if instruction is not None else f"bytes at {ip:#x}"


def _operand(analysis: Analysis) -> Iterator[AnalyzeRow]:
    operand = analysis.operand
    if operand is None:
        return
    values = ", ".join(f"{name}={value:#x}" for name, value in operand.values if value is not None)
    leads = f", address {operand.address:#x}" if "[" in operand.text and operand.address is not None else ""
    confidence = at_most(Confidence.HIGH, analysis.fault).value
    how = f"; {operand.inferred} follows from the address that was accessed" if operand.inferred else ""
    yield AnalyzeRow("context", "FAULTING_OPERAND", f"{operand.text}: {values}{leads}", confidence,
                     f"{operand.instruction}{how}")  # fmt: skip
