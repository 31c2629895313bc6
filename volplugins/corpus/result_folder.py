"""The folder of one dump's results, as `triage -o` and `batch` write it, read for a comparison."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from volplugins.corpus.errors import NoCorpus
from volplugins.report.row_file import RowFile
from volplugins.report.shown_text import shown
from volplugins.report.summary_file import Summary

Facts = dict[str, Any]
_T = TypeVar("_T")
_PSEUDONYM = re.compile(r"machine-\d+")
_MOST = 200_000  # things of one kind that are compared
_BOOT = timedelta(seconds=5)  # between two dumps of one boot: SystemTime and SystemUpTime are of ticks


class ResultFolder:
    """One dump's results.

    Attributes:
        left: what could not be read, or not to its end, a line each; complete when everything has been asked for.

    Raises:
        NoCorpus: there are none in the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left: list[str] = []
        self._computer: str | None = None
        self._summary = Summary(path)
        if self._summary.fault:
            raise NoCorpus(f"{path}: no results of `volplugins triage -o`: {self._summary.fault}")

    def crash(self) -> Facts:
        """What crashed, and on which machine."""
        crash, system, given = (self._summary.part(name) for name in ("crash", "system", "input"))
        names = ("bugcheck_code", "bugcheck_name", "parameters", "signature", "image", "confidence", "symbol",
                 "faulting_ip", "manual_crash", "memory_error", "device_instance")  # fmt: skip
        found = {name: crash.get(name) for name in names}
        return {
            "dump": given.get("path"), "computer": self.computer(), "machine": system.get("machine"),
            "build": system.get("build"), "system_time": system.get("system_time"),
            "system_uptime": system.get("system_uptime"), **found,
        }  # fmt: skip

    def computer(self) -> str:
        """The machine's name; empty where memory does not say."""
        if self._computer is None:
            rows = (row for row in self._rows("peb", b'"COMPUTERNAME"') if row.get("Section") == "environment")
            told = (row.get("Value") for row in rows if row.get("Field") == "COMPUTERNAME")
            self._computer = shown(next(told, ""))
        return self._computer

    def boot(self) -> datetime | None:
        """When it was booted; None where that is not known."""
        system = self._summary.part("system")
        try:
            now = datetime.fromisoformat(str(system.get("system_time")))
            days, _, clock = str(system.get("system_uptime")).partition(" days ")
            hours, minutes, seconds = clock.split(":")
            up = timedelta(int(days), float(seconds), 0, 0, int(minutes), int(hours))
            return now - up if now.tzinfo is not None else None
        except (ValueError, OverflowError):
            return None

    def same_boot(self, other: ResultFolder) -> bool | None:
        """Whether both are of one run of one machine: then process ids and addresses mean the same in both; None where
        all that is known fits, but a name is not: many machines are booted at one time, by one power cut for one.
        """
        mine, theirs = self.boot(), other.boot()
        systems = [side._summary.part("system") for side in (self, other)]
        if mine is None or theirs is None or abs(mine - theirs) > _BOOT:
            return False
        if any(systems[0].get(name) != systems[1].get(name) for name in ("machine", "build")):
            return False
        return self.same_computer(other)

    def same_computer(self, other: ResultFolder) -> bool | None:
        """Whether both machines have one name; None where a name is not known, or is one that --redact gave it."""
        names = self.computer(), other.computer()
        return None if not all(names) or any(map(_PSEUDONYM.fullmatch, names)) else names[0] == names[1]

    def stack(self) -> list[str]:
        """The crashing stack from the failure on: symbols, addresses where there are none."""
        return [shown(each.get("symbol") or each.get("ip")) for each in self._summary.entries("stack")]

    def findings(self) -> list[Facts]:
        """As summary.json has them."""
        return self._summary.entries("findings")

    def kernel_modules(self) -> Iterator[Facts]:
        """Loaded modules of the kernel."""
        rows = (row for row in self._modules("kernel-modules") if row.get("Source") != "unloaded")
        return self.first("kernel-modules", rows)

    def user_modules(self) -> Iterator[Facts]:
        """Images of user memory, one after the other in every process that has it, however many these are."""
        return self._modules("lm")

    def _modules(self, name: str) -> Iterator[Facts]:
        return (row for row in self._rows(name) if row.get("Start") is not None and row.get("Module"))

    def processes(self) -> Iterator[Facts]:
        """Processes that have not exited, with their command lines (CommandLine)."""
        told = (
            ((row.get("PID"), row.get("Process")), row.get("Value"))
            for row in self._rows("peb", b'"CommandLine"')
            if row.get("Section") == "parameters" and row.get("Field") == "CommandLine"
        )
        lines = dict(self.first("peb", told))
        rows = (row for row in self._rows("process") if row.get("PID") is not None and row.get("TID") is None)
        for row in self.first("process", (row for row in rows if row.get("Life") != "exited")):
            yield {**row, "CommandLine": lines.get((row.get("PID"), row.get("Name")))}

    def devices(self) -> Iterator[Facts]:
        """Nodes of the device tree."""
        return self.first("devices", (row for row in self._rows("devices") if row.get("DeviceNode") is not None))

    def drivers(self) -> Iterator[Facts]:
        """Driver objects."""
        return self.first("drivers", (row for row in self._rows("drivers") if row.get("Kind") == "driver"))

    def faults(self) -> list[str]:
        """What the run itself could not do."""
        return [shown(text) for text in self._summary.texts("fault_texts")]

    def first(self, name: str, things: Iterable[_T]) -> Iterator[_T]:
        """The first 200,000 of them; whether there are more is noted."""
        for number, thing in enumerate(things):
            if number >= _MOST:
                self._leave(f"more than {_MOST} things of {name}: the rest is not compared")
                return
            yield thing

    def _rows(self, name: str, having: bytes = b"") -> Iterator[Facts]:
        file = RowFile(self.path, name, having)
        yield from file
        for fault in file.faults:
            self._leave(f"{name}: {fault}")

    def _leave(self, text: str) -> None:
        if text not in self.left:
            self.left.append(text)
