"""Rows of windows.kd.pagedirs: one verdict per process, with evidence and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from volplugins.kernel.directories.top import read_top
from volplugins.kernel.directories.verdict import Anchor, Reference, Verdict, judge
from volplugins.kernel.process import Process, looks_like_a_name
from volplugins.kernel.process_list import list_processes
from volplugins.kernel.thread import walk_threads
from volplugins.kernel.who import Match, resolve
from volplugins.memory.address_text import parse_address
from volplugins.memory.reader import ReadError
from volplugins.vol.vtop_rows import self_map_slot

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene

_STACKS = 4  # kernel stacks of a process that are compared


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


def pagedirs_rows(
    scene: CrashScene, who: Sequence[str], typed: Sequence[str], with_checks: bool
) -> Iterator[PagedirsRow]:
    """A row per process (and per check), what was typed first; a row with the reason for what cannot be done."""
    if scene.space is None:
        yield note_row("error", "; ".join(scene.notes) or "this dump holds no page tables (a small dump has none)", "")
        return
    head = scene.dump.header.ps_active_process_head
    listed = list_processes(scene.memory, head, scene.layouts.process)
    reference = reference_of(scene)
    for text in typed:
        yield from _typed(scene, reference, text, listed.processes, with_checks)
    if typed and not who:
        return
    chosen, problems = chosen_processes(listed.processes, who)
    for problem in problems:
        yield note_row("error", problem, "")
    judged = [(process, note, judge_process(scene, reference, process)) for process, note in chosen]
    yield from _dump_wide(scene, [verdict for _, _, verdict in judged], len(listed.processes))
    for process, note, verdict in judged:
        yield from _rows(scene, process, verdict, note, with_checks)
    for text in listed.notes:
        yield note_row("error", text, "")


def note_row(process: str, evidence: str, then: str, verdict: str = "") -> PagedirsRow:
    """A row that is about no single process: a fault, or the dump as a whole."""
    return PagedirsRow(0, None, process, None, None, "", verdict, "", None, None, None, "", "", evidence, then)


def reference_of(scene: CrashScene) -> Reference:
    """System's directory where it can be read, else the one that reads the kernel."""
    assert scene.space is not None
    space = scene.space.space
    base = scene.system_process.directory_table_base if scene.system_process else None
    system = read_top(space.physical, space.mode, base) if base else None
    if system is None or system.missing or not system.self_map(self_map_slot(space))[0]:
        system = read_top(space.physical, space.mode, space.directory_table_base)
    return Reference(space.mode, system, self_map_slot(space))


def chosen_processes(processes: Sequence[Process], who: Sequence[str]) -> tuple[list[tuple[Process, str]], list[str]]:
    """The processes that ``who`` means (all, where it is empty) and what each text was taken for; what fits nothing."""
    if not who:
        return [(process, "") for process in processes], []
    chosen: list[tuple[Process, str]] = []
    problems = []
    for text in who:
        matches = resolve(text, processes)
        chosen.extend((match.process, f"{text} taken for {match.taken_for}") for match in matches)
        if not matches:
            problems.append(f"{text}: fits no PID, image name, EPROCESS, DirBase or PFN of a listed process")
    return chosen, problems


def _anchors(scene: CrashScene, process: Process) -> list[Anchor]:
    kernel, data = scene.modules.kernel, scene.debugger_data
    anchors = [Anchor("kernel image", kernel.base)] if kernel else []
    if data is not None:
        anchors.append(Anchor("KDBG", data.address))
    anchors.append(Anchor("this EPROCESS", process.eprocess))
    layouts = scene.layouts
    if layouts.process.has("ThreadListHead") and layouts.thread.has("ThreadListEntry"):
        threads = walk_threads(scene.memory, process.eprocess, layouts.process, layouts.thread)
        for _, thread in zip(range(_STACKS), threads, strict=False):
            if thread.stack_base:
                anchors.append(Anchor("kernel stack", thread.stack_base - 1))
    return anchors


def judge_process(scene: CrashScene, reference: Reference, process: Process) -> Verdict:
    """The verdict on the page directory of one process."""
    memory = scene.dump.memory
    assert memory is not None
    base = process.directory_table_base or 0
    return judge(memory, reference, base, process.user_directory, _anchors(scene, process))


def _rows(scene: CrashScene, process: Process, verdict: Verdict, note: str, with_checks: bool) -> Iterator[PagedirsRow]:
    census = verdict.census
    assert scene.space is not None
    mode = scene.space.space.mode.value
    evidence = "; ".join(part for part in (verdict.evidence, note) if part)
    yield PagedirsRow(
        0, process.pid, process.name, process.eprocess, process.directory_table_base, mode, verdict.word, verdict.level,
        census.present if census else None, census.missing if census else None, census.pages if census else None,
        "list", process.life, evidence, _next(scene, process, verdict),
    )  # fmt: skip
    for check in verdict.checks if with_checks else ():
        word = "passed" if check.passed else "failed"
        yield PagedirsRow(
            1, process.pid, process.name, process.eprocess, None, mode, f"{check.verdict}: {word}", check.level,
            None, None, None, "", "", check.evidence, "",
        )  # fmt: skip


