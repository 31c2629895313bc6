"""Machines of a corpus that fail in many unlike ways within days: hardware is suspected before any driver.

Rule: within WINDOW of one another at least LEAST crashes of one computer, each with a signature of its own, of at least
BUGCHECKS different bugchecks, and no driver blamed twice. The kernel is no driver; crashes that were asked for, and
those without a time, do not count. A crash in which a bit has flipped needs one companion less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from volplugins.report.shown_text import shown

WINDOW = timedelta(days=14)
LEAST, BUGCHECKS = 4, 3
_MOST_CRASHES = 2000  # of one computer
_MOST_COMPUTERS = 100_000
_NO_DRIVERS = frozenset({"", "ntoskrnl.exe", "ntkrnlmp.exe", "ntkrnlpa.exe", "ntkrpamp.exe", "ntkrla57.exe", "hal.dll"})
_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, slots=True)
class _Crash:
    time: datetime
    signature: str
    bugcheck: str
    driver: str
    flipped: bool


class HardwareSuspects:
    """Takes the dumps of a corpus; says which of its machines are suspect."""

    def __init__(self) -> None:
        self._crashes: dict[str, list[_Crash]] = {}

    def add(self, row: dict[str, Any]) -> None:
        """Look at one dump of the table ``dumps``."""
        computer, crash = shown(row.get("computer"), 80), _crash(row)
        if not computer or crash is None or (computer not in self._crashes and len(self._crashes) >= _MOST_COMPUTERS):
            return
        crashes = self._crashes.setdefault(computer, [])
        if len(crashes) < _MOST_CRASHES:
            crashes.append(crash)

    def findings(self) -> Iterator[str]:
        """A sentence per suspect machine, by name."""
        for computer in sorted(self._crashes):
            crashes = _widest(sorted(self._crashes[computer], key=lambda crash: crash.time))
            if crashes:
                yield f"{computer}: {_sentence(crashes)}"


def _crash(row: dict[str, Any]) -> _Crash | None:
    signature = shown(row.get("signature"), 200)
    if not signature or "_manual_" in signature:
        return None
    try:
        time = datetime.fromisoformat(str(row.get("crash_time")))
    except ValueError:
        return None
    if time.tzinfo is None:
        return None
    driver = shown(row.get("culprit"), 80).lower()
    bugcheck = signature.partition("_")[0]
    return _Crash(time, signature, bugcheck, "" if driver in _NO_DRIVERS else driver, bool(row.get("memory_error")))


def _widest(crashes: list[_Crash]) -> list[_Crash]:
    """The most crashes within one window that follow the rule; none where no window does."""
    best: list[_Crash] = []
    for start in range(len(crashes)):
        run = list(_without_a_driver_twice(crashes, start))
        if len(run) > len(best) and _is_suspect(run):
            best = run
    return best


def _without_a_driver_twice(crashes: list[_Crash], start: int) -> Iterator[_Crash]:
    """The crashes of one window, up to the first that blames a driver again."""
    drivers: set[str] = set()
    for crash in crashes[start:]:
        if crash.time - crashes[start].time > WINDOW or crash.driver in drivers:
            return
        if crash.driver:
            drivers.add(crash.driver)
        yield crash


def _is_suspect(crashes: list[_Crash]) -> bool:
    flipped = any(crash.flipped for crash in crashes)
    signatures, bugchecks = {crash.signature for crash in crashes}, {crash.bugcheck for crash in crashes}
    return len(signatures) >= LEAST - flipped and len(bugchecks) >= BUGCHECKS - flipped


def _sentence(crashes: list[_Crash]) -> str:
    unlike = len({crash.signature for crash in crashes})
    count = _NUMBERS[unlike] if unlike < len(_NUMBERS) else str(unlike)
    flipped = sum(crash.flipped for crash in crashes)
    seen = f"; a bit had flipped in {flipped} of them" if flipped else ""
    days = f"{crashes[0].time.date().isoformat()} to {crashes[-1].time.date().isoformat()}"
    return f"{count} different failures ({days}), none with the same driver{seen}: suspect hardware, memory first"
