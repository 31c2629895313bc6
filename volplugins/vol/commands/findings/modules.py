"""Findings from rows of windows.kd.lm: what lists, ranges and images say against each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import (
    LIST_BROKEN,
    MODULE_NOT_LISTED,
    MODULE_NOT_MAPPED,
    MODULE_OTHER_FILE,
    MODULE_PARTLY_LISTED,
)
from volplugins.vol.commands.findings.wording import command, is_absence, parts
from volplugins.vol.commands.lm.merge import ABSENT_FROM, OTHER_FILE
from volplugins.vol.commands.lm.row import LmRow

_OF_A_LIST, _NAMES_A_LIST = ("ldr ", "ldr32 "), "ModuleList: "


def by_process(rows: Iterable[LmRow]) -> Iterator[list[LmRow]]:
    """The rows of one process after the other; the kernel's are left out."""
    for (pid, _), group in groupby(rows, key=whose):
        if pid is not None:
            yield list(group)


def whose(row: LmRow) -> tuple[int | None, str]:
    """What rows of one process have in common."""
    return row.pid, row.process


def of_modules(rows: Sequence[LmRow]) -> Iterator[Finding]:
    """What the rows of one process tell together: where its lists are broken, nothing is said to be in none of them."""
    broken = [row.note for row in rows if row.start is None and _is_of_a_list(row.note)]
    for row in rows:
        if row.start is not None:
            yield from _of_module(row, row.start, not broken)
    damaged = [note for note in broken if not is_absence(note)]
    if damaged:
        about = Subject(rows[0].pid, rows[0].process)
        yield Finding(LIST_BROKEN, about, f"the loader's lists: {'; '.join(damaged)}", command("peb", rows[0].pid))


def _is_of_a_list(note: str) -> bool:
    return note.startswith(_OF_A_LIST) and _NAMES_A_LIST in note


def _of_module(row: LmRow, start: int, whole: bool) -> Iterator[Finding]:
    about = Subject(row.pid, row.process, address=start, module=row.module)
    more = command("lm", row.pid, f"--addr {start:#x}")
    listed = row.in_load or row.in_memory or row.in_init
    if whole and row.mapped and (row.in_load, row.in_memory, row.in_init) == (False, False, False):
        evidence = f"mapped as an image, and in none of the loader's lists: {row.path or row.module}"
        yield Finding(MODULE_NOT_LISTED, about, evidence, more)
    if listed and row.mapped is False:
        evidence = f"{_lists(row)} says that it lies there; no image is mapped at that address"
        yield Finding(MODULE_NOT_MAPPED, about, evidence, command("address", row.pid))
    for part in parts(row.note):
        if listed and part.startswith(ABSENT_FROM):
            evidence = f"{part}, which leads through all others; in {_lists(row)}"
            yield Finding(MODULE_PARTLY_LISTED, about, evidence, more)
        if part.startswith(OTHER_FILE):
            evidence = f"the loader's list calls it {row.module}; {part}"
            yield Finding(MODULE_OTHER_FILE, about, evidence, more)


def _lists(row: LmRow) -> str:
    held = {"InLoadOrder": row.in_load, "InMemoryOrder": row.in_memory, "InInitializationOrder": row.in_init}
    return ", ".join(name for name, listed in held.items() if listed)
