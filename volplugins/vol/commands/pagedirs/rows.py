"""Rows of windows.kd.pagedirs: one verdict per process, with evidence and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.kernel.directories.verdict import Verdict
from volplugins.kernel.process import looks_like_a_name
from volplugins.paging.mode import PagingMode
from volplugins.vol.commands.pagedirs.row import PagedirsRow, note_row, process_rows
from volplugins.vol.commands.pagedirs.typed import typed_rows
from volplugins.vol.scene.directory_verdicts import judge_of
from volplugins.vol.scene.process_selection import Progress, choose, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


def pagedirs_rows(
    scene: CrashScene,
    who: Sequence[str],
    typed: Sequence[str],
    with_checks: bool,
    scan: bool | None = None,
    progress: Progress | None = None,
) -> Iterator[PagedirsRow]:
    """A row per process (and per check), what was typed first; a row with the reason for what cannot be done."""
    if scene.space is None:
        yield note_row("error", "; ".join(scene.notes) or "this dump holds no page tables (a small dump has none)", "")
        return
    gathered = gather(scene, scan, progress)
    court = judge_of(scene, gathered.processes)
    court.searching = scan is True
    if typed:
        yield from typed_rows(court, typed, with_checks)
    if typed and not who:
        return
    chosen, problems = choose(gathered.processes, who)
    for problem in problems:
        yield note_row("error", problem, "")
    judged = []
    for number, (process, note) in enumerate(chosen):
        judged.append((process, note, court.verdict(process)))
        if progress is not None:
            progress(100.0 * (number + 1) / len(chosen), "Judging page directories")
    yield from _dump_wide(scene, [verdict for _, _, verdict in judged], len(gathered.processes))
    for process, note, verdict in judged:
        yield from process_rows(court, process, verdict, note, with_checks)
    for text in gathered.notes:
        yield note_row("error", text, "")


def _dump_wide(scene: CrashScene, verdicts: Sequence[Verdict], listed: int) -> Iterator[PagedirsRow]:
    """Why most processes fail, where they do: found by what can be tested for the dump as a whole."""
    bad = [verdict for verdict in verdicts if verdict.word not in ("ok", "tables-paged-out", "no-directory")]
    if len(verdicts) < 3 or len(bad) * 2 <= len(verdicts):
        return
    words = [verdict.word for verdict in bad]
    word = max(sorted(set(words)), key=words.count)
    cause, then = _cause(scene, word, any(verdict.lacks_pages for verdict in bad if verdict.word == word))
    yield note_row("*", f"{len(bad)} of {listed} processes: {cause}", then, word)


def _cause(scene: CrashScene, word: str, lacking: bool) -> tuple[str, str]:
    """What the dump as a whole explains, and what to do: tests in the order of how much they would explain."""
    completeness, target = scene.target.completeness, scene.target
    if completeness.truncated:
        lost = (completeness.expected_file_size or 0) - completeness.actual_file_size
        return f"the file is truncated, {lost} bytes are missing at its end", "copy the dump again, whole"
    if lacking:
        if target.holds_all:
            return f"{completeness.pages_missing} pages of RAM are not in the file", "take the dump again"
        kind = f"this type of dump keeps kernel memory only ({completeness.score} % of the RAM is in the file)"
        return kind, "take a complete (or active) dump to read user memory"
    assert scene.space is not None
    mode = scene.space.space.mode
    if target.pae is not None and mode in (PagingMode.X86, PagingMode.PAE) and target.pae != (mode is PagingMode.PAE):
        said = "PAE" if target.pae else "no PAE"
        return f"the header says {said}, the kernel is read as {mode.value}: one of them is wrong", "look at --checks"
    process = scene.system_process
    if process is None or not looks_like_a_name(process.name):
        layout = scene.layouts.process.source
        return f"the layout of _EPROCESS ({layout}) does not fit this kernel", "give the kernel's symbols (-s)"
    read = f"the kernel is read as {mode.value} ({scene.space.evidence})"
    return f"most directories fail alike ({word}); {read}", "look at one with --checks"
