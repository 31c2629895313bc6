"""A difference as an object for programs, as lines for a terminal, and as a page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volplugins.corpus.changes import CAME, CHANGED, WENT, Change, Facts, Section
from volplugins.corpus.diff import SCHEMA, Difference
from volplugins.report.page import put, rendered
from volplugins.report.shown_text import shown

_SCRIPTS = ("dom.js", "grid.js", "diff.js")
_MARKS = {CAME: "+", WENT: "-", CHANGED: "~"}
_OF_SCREEN = 12  # changes of a section that a screen shows
_WIDEST = 160


def as_object(found: Difference) -> dict[str, Any]:
    """As ``--json`` prints it."""
    same = {"computer": found.computer, "boot": found.boot, "failure": found.failure}
    sections = [
        {
            "name": each.name, "matched_by": each.matched, "same": each.same, "left_out": each.left,
            **{change: each.count(change) for change in (CAME, WENT, CHANGED)},
            "changes": [
                {"change": one.change, "what": one.what, "before": dict(one.before), "after": dict(one.after)}
                for one in each.changes
            ],
        }
        for each in found.sections
    ]  # fmt: skip
    return {
        "schema": SCHEMA,
        "before": _finite(dict(found.before)),
        "after": _finite(dict(found.after)),
        "same": same,
        "notes": [shown(note) for note in found.notes],
        "sections": sections,
    }


def _finite(value: Any) -> Any:
    """The value without NaN and infinities, which JSON has not."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def verdict(found: Difference) -> str:
    """In a sentence what the two dumps have in common."""
    machine = "one run of one machine" if found.boot else "one machine" if found.computer else "two machines"
    if found.computer is None:
        machine = "machines of which at least one is not known by name"
        if found.boot is None:
            machine = "one machine or of two, booted at the same time: at least one is not known by name"
    failure = {True: "the same failure", False: "different failures", None: "failures that cannot be compared"}
    return f"Two dumps of {machine}; {failure[found.failure]}."


def screen_lines(found: Difference) -> Iterator[str]:
    """What fits a screen: each section's numbers and its first changes, in words that a terminal can show."""
    for mark, side in (("-", found.before), ("+", found.after)):
        told = (side.get(name) for name in ("system_time", "computer", "build", "signature", "dump"))
        yield f"{mark} {'  '.join(_cut(shown(each)) for each in told if each)}"
    yield verdict(found)
    yield from (_cut(f"! {shown(note)}") for note in found.notes)
    for section in found.sections:
        yield ""
        yield f"{section.title}: {_counts(section)}"
        for one in section.changes[:_OF_SCREEN]:
            yield _cut(f"  {_MARKS[one.change]} {shown(one.what)}{_told(one)}")
        more = len(section.changes) + section.left - _OF_SCREEN
        if more > 0:
            yield f"    and {more} more"


def _counts(section: Section) -> str:
    parts = [f"{section.count(change)} {change}" for change in (CAME, WENT, CHANGED) if section.count(change)]
    return f"{', '.join(parts) or 'nothing differs'}; {section.same} alike"


def _told(one: Change) -> str:
    if one.change == CHANGED:
        pairs = (f"{name} {_word(one.before.get(name))} → {_word(one.after.get(name))}" for name in one.after)
        return f": {'; '.join(pairs)}"
    said = "; ".join(f"{name} {_word(value)}" for name, value in (one.after or one.before).items() if value is not None)
    return f"  ({said})" if said else ""


def _word(value: Any) -> str:
    return "none" if value is None else shown(value)


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def write_page(found: Difference, target: Path) -> Path:
    """Write the page.

    Raises:
        OSError: it cannot be written.
    """
    grids = {section.name: _grid(section) for section in found.sections}
    counts = [(section, _counts(section)) for section in found.sections]
    facts = {"verdict": verdict(found), "sides": _sides(found), "sections": counts, "notes": found.notes}
    return put(rendered("diff.html.j2", _SCRIPTS, grids, facts), target)


def _sides(found: Difference) -> list[tuple[str, list[tuple[str, Any]]]]:
    names = ("dump", "computer", "build", "system_time", "bugcheck_code", "bugcheck_name", "image", "signature")
    sides = (("Before", found.before), ("After", found.after))
    return [
        (title, [(name.replace("_", " "), side[name]) for name in names if side.get(name)]) for title, side in sides
    ]


def _grid(section: Section) -> dict[str, Any]:
    rows = [[one.change, shown(one.what), _facts(one.before), _facts(one.after)] for one in section.changes]
    return {"columns": ["Change", "What", "Before", "After"], "rows": rows, "left": section.left}


def _facts(facts: Facts) -> str:
    return "; ".join(f"{name.replace('_', ' ')} {_word(value)}" for name, value in facts.items() if value is not None)
