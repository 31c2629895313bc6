"""Threads worth a look, from the rows of windows.kd.stacks and windows.kd.process: why is one line each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
_MOST = 1000
_MODULE = re.compile(r"[!+]")
_ODD_STOPS = {"loop": "its stack leads back to itself", "out-of-bounds": "its stack leads out of its bounds"}
_USED_UP = ("Terminated",)
# frames that nothing before them can spoil, and those that are as good as what they were reached from
_ANEW = ("context", "switch-frame", "trap-frame")
# what the Note of a frame pointer's frame says where its return address follows no call that is known
_UNPROVED = ("the code before it is not in memory", "no call ends there")


class TrustedFrames:
    """Which frames of windows.kd.stacks prove that a thread was there: none that was scanned, or rests on one.

    A frame pointer's counts where a call ends before its return address.
    """

    def __init__(self) -> None:
        self._thread: Any = None
        self._sound = True

    def take(self, row: Row) -> bool:
        """Whether this frame is sound; rows of a thread follow one another, innermost first."""
        if row["ETHREAD"] != self._thread or row.get("Trust") in _ANEW:
            self._thread, self._sound = row["ETHREAD"], True
        if row.get("Trust") == "scan" or (row.get("Note") or "").startswith(_UNPROVED):
            self._sound = False
        return self._sound


class NotedThreads:
    """Takes rows as they come: those of a thread follow one another.

    Args:
        crashed: ETHREAD of the crashing thread, as rows write it; empty where it is not known.
        foreign: says why a kernel module, by WinDbg's name, is not Microsoft's; empty where it is or may be.
    """

    def __init__(self, crashed: str, foreign: Callable[[str], str]) -> None:
        self._crashed = crashed
        self._foreign = foreign
        self._found: dict[tuple[Any, Any], Row] = {}
        self._trusted = TrustedFrames()
        self._more: set[tuple[Any, Any]] = set()

    def more(self) -> list[str]:
        """A sentence on those past the first thousand; none where all are named."""
        return (
            [f"{len(self._more)} more threads worth a look are in the rows of stacks and process"] if self._more else []
        )

    def threads(self) -> list[Row]:
        """The threads, the crashing one first."""
        return sorted(self._found.values(), key=lambda each: not each["why"].startswith("crashed"))

    def take_frame(self, row: Row) -> None:
        """Look at a row of stacks."""
        if row["ETHREAD"] is None:
            return
        if row["ETHREAD"] == self._crashed:
            self._add(row, "Process", "crashed")
        if row["Stop"] in _ODD_STOPS:
            self._add(row, "Process", _ODD_STOPS[row["Stop"]])
        sound = self._trusted.take(row)
        if sound and row["State"] == "Waiting" and row["Ring"] == "kernel" and row["Symbol"]:
            why = self._foreign(_MODULE.split(row["Symbol"], maxsplit=1)[0])
            if why:
                reason = f" ({row['Wait']})" if row["Wait"] else ""
                self._add(row, "Process", f"waits{reason} in {row['Symbol']}: {why}", "waits")

    def take_thread(self, row: Row) -> None:
        """Look at a row of process --threads."""
        if row["TID"] is not None and "hidden" in (row["Note"] or ""):
            self._add(row, "Name", row["Note"])

    def _add(self, row: Row, name: str, why: str, once: str = "") -> None:
        """Note a reason; one that starts with ``once`` is given for the innermost frame only."""
        key = (row["ETHREAD"], row["PID"])
        if key not in self._found:
            if len(self._found) >= _MOST and why != "crashed":
                self._more.add(key)
                return
            self._found[key] = {"pid": row["PID"], "process": row[name], "tid": row["TID"], "why": why}
        elif why not in self._found[key]["why"] and not (once and once in self._found[key]["why"]):
            self._found[key]["why"] += f"; {why}"
