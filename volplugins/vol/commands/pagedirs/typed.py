"""What was typed after WinDbg's .process: an EPROCESS address and nothing else, and what else it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.kernel.who import meant_by
from volplugins.memory.address_text import parse_address
from volplugins.memory.reader import ReadError
from volplugins.vol.commands.pagedirs.row import PagedirsRow, note_row, process_rows
from volplugins.vol.scene.directory_next import one_thread, whole_process
from volplugins.vol.scene.directory_verdicts import DirectoryJudge
from volplugins.vol.scene.page_owner import by_any_page

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_WRONG = "not-a-process"
_RULE = ".process takes an EPROCESS address"


def typed_rows(court: DirectoryJudge, typed: Sequence[str], with_checks: bool) -> Iterator[PagedirsRow]:
    """Rows for every value typed; where none of several is an EPROCESS, a first row that says so."""
    rows = [list(_one(court, text, with_checks)) for text in typed]
    wrong = [group for group in rows if group[0].verdict == _WRONG]
    if len(rows) > 1 and len(wrong) == len(rows):
        evidence = f"none of the {len(rows)} values is an EPROCESS address: {group_kinds(court, typed)}"
        yield note_row("*", evidence, f"{_RULE}: Next of each row has the right one", _WRONG)
    for group in rows:
        yield from group


def group_kinds(court: DirectoryJudge, typed: Sequence[str]) -> str:
    """What the values are instead, in order of first appearance."""
    kinds = [next((match.taken_for for match in meant_by(text, court.processes)), "nothing known") for text in typed]
    return ", ".join(f"{kinds.count(kind)} x {kind}" for kind in dict.fromkeys(kinds))


def _one(court: DirectoryJudge, text: str, with_checks: bool) -> Iterator[PagedirsRow]:
    """What WinDbg's .process would make of ``text``."""
    value = parse_address(text)
    exact = next((process for process in court.processes if process.eprocess == value), None)
    if exact is not None:
        note = f"{text} is this EPROCESS"
        yield from process_rows(court, exact, court.verdict(exact), note, with_checks)
        return
    found = list(meant_by(text, court.processes))
    if not found and value is not None:
        owned = by_any_page(court.scene, court.processes, value)
        if owned is not None:
            yield note_row("", f"{text} is no EPROCESS: {owned.text}", owned.then, _WRONG)
            return
    if not found:
        what, then = _what_it_is(court, value)
        yield note_row("", f"{text} is no EPROCESS: {what}", then, _WRONG)
    for match in found:
        process = match.process
        evidence = f"{text} is no EPROCESS: {match.taken_for} of {process.name} (PID {process.pid})"
        yield PagedirsRow(
            0, process.pid, process.name, process.eprocess, process.directory_table_base, court.reference.mode.value,
            _WRONG, "", None, None, None, process.source, process.life, evidence,
            whole_process(process.eprocess),
        )  # fmt: skip


def _what_it_is(court: DirectoryJudge, value: int | None) -> tuple[str, str]:
    """What lies at an address that no process answers to, and what to type instead."""
    scene = court.scene
    if value is None:
        return "not an address at all", _RULE
    if value < scene.user_end or not value >> (scene.bits - 1):
        return "not even a kernel address", _RULE
    module = scene.modules.at(value)
    if module is not None:
        return f"it lies in {module.image_name}", _RULE
    try:
        kind = scene.memory.read(value, 1)[0] & 0x7F
    except ReadError as error:
        return f"nothing can be read there ({error.reason})", _RULE
    if kind != 6:
        return "something else lies there", _RULE
    owner = _owner_of(scene, value)
    then = one_thread(value)
    return "a thread, by its dispatcher header", f"{then}; {whole_process(owner)}" if owner else then


def _owner_of(scene: CrashScene, ethread: int) -> int | None:
    """EPROCESS of the thread at this address."""
    layout = scene.layouts.thread
    if not layout.has("Process"):
        return None
    at, size = layout.members["Process"]
    try:
        return int.from_bytes(scene.memory.read(ethread + at, size), "little")
    except ReadError:
        return None