def _next(scene: CrashScene, process: Process, verdict: Verdict) -> str:
    """What to type or do."""
    here = f".process /p /r {process.eprocess:#x}"
    system = scene.system_process
    by_system = f"kernel stacks still work: .process {system.eprocess:#x} (System's directory)" if system else ""
    if verdict.word in ("ok", "tables-paged-out"):
        return here
    if verdict.word == "no-directory":
        gone = "the process has exited: its user memory is gone" if process.life == "exited" else "never started"
        return f"{gone}; {by_system}" if by_system else gone
    if verdict.word == "user-shadow":
        return f".context with the kernel's directory of this process; {by_system}"
    if verdict.word in ("not-in-dump", "tables-missing"):
        whole = "take a complete dump: this file lacks the page"
        if scene.dump.completeness.truncated:
            whole = "the file is truncated: copy it again, whole"
        return f"{whole}; {by_system}" if by_system else whole
    return by_system


def _typed(
    scene: CrashScene, reference: Reference, text: str, processes: Sequence[Process], with_checks: bool
) -> Iterator[PagedirsRow]:
    """What WinDbg's .process would make of ``text``: an EPROCESS address, and nothing else."""
    value = parse_address(text)
    exact = next((process for process in processes if process.eprocess == value), None)
    if exact is not None:
        yield from _rows(scene, exact, judge_process(scene, reference, exact), f"{text} is this EPROCESS", with_checks)
        return
    found = list(_meant(text, processes))
    what = _what_it_is(scene, value)
    if not found:
        yield note_row("", f"{text} is no EPROCESS: {what}", ".process takes an EPROCESS address", "not-a-process")
    for match in found:
        process = match.process
        evidence = f"{text} is no EPROCESS: {match.taken_for} of {process.name} (PID {process.pid})"
        yield PagedirsRow(
            0, process.pid, process.name, process.eprocess, process.directory_table_base, reference.mode.value,
            "not-a-process", "", None, None, None, "list", process.life, evidence,
            f".process /p /r {process.eprocess:#x}",
        )  # fmt: skip


def _meant(text: str, processes: Sequence[Process]) -> Iterator[Match]:
    """Processes that the text means if it is no EPROCESS: WinDbg reads numbers as hexadecimal, and so may a PID be."""
    value = parse_address(text)
    yield from resolve(text, processes)
    if value is None:
        return
    for process in processes:
        base = process.directory_table_base or 0
        if process.pid == value and not text.strip().isdecimal():
            yield Match(process, "PID (in hexadecimal)")
        elif base and _without_zeros(base) == value and value != base >> 12:
            right = f"DirBase {base:#x} without all its trailing zeros; its PFN is {base >> 12:#x}"
            yield Match(process, right)


def _without_zeros(base: int) -> int:
    """DirBase with every trailing hexadecimal zero dropped: a rule that is told, and wrong (three zeros are a page)."""
    while base and not base & 0xF:
        base >>= 4
    return base


def _what_it_is(scene: CrashScene, value: int | None) -> str:
    if value is None:
        return "not an address at all"
    if not value >> (scene.bits - 1):
        return "not even a kernel address"
    module = scene.modules.at(value)
    if module is not None:
        return f"it lies in {module.image_name}"
    try:
        kind = scene.memory.read(value, 1)[0] & 0x7F
    except ReadError as error:
        return f"nothing can be read there ({error.reason})"
    return "a thread, by its dispatcher header" if kind == 6 else "something else lies there"


def _dump_wide(scene: CrashScene, verdicts: Sequence[Verdict], listed: int) -> Iterator[PagedirsRow]:
    """Why most processes fail, where they do: found by what can be tested for the dump as a whole."""
    bad = [verdict for verdict in verdicts if verdict.word not in ("ok", "tables-paged-out", "no-directory")]
    if len(verdicts) < 3 or len(bad) * 2 <= len(verdicts):
        return
    words = [verdict.word for verdict in bad]
    word = max(sorted(set(words)), key=words.count)
    cause, then = _cause(scene, word)
    yield note_row("*", f"{len(bad)} of {listed} processes: {cause}", then, word)


def _cause(scene: CrashScene, word: str) -> tuple[str, str]:
    completeness = scene.dump.completeness
    if completeness.truncated:
        lost = (completeness.expected_file_size or 0) - completeness.actual_file_size
        return f"the file is truncated, {lost} bytes are missing at its end", "copy the dump again, whole"
    if word in ("not-in-dump", "tables-missing"):
        score = completeness.score
        kind = f"this type of dump keeps kernel memory only ({score} % of the RAM is in the file)"
        return kind, "take a complete (or active) dump to read user memory"
    process = scene.system_process
    if process is not None and not looks_like_a_name(process.name):
        return "structure layouts do not fit this kernel", "give the kernel's symbols (-s)"
    return f"most directories fail alike ({word})", "look at one with --checks"
