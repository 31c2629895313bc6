"""What holds a machine up, in one line for the screen and for the page, from summary.json's ``hang``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from volplugins.report.shown_text import shown

_LONGEST = 400
_SEVERAL = 2


def hang_line(summary: Mapping[str, Any]) -> tuple[str, str]:
    """A label (``Deadlock``, ``Waits``) and what follows it; empty where nothing holds threads up.

    A request that is stuck and that at most one thread waits for is told elsewhere.
    """
    hang = summary.get("hang")
    causes = hang.get("causes") if isinstance(hang, Mapping) else None
    for cause in causes if isinstance(causes, list) else ():
        if isinstance(cause, Mapping) and _matters(cause):
            text, sure = shown(cause.get("text"), _LONGEST), shown(cause.get("confidence"), 20)
            if cause.get("kind") == "deadlock":
                return "Deadlock", f"{text.removeprefix('deadlock: ')}{_behind(cause)}  [{sure}]"
            return "Waits", f"{text}{_behind(cause)}  [{sure}]"
    return "", ""


def _behind(cause: Mapping[str, Any]) -> str:
    count = cause.get("held_up")
    told = "wait" in shown(cause.get("text")) and cause.get("kind") in ("lock", "starved")
    if not isinstance(count, int) or count <= 0 or told:
        return ""
    return "; 1 thread waits for it" if count == 1 else f"; {count} threads wait for it"


def _matters(cause: Mapping[str, Any]) -> bool:
    count = cause.get("held_up")
    several = isinstance(count, int) and count >= _SEVERAL
    if cause.get("kind") == "request":
        return several
    return cause.get("confidence") != "low"
