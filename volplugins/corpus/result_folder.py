"""The folder of one dump's results, as `triage -o` and `batch` write it, read for a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from volplugins.corpus.errors import NoCorpus
from volplugins.report.row_file import RowFile
from volplugins.report.shown_text import shown
from volplugins.report.summary_file import Summary

Facts = dict[str, Any]
_MOST = 200_000  # things of one kind that are compared
_BOOT = timedelta(seconds=5)  # between two dumps of one boot: SystemTime and SystemUpTime are of ticks


class ResultFolder:
    """One dump's results.

    Raises:
        NoCorpus: there are none in the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
        rows = (row for row in self._rows("peb") if row.get("Section") == "environment")
        return shown(next((row.get("Value") for row in rows if row.get("Field") == "COMPUTERNAME"), ""))

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

    def same_boot(self, other: ResultFolder) -> bool:
        """Whether both are of one run of one machine: then process ids and addresses mean the same in both."""
        mine, theirs = self.boot(), other.boot()
        if mine is None or theirs is None or self.computer() != other.computer():
            return False
        return abs(mine - theirs) <= _BOOT

    def stack(self) -> list[str]:
        """The crashing stack from the failure on: symbols, addresses where there are none."""
        return [shown(each.get("symbol") or each.get("ip")) for each in self._summary.entries("stack")]

    def findings(self) -> list[Facts]:
        """As summary.json has them."""
        return self._summary.entries("findings")

    def kernel_modules(self) -> Iterator[Facts]:
        """Loaded modules of the kernel."""
        return (row for row in self._modules("kernel-modules") if row.get("Source") != "unloaded")

    def user_modules(self) -> Iterator[Facts]:
        """Images of user memory, one after the other in every process that has it."""
        return self._modules("lm")

    def _modules(self, name: str) -> Iterator[Facts]:
        return (row for row in self._rows(name) if row.get("Start") is not None and row.get("Module"))

    def processes(self) -> Iterator[Facts]:
        """Processes that have not exited, with their command lines (CommandLine)."""
        lines = {
            (row.get("PID"), row.get("Process")): row.get("Value")
            for row in self._rows("peb")
            if row.get("Section") == "parameters" and row.get("Field") == "CommandLine"
        }
        for row in self._rows("process"):
            if row.get("PID") is not None and row.get("TID") is None and row.get("Life") != "exited":
                yield {**row, "CommandLine": lines.get((row.get("PID"), row.get("Name")))}

    def devices(self) -> Iterator[Facts]:
        """Nodes of the device tree."""
        return (row for row in self._rows("devices") if row.get("DeviceNode") is not None)

    def drivers(self) -> Iterator[Facts]:
        """Driver objects."""
        return (row for row in self._rows("drivers") if row.get("Kind") == "driver")

    def faults(self) -> list[str]:
        """What the run itself could not do."""
        return [shown(text) for text in self._summary.texts("fault_texts")]

    def _rows(self, name: str) -> Iterator[Facts]:
        return (row for _, row in zip(range(_MOST), RowFile(self.path, name), strict=False))
