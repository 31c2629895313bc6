"""report.html: one dump's folder as one page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volplugins.report import caps
from volplugins.report.crash_facts import headline
from volplugins.report.device_tree import DeviceTree
from volplugins.report.driver_names import DriverNames
from volplugins.report.grids import Budget, Grid, faults_of, grid
from volplugins.report.hang_text import hang_line
from volplugins.report.head_findings import HeadFindings
from volplugins.report.page import put, rendered
from volplugins.report.pending_requests import PendingRequests
from volplugins.report.physical_map import physical_map
from volplugins.report.process_details import (
    MODULE_COLUMNS,
    REGION_COLUMNS,
    REQUEST_COLUMNS,
    THREAD_COLUMNS,
    Details,
    Key,
    key_of,
)
from volplugins.report.process_frames import ProcessFrames
from volplugins.report.row_file import Row, RowFile
from volplugins.report.shown_text import shown
from volplugins.report.stack_groups import StackGroups
from volplugins.report.stuck_text import stuck_line
from volplugins.report.summary_file import Summary
from volplugins.report.wait_rows import WaitRows
from volplugins.report.wait_trees import WaitTrees

_SCRIPTS = (
    "dom.js",
    "grid.js",
    "packed.js",
    "regions.js",
    "frames.js",
    "flame.js",
    "processes.js",
    "waits.js",
    "report.js",
)
_PROCESSES = ("PID", "PPID", "Name", "PageDirectory", "Note", "Life", "Source", "Threads", "CreateTime", "ExitTime",
              "SessionId", "VadCount", "Handles", "CommitCharge", "Wow64", "EPROCESS", "DirBase")  # fmt: skip
_VERDICTS = ("PID", "Process", "Verdict", "Mode", "DirBase", "Level", "TablesPresent", "TablesMissing", "UserPages",
             "Source", "Life", "Evidence", "Next", "EPROCESS")  # fmt: skip
_KERNEL_MODULES = ("Start", "End", "Module", "Status", "Version", "Source", "Path", "Pdb", "GuidAge", "Timestamp",
                   "Note")  # fmt: skip
_IRPS = ("PID", "Process", "TID", "IRP", "Source", "Major", "Minor", "Driver", "Device", "File", "State", "Age",
         "Location", "Completion", "Note")  # fmt: skip
_DUMPINFO = ("Group", "Field", "Value", "Note")
_ANALYZE = ("Section", "Field", "Value", "Confidence", "Evidence")
_SUMMARY = ("PID", "Process", "By", "Name", "Count", "Size", "PercentBusy", "PercentTotal", "Largest", "Note")
_DRIVERS = ("Kind", "Driver", "Name", "Type", "Module", "Object", "Routine", "Symbol", "Source", "Note")
_IRPS = ("Driver", "Major", "Minor", "Age", "State", "Process", "PID", "TID", "File", "Device", "IRP", "Location",
         "Completion", "Source", "Note")  # fmt: skip
_WAITS = ("PID", "Process", "TID", "Reason", "Waited", "Verdict", "ObjectType", "ObjectName", "Object", "OwnerPID",
          "OwnerTID", "OwnerThread", "ETHREAD", "Note")  # fmt: skip
_CPUS = ("Processor", "Thread", "PID", "Process", "IRQL", "InDpc", "Ready", "Dpcs", "ContextSwitches",
         "SwitchesPerSecond", "KernelTime", "UserTime", "DpcTime", "InterruptTime", "PRCB", "Note")  # fmt: skip
_SEGMENTS = ("Processor", "Table", "Index", "Selector", "Type", "DPL", "Present", "Base", "Limit", "Flags", "Target",
             "Symbol", "Note")  # fmt: skip
_FINDINGS = ("Severity", "Kind", "PID", "Process", "TID", "Address", "Module", "Evidence", "Next", "Note")
# verdicts that say nothing against a process
SOUND = ("ok", "tables-paged-out")


def write_report(folder: Path, lacking: list[str] | None = None) -> Path:
    """Make ``folder``/report.html from its summary.json and rows/*.jsonl, any of which may be missing or damaged.

    Args:
        lacking: gets what was missing or damaged, a line each.

    Raises:
        OSError: the page cannot be written, or there is no such folder.
    """
    summary = Summary(folder)
    content = _Content(folder, summary)
    data = content.data()
    faults = content.faults()
    if lacking is not None:
        lacking += faults
    facts = {
        "summary": summary, "head": headline(summary, content.analysis), "caps": caps, "faults": faults,
        "map": physical_map(summary.part("completeness").get("runs")), "verdicts": _counted(summary),
        "shown_processes": len(data["processes"]), "left_processes": content.details.left_out,
        "left_threads": content.stacks.left_out, "tree": content.tree, "requests": content.requests,
        "hang": hang_line({"hang": summary.part("hang")}), "waits": content.waits, "wait_rows": content.wait_rows,
        "finds": content.findings, "found": content.findings.lines(data["processes"]),
        "stuck": [(stuck_line(one), shown(one.get("why"))) for one in summary.entries("stuck")],
    }  # fmt: skip
    return put(rendered("report.html.j2", _SCRIPTS, data, facts), folder / "report.html")


class _Content:
    """The rows of one folder, each file read once but for the small ones that say which processes matter."""

    def __init__(self, folder: Path, summary: Summary) -> None:
        names = ("dumpinfo", "analyze", "process", "pagedirs", "stacks", "peb", "lm", "kernel-modules", "address",
                 "address-summary", *_of_later(folder, summary))  # fmt: skip
        self._files = {name: RowFile(folder, name) for name in names}
        self._summary = summary
        self.analysis = list(_first(self._files["analyze"], caps.TABLE_ROWS))
        budget = Budget()
        self._budget = budget
        drivers = DriverNames(summary)
        self.requests = PendingRequests(drivers)
        blamed = shown(summary.part("crash").get("device_instance"))
        self.tree = DeviceTree(drivers, self.requests, budget, blamed)
        self.findings = HeadFindings(summary)
        told = self.findings.of_processes() if self.findings.known else None
        self.details = Details(self._wanted(summary), budget, told)
        self.frames = ProcessFrames(summary.part("process_frames"))
        self.stacks = StackGroups(budget)
        self.wait_rows = WaitRows(budget)
        self.wait_rows.read(self._files.get("waits", ()))
        self.waits = WaitTrees(self.wait_rows)

    def data(self) -> dict[str, Any]:
        """What the scripts show."""
        tables = self._tables()
        for name, take in (
            ("process", self.details.add_process), ("pagedirs", self.details.add_verdict),
            ("peb", self.details.add_peb), ("lm", self.details.add_module), ("address", self.details.add_region),
        ):  # fmt: skip
            for row in self._files[name]:
                take(row)
        self.details.tell()
        self.stacks.read(self._files["stacks"])
        others = self.stacks.share_out(self.details)
        self._mark_crashed()
        self.details.place(self.frames.found)
        self._add_requests()
        return {
            "tables": tables, "frames": self.stacks.names, "others": others, "left": self.stacks.left_out,
            "culprit": shown(self._summary.part("crash").get("module"), 80),
            "columns": {"regions": REGION_COLUMNS, "modules": MODULE_COLUMNS, "threads": THREAD_COLUMNS,
                        "requests": REQUEST_COLUMNS},
            "processes": [detail.as_data() for detail in self.details.all()],
            "shares": self.frames.starts,
            "packed": self.details.packing.as_data(),
        }  # fmt: skip

    def faults(self) -> list[str]:
        """What was wrong with the files, once they have been read."""
        lacking = [self._summary.fault] * bool(self._summary.fault) + faults_of(self._files.values())
        return [*lacking, *self.frames.faults]

    def _add_requests(self) -> None:
        """Requests on the devices and below the processes; their rows come in the order of what tells most."""
        irps = self._files.get("irps", ())
        self.requests.read(irps)
        for row in irps:
            self.details.add_request(row)
        self.tree.read(self._files.get("devices", ()))

    def _tables(self) -> dict[str, Grid]:
        files, budget = self._files, self._budget
        processes = (row for row in files["process"] if row.get("TID") is None)
        return {
            "findings": self.findings.table(files.get("findings", ()), budget),
            "processes": grid(processes, _PROCESSES, budget),
            "verdicts": grid(files["pagedirs"], _VERDICTS, budget),
            "kernel-modules": grid(files["kernel-modules"], _KERNEL_MODULES, budget),
            "analyze": grid(self.analysis, _ANALYZE, budget),
            "dumpinfo": grid(files["dumpinfo"], _DUMPINFO, budget),
            "address-summary": grid(files["address-summary"], _SUMMARY, budget),
            "drivers": grid(files.get("drivers", ()), _DRIVERS, budget),
            "irps": grid(files.get("irps", ()), _IRPS, budget),
            "waits": grid(files.get("waits", ()), _WAITS, budget),
            "cpus": grid(files.get("cpus", ()), _CPUS, budget),
            "segments": grid(files.get("segments", ()), _SEGMENTS, budget),
            "finding-rows": grid(files.get("findings", ()), _FINDINGS, budget),
        }

    def _wanted(self, summary: Summary) -> list[Key]:
        """Processes to show in full before others: the crashing one, those whose directory is bad."""
        wanted = [self._crashed()] if self._crashed()[0] else []
        wanted += [key_of(one.get("pid"), one.get("process")) for one in summary.entries("threads")]
        wanted += [key_of(one.get("pid"), one.get("process")) for one in summary.entries("directories")]
        wanted += self.findings.processes()
        wanted += (
            key_of(row.get("PID"), row.get("Process"))
            for row in self._files["pagedirs"]
            if row.get("Verdict") not in SOUND and row.get("PID") is not None
        )
        return list(dict.fromkeys(wanted))

    def _crashed(self) -> Key:
        crash = self._summary.part("crash")
        return key_of(crash.get("pid"), crash.get("process"))

    def _mark_crashed(self) -> None:
        pid = self._crashed()[0]
        for detail in self.details.all():
            detail.crashed = bool(pid) and shown(detail.pid) == pid


def _of_later(folder: Path, summary: Summary) -> Iterator[str]:
    """Files of rows that came later: a folder of an older version has none, and says so by its sections."""
    told = {str(one.get("name")) for one in summary.entries("sections")}
    for name in ("drivers", "devices", "irps", "waits", "cpus", "findings", "segments"):
        if not told or name in told or (folder / "rows" / f"{name}.jsonl").exists():
            yield name


def _first(rows: RowFile, most: int) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number < most:
            yield row


_SHADES = ("unsound", "", "sound")  # bad ones first


def _counted(summary: Summary) -> list[tuple[str, str, str]]:
    """Verdicts with their numbers and the shade that each has in every table, bad ones first.

    Processes that have exited have no directory: the word is bad where the summary lists one of them as bad, else it
    says nothing either way.
    """
    first = list(summary.part("verdicts").items())[: caps.LIST_ROWS]
    listed = {str(one.get("verdict")) for one in summary.entries("directories")}

    def shade(word: str) -> str:
        gone = word == "no-directory" and word not in listed
        return "sound" if word in SOUND else "" if gone else "unsound"

    counted = ((shown(word, 40), shown(count, 20), shade(word)) for word, count in first)
    return sorted(counted, key=lambda one: _SHADES.index(one[2]))
