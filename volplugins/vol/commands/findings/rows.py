"""Rows of windows.kd.findings: what the rows of the other commands say, each asked in turn, sorted at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.findings.collection import Collection
from volplugins.findings.finding import Finding
from volplugins.vol.commands.findings.heard import Ear
from volplugins.vol.commands.findings.row import FindingRow, failure_row, row_of
from volplugins.vol.commands.findings.sources import Asked, Source, sources
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_NOTHING: Mapping[str, Ear] = {}


def findings_rows(
    scene: CrashScene, asked: Asked, progress: Progress | None = None, heard: Mapping[str, Ear] = _NOTHING
) -> Iterator[FindingRow]:
    """The findings, highest severity first; then what could not be looked at."""
    found, problems = findings_of(scene, asked, progress, heard)
    yield from map(row_of, found)
    yield from map(failure_row, problems)


def findings_of(
    scene: CrashScene, asked: Asked, progress: Progress | None = None, heard: Mapping[str, Ear] = _NOTHING
) -> tuple[list[Finding], list[str]]:
    """The findings, highest severity first, and what could not be looked at. A source that fails costs no other.

    Args:
        heard: what was found while other commands made their rows; such a command is not asked again.
    """
    found, problems = Collection(), dict[str, None]()
    asking = tuple(sources(scene, asked))
    for number, source in enumerate(asking):
        if progress is not None:
            progress(100.0 * number / len(asking), f"Findings of {source.name}")
        ear = heard.get(source.name) if asked.everything else None
        if ear is not None and ear.whole:
            found.include(ear.found)
            problems |= ear.problems
        else:
            _ask(source, found, problems)
    return found.in_order(), list(problems)


def _ask(source: Source, found: Collection, problems: dict[str, None]) -> None:
    try:
        for row in source.rows():
            source.hand_on(row, found, problems)
    except DumpError as error:
        problems[f"{source.name}: {error}"] = None
    except Exception as error:  # nothing in a dump may end in a traceback
        problems[f"{source.name}: {fault_text(error)}"] = None
