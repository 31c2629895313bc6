"""One row of windows.kd.pagedirs, and the rows of one process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from volplugins.kernel.directories.verdict import Verdict
from volplugins.kernel.process import Process
from volplugins.vol.scene.directory_next import next_step
from volplugins.vol.scene.directory_verdicts import DirectoryJudge


class PagedirsRow(NamedTuple):
    """One row; ``depth`` is 1 for a check under its process."""

    depth: int
    pid: int | None
    process: str
    eprocess: int | None
    dirbase: int | None
    mode: str
    verdict: str
    level: str
    tables_present: int | None
    tables_missing: int | None
    user_pages: int | None
    source: str
    life: str
    evidence: str
    next: str


def note_row(process: str, evidence: str, then: str, verdict: str = "") -> PagedirsRow:
    """A row that is about no single process: a fault, or the dump as a whole."""
    return PagedirsRow(0, None, process, None, None, "", verdict, "", None, None, None, "", "", evidence, then)


def process_rows(
    court: DirectoryJudge, process: Process, verdict: Verdict, note: str, with_checks: bool
) -> Iterator[PagedirsRow]:
    """The row of one process, and its checks."""
    census = verdict.census
    mode = court.reference.mode.value
    shadow = verdict.user_directory
    parts = (verdict.evidence, _circumstance(process, verdict), shadow.evidence if shadow else "", note)
    evidence = "; ".join(part for part in parts if part)
    yield PagedirsRow(
        0, process.pid, process.name, process.eprocess, process.directory_table_base, mode, verdict.word, verdict.level,
        census.present if census else None, census.missing if census else None, census.pages if census else None,
        process.source, process.life, evidence, next_step(court, process, verdict),
    )  # fmt: skip
    for check in verdict.checks if with_checks else ():
        word = "passed" if check.passed else "failed"
        yield PagedirsRow(
            1, process.pid, process.name, process.eprocess, None, mode, f"{check.verdict}: {word}", check.level,
            None, None, None, "", "", check.evidence, "",
        )  # fmt: skip
    if with_checks and shadow is not None:
        word = "passed" if shadow.sound else "failed"
        yield PagedirsRow(
            1, process.pid, process.name, process.eprocess, shadow.value, mode, f"user-directory: {word}",
            court.reference.mode.facts.levels[0].name, None, None, None, "", "", shadow.evidence, "",
        )  # fmt: skip


def _circumstance(process: Process, verdict: Verdict) -> str:
    """What the life of the process has to do with its verdict."""
    if verdict.word == "not-a-directory" and process.life == "exited":
        return "the process has exited, and its page has been given to something else since"
    if verdict.word == "tables-missing" and process.life == "secure":
        return "a secure process: pages of its trustlet are absent by design"
    return ""
