"""Where in physical memory the pages of each process are: the short texts of summary.json, checked for the page."""

from __future__ import annotations

import re
from typing import Any

from volplugins.report import caps
from volplugins.report.process_details import Key, key_of

_PART = re.compile("([1-9][0-9]{0,3})?([a-e])")
_WHOLE = re.compile(r"(?:(?:[1-9][0-9]{0,3})?[a-e]){1,1024}").fullmatch
_MOST_PAGES = 1 << 52


class ProcessFrames:
    """What ``process_frames`` of a summary says, whatever it holds; what makes no sense is left out and counted.

    Attributes:
        starts: the first physical address of each share of memory, as text.
        faults: what was left out.
        found: the strip of each process: its text, pages on it, and pages elsewhere.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        starts = told.get("starts")
        good = isinstance(starts, list) and 0 < len(starts) <= caps.MAP_COLUMNS and all(map(_is_count, starts))
        self.starts: list[str] = [f"{start << 12:#x}" for start in starts] if good and starts else []
        self.faults: list[str] = []
        self.found: dict[Key, dict[str, Any]] = {}
        listed = told.get("processes") if self.starts else None
        lost = 0
        for one in listed[: caps.READ_ROWS] if isinstance(listed, list) else []:
            if self._is_good(one):
                kept = {name: one[name] for name in ("shares", "pages", "outside")}
                self.found[key_of(one.get("pid"), one.get("process"))] = kept
            else:
                lost += 1
        if lost:
            self.faults.append(f"where the pages of {lost} processes lie makes no sense and is not shown")

    def _is_good(self, one: Any) -> bool:
        if not isinstance(one, dict) or not _is_count(one.get("pages")) or not _is_count(one.get("outside")):
            return False
        text = one.get("shares")
        if not isinstance(text, str) or not _WHOLE(text):
            return False
        return sum(int(count or 1) for count, _ in _PART.findall(text)) == len(self.starts)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST_PAGES
