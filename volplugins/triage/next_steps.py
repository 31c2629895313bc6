"""What to type next, here, on the machine where the dump is: made of what the summary says is missing or odd."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from volplugins.report.hang_text import hang_line

# verdicts of directories whose tables are absent because nobody wanted or could have them
_ABSENT = ("not-in-dump", "tables-missing", "tables-paged-out")


Step = tuple[str, str]  # what to type, what it shows


def next_steps(summary: Mapping[str, Any], room: int) -> list[str]:
    """Commands that a shell takes as they are, the most useful first; none where nothing is missing and nothing is odd.

    Args:
        room: columns; what a command shows is said behind it where both fit.
    """
    given = summary.get("input") or {}
    dump = shlex.quote(str(given.get("packed") or given.get("path") or "DUMP"))
    steps = (*_symbols(summary, dump), *_finding(summary, dump), *_directory(summary, dump), *_hang(summary, dump))
    said = ((typed, f"{typed}  # {shows}") for typed, shows in steps)
    return [whole if len(whole) <= room else typed for typed, whole in said]


def _symbols(summary: Mapping[str, Any], dump: str) -> Iterator[Step]:
    """The kernel's symbols, and those of the driver at fault, tell most; of Windows' other modules little is needed."""
    symbols = summary.get("symbols") or {}
    kernel, missing = symbols.get("kernel"), symbols.get("missing") or ()
    lacking = kernel is None or not kernel.get("used")
    if lacking or missing:
        what = "the kernel's symbols" if lacking else f"symbols of {len(missing)} modules"
        yield f"volplugins symbols {dump} --list wanted.txt", f"{what} (docs/symbols.md)"


def _finding(summary: Mapping[str, Any], dump: str) -> Iterator[Step]:
    worst = next((each for each in summary.get("findings") or () if each.get("severity") != "info"), None)
    if worst is not None and worst.get("next"):
        yield f"vol -f {dump} {worst['next']}", str(worst["kind"])


def _directory(summary: Mapping[str, Any], dump: str) -> Iterator[Step]:
    """The first page directory that is bad and not merely left out of this kind of dump."""
    bad = next((each for each in summary.get("directories") or () if each.get("verdict") not in _ABSENT), None)
    if bad is not None:
        whose = f" --pid {bad['pid']}" if isinstance(bad.get("pid"), int) else ""
        yield f"vol -f {dump} windows.kd.pagedirs --checks{whose}", "the bad page directory"


def _hang(summary: Mapping[str, Any], dump: str) -> Iterator[Step]:
    if hang_line(summary)[0]:
        yield f"vol -f {dump} windows.kd.waits --chains", "who waits for whom"
