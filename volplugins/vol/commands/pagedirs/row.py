"""One row of windows.kd.pagedirs, its columns, and the rows of one process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from volplugins.kernel.directories.verdict import Verdict
from volplugins.kernel.process import Process
from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table
from volplugins.vol.scene.directory_next import next_step
from volplugins.vol.scene.directory_verdicts import DirectoryJudge
from volplugins.vol.scene.page_witness import witness_of


class PagedirsRow(NamedTuple):
    """One row; ``depth`` is 1 for a check under its process."""

    depth: int
    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", failure="error")]
    eprocess: Annotated[int | None, Column("EPROCESS", Kind.HEX)]
    dirbase: Annotated[int | None, Column("DirBase", Kind.HEX)]
    mode: Annotated[str, Column("Mode")]
    verdict: Annotated[str, Column("Verdict")]
    level: Annotated[str, Column("Level")]
    tables_present: Annotated[int | None, Column("TablesPresent", Kind.INTEGER)]
    tables_missing: Annotated[int | None, Column("TablesMissing", Kind.INTEGER)]
    user_pages: Annotated[int | None, Column("UserPages", Kind.INTEGER)]
    source: Annotated[str, Column("Source")]
    life: Annotated[str, Column("Life")]
    evidence: Annotated[str, Column("Evidence", is_reason=True)]
    next: Annotated[str, Column("Next")]


PAGEDIRS = Table("windows.kd.pagedirs.PageDirs", PagedirsRow)


def note_row(process: str, evidence: str, then: str, verdict: str = "") -> PagedirsRow:
    """A row that is about no single process: a fault, or the dump as a whole."""
    return PAGEDIRS.failure(evidence)._replace(process=process, verdict=verdict, next=then)


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
    said = _by_the_pages(court, process) if with_checks else None
    if said is not None:
        word = "passed" if said[0] else "failed"
        yield PagedirsRow(
            1, process.pid, process.name, process.eprocess, None, mode, f"pfn-database: {word}", "",
            None, None, None, "", "", said[1], "",
        )  # fmt: skip
    if with_checks and shadow is not None:
        word = "passed" if shadow.sound else "failed"
        yield PagedirsRow(
            1, process.pid, process.name, process.eprocess, shadow.value, mode, f"user-directory: {word}",
            court.reference.mode.facts.levels[0].name, None, None, None, "", "", shadow.evidence, "",
        )  # fmt: skip


def _by_the_pages(court: DirectoryJudge, process: Process) -> tuple[bool, str] | None:
    """What the PFN database says of the directory and its tables; None where it says nothing."""
    scene, base = court.scene, process.directory_table_base
    if scene.space is None or not base:
        return None
    witness = witness_of(scene, scene.space.space.through(base))
    return witness.of_directory() if witness is not None else None


def _circumstance(process: Process, verdict: Verdict) -> str:
    """What the life of the process has to do with its verdict."""
    if verdict.word == "not-a-directory" and process.life == "exited":
        return "the process has exited, and its page has been given to something else since"
    if verdict.word == "tables-missing" and process.life == "secure":
        return "a secure process: pages of its trustlet are absent by design"
    return ""
