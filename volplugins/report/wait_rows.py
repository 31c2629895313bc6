"""Rows of windows.kd.waits as threads and who holds them up, for the picture of who waits on whom."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from volplugins.report import caps
from volplugins.report.grids import Budget
from volplugins.report.row_file import Row
from volplugins.report.shown_text import shown
from volplugins.report.stuck_text import lasting, short_driver

DEADLOCK = "deadlock"
_BY_OTHERS = (DEADLOCK, "blocked", "owner-runs", "owner-gone", "ready-starved")
_BY_DRIVERS = ("driver", "remote")
_HOLDER = re.compile(r"held by (\\[^;]+)")  # in Note
# what the last thread of a chain does, in words
ENDS = {"owner-runs": "runs", "owner-gone": "has ended", "ready-starved": "is ready and gets no processor"}


@dataclass(slots=True)
class Waiting:
    """A thread that waits or is waited for.

    Attributes:
        what: it waits for: kind and name of the lock; ``since`` in words, ``seconds`` for sorting.
        owners: by key: the verdict of the wait. ``end``: what is known of it where it waits for nobody.
        driver: that holds the request that it waits for.
        told: everything else, for who wants to know.
    """

    key: str
    pid: str = ""
    tid: str = ""
    who: str = ""
    what: str = ""
    since: str = ""
    seconds: float = 0.0
    owners: dict[str, str] = field(default_factory=dict)
    end: str = ""
    driver: str = ""
    told: str = ""

    @property
    def owner(self) -> str:
        """Of the owners the one by which it is drawn; empty for none."""
        return min(self.owners, key=lambda key: _BY_OTHERS.index(self.owners[key]), default="")


class WaitRows:
    """Takes rows as they come.

    Attributes:
        threads: by ETHREAD, those that wait first. ``left``: rows for which there was no room.
        notes: what the command says of what it could not follow.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.threads: dict[str, Waiting] = {}
        self.left = 0
        self.notes: list[str] = []
        self._names: dict[str, str] = {}

    def read(self, rows: Iterable[Row]) -> None:
        """Those of threads that somebody holds up, and what the last ones of them wait for."""
        for row in rows:
            verdict = row.get("Verdict")
            if not row.get("ETHREAD"):
                if row.get("Note") and not row.get("Object") and len(self.notes) < caps.LIST_ROWS:
                    self.notes.append(shown(row["Note"], caps.TEXT))
                continue
            self._names.setdefault(shown(row.get("PID"), 20), shown(row.get("Process"), 80))
            if verdict in _BY_OTHERS and row.get("OwnerThread"):
                self._take(row, shown(verdict, 20))
            elif verdict in _BY_DRIVERS or shown(row.get("ETHREAD"), 40) in self.threads:
                self._end(row)
        for each in self.threads.values():
            known = f"{self._names.get(each.pid) or 'process'} {each.pid}.{each.tid}"
            each.who = known if each.pid else "a thread that is none, or no longer one"

    def _take(self, row: Row, verdict: str) -> None:
        """A thread that another one holds up; of several waits of it the first is named."""
        waiter, owner = (shown(row.get(name), 40) for name in ("ETHREAD", "OwnerThread"))
        told = _told(row)
        if len(self.threads) >= caps.WAITING or not self._budget.takes([told, waiter, owner]):
            self.left += 1
            return
        one = self._named(waiter, row.get("PID"), row.get("TID"))
        holder = self._named(owner, row.get("OwnerPID"), row.get("OwnerTID"))
        if not one.owners:
            _waits(one, row, told)
        one.owners.setdefault(owner, verdict)
        holder.end = holder.end or ENDS.get(verdict, "")

    def _end(self, row: Row) -> None:
        """What a thread waits for that nobody else is known to hold: a request, an event."""
        key, told = shown(row.get("ETHREAD"), 40), _told(row)
        if key not in self.threads and len(self.threads) >= caps.WAITING:
            self.left += 1
            return
        one = self._named(key, row.get("PID"), row.get("TID"))
        if not one.owners and not one.what and self._budget.takes([told]):
            _waits(one, row, told)
            found = _HOLDER.search(shown(row.get("Note"))) if row.get("Verdict") in _BY_DRIVERS else None
            one.driver = short_driver(found[1]) if found is not None else ""

    def _named(self, key: str, pid: object, tid: object) -> Waiting:
        one = self.threads.setdefault(key, Waiting(key))
        if not one.pid and pid is not None:
            one.pid, one.tid = shown(pid, 20), shown(tid, 20)
        return one


def _waits(one: Waiting, row: Row, told: str) -> None:
    kind, name = shown(row.get("ObjectType"), 20), shown(row.get("ObjectName"), 120)
    one.what = " ".join(filter(None, (kind, name or shown(row.get("Object"), 40))))
    seconds = row.get("Waited")
    one.seconds = float(seconds) if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) else 0.0
    one.since, one.told = lasting(seconds), told


def _told(row: Row) -> str:
    cells = [
        ("thread", row.get("ETHREAD")), ("", row.get("Reason")), ("object", row.get("Object")), ("", row.get("Note")),
    ]  # fmt: skip
    return " · ".join(" ".join(filter(None, (word, shown(value)))) for word, value in cells if value)
