"""Findings of the target as a whole: its container, its list of modules, and a flipped bit of the analysis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import CONTAINER, LIST_BROKEN, MEMORY_ERROR
from volplugins.vol.commands.findings.wording import is_absence

if TYPE_CHECKING:
    from volplugins.bugcheck.analysis import Analysis
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.target.target import Target


def of_target(target: Target) -> Iterator[Finding]:
    """Its notes where data is lost or doubtful."""
    for note in target.notes:
        if note.severity == "fault":
            yield Finding(CONTAINER, Subject(), f"{note.field}: {note.text}", "windows.kd.dumpinfo")


def of_module_list(scene: CrashScene) -> Iterator[Finding]:
    """Where the kernel's list of modules is damaged, and not merely absent."""
    for note in scene.module_notes:
        if not is_absence(note):
            yield Finding(LIST_BROKEN, Subject(), note, "windows.kd.lm --kernel-modules")


def of_analysis(analysis: Analysis) -> Iterator[Finding]:
    """The flipped bit that may be the cause of the crash."""
    error = analysis.bit_error
    if error is not None:
        process = analysis.scene.process
        about = Subject(process.pid, process.name) if process is not None else Subject()
        evidence = f"{error.kind}, confidence {error.confidence.value}: {error.evidence}"
        yield Finding(MEMORY_ERROR, about, evidence, "windows.kd.analyze")
