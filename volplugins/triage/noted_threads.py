"""Threads worth a look, from the rows of windows.kd.stacks and windows.kd.process: why is one line each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from volplugins.findings.trusted_frames import TrustedFrames

Row = dict[str, Any]
_MOST = 1000
_MODULE = re.compile(r"[!+]")
_ODD_STOPS = {"loop": "its stack leads back to itself", "out-of-bounds": "its stack leads out of its bounds"}
_USED_UP = ("Terminated",)


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
        sound = self._trusted.take(row["ETHREAD"], row.get("Trust"), row.get("Note"))
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
