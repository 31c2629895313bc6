"""Requests that are stuck in drivers that are not Microsoft's, from the rows of windows.kd.irps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from volplugins.io.stuck import STUCK_SECONDS, Waiter, why_stuck
from volplugins.kernel.thread_words import WAITING, wait_word
from volplugins.triage.foreign_objects import ForeignObject
from volplugins.vol.scene.io_requests import ThreadOwner, io_requests

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

Row = dict[str, Any]
MOST_STUCK = 100
_MOST_SEEN = 10_000
_UNDER_WAY = ("pending", "active", "cancelled")
_IN_KERNEL = ("Executive", "WrExecutive")
_SECOND = 10_000_000  # of FILETIME


class StuckRequests:
    """Takes rows as they come; which of them are stuck is asked when all have come."""

    def __init__(self) -> None:
        self._seen: list[Row] = []

    def take(self, row: Row) -> None:
        """Look at a row: whether it is long under way, a driver holds it, and more than a search of memory says so."""
        age = row["Age"]
        long = isinstance(age, (int, float)) and age >= STUCK_SECONDS
        sure = row["State"] in _UNDER_WAY and row["Source"] not in (None, "scan")
        if long and sure and row["Driver"] and row["IRP"] and len(self._seen) < _MOST_SEEN:
            self._seen.append(row)

    def stuck(self, scene: CrashScene, foreign: Iterable[ForeignObject]) -> list[Row]:
        """The stuck ones that others' drivers hold, the oldest first, at most a hundred."""
        owners = {each.driver: each for each in foreign}
        held = [row for row in self._seen if row["Driver"] in owners]
        judged = ((row, _why(scene, row)) for row in sorted(held, key=lambda row: -row["Age"]))
        found = [_entry(row, owners[row["Driver"]], why) for row, why in judged if why]
        return found[:MOST_STUCK]


def _why(scene: CrashScene, row: Row) -> str:
    found = io_requests(scene)
    request = found.sources.reader.read(int(row["IRP"], 16))
    if isinstance(request, str):
        return ""
    why = why_stuck(request, row["Age"], _waiter(scene, found.threads.get(request.thread)))
    asleep = found.clock.may_be_sleep(row["Age"], STUCK_SECONDS) if found.clock is not None else ""
    return f"{why}; {asleep}" if why and asleep else why


def _waiter(scene: CrashScene, owner: ThreadOwner | None) -> Waiter | None:
    if owner is None:
        return None
    thread, now = owner.thread, scene.target.system_time
    age = (now - thread.create_time) / _SECOND if now and thread.create_time else None
    in_kernel = wait_word(thread.state, thread.wait_reason) in _IN_KERNEL
    return Waiter(thread.state == WAITING, in_kernel, age)


def _entry(row: Mapping[str, Any], owner: ForeignObject, why: str) -> Row:
    """As in summary.json: ``path`` is the file's, which ``--redact`` knows by that name."""
    return {
        "driver": owner.driver, "module": owner.module or None, "foreign": owner.why, "irp": row["IRP"],
        "function": " ".join(part for part in (row["Major"], row["Minor"]) if part), "device": row["Device"],
        "process": row["Process"], "pid": row["PID"], "tid": row["TID"], "path": row["File"],
        "seconds": row["Age"], "why": why,
    }  # fmt: skip
