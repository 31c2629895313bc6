"""Findings of the target as a whole: what is wrong with the container, and a flipped bit of the analysis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import CONTAINER, MEMORY_ERROR

if TYPE_CHECKING:
    from volplugins.bugcheck.analysis import Analysis
    from volplugins.target.target import Target


def of_target(target: Target) -> Iterator[Finding]:
    """Its notes where data is lost or doubtful."""
    for note in target.notes:
        if note.severity == "fault":
            yield Finding(CONTAINER, Subject(), f"{note.field}: {note.text}", "windows.kd.dumpinfo")


def of_analysis(analysis: Analysis) -> Iterator[Finding]:
    """The flipped bit that may be the cause of the crash."""
    error = analysis.bit_error
    if error is not None:
        process = analysis.scene.process
        about = Subject(process.pid, process.name) if process is not None else Subject()
        evidence = f"{error.kind}, confidence {error.confidence.value}: {error.evidence}"
        yield Finding(MEMORY_ERROR, about, evidence, "windows.kd.analyze")
