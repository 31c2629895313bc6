"""What the page shows of each process: facts, findings, address space, modules, threads by stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from volplugins.report import caps
from volplugins.report.grids import Budget
from volplugins.report.packed_rows import PackedList, PackedRanges, Packing
from volplugins.report.pending_requests import UNDER_WAY, waits_for
from volplugins.report.row_file import Row
from volplugins.report.shown_text import Cell, cell, shown

REGION_COLUMNS = (
    "Start", "End", "Size", "Usage", "Type", "State", "Protect", "Actual", "Commit", "Resident", "InDump", "Detail",
    "Note",
)  # fmt: skip
MODULE_COLUMNS = (
    "Start", "End", "Module", "Status", "InLoad", "InMemory", "InInit", "Mapped", "Source", "Version", "Path", "Pdb",
    "GuidAge", "Timestamp", "Note",
)  # fmt: skip
THREAD_COLUMNS = (
    "TID", "ETHREAD", "State", "Wait", "ContextSwitches", "Start", "StartAddress", "ThreadCreateTime", "ThreadExitTime",
    "Source", "Note", "Win32StartAddress", "KernelStartAddress",
)  # fmt: skip
REQUEST_COLUMNS = (
    "Driver", "Major", "Minor", "Age", "State", "TID", "File", "IRP", "Note",
)  # fmt: skip
_FACTS = (
    "PPID", "SessionId", "EPROCESS", "DirBase", "Peb", "Threads", "Handles", "VadCount", "CommitCharge", "Wow64",
    "CreateTime", "ExitTime", "Source", "Life", "Note",
)  # fmt: skip
_PARAMETERS = ("ImageFile", "CommandLine", "CurrentDirectory", "WindowTitle", "BeingDebugged")
_FIRST = ("CommandLine", "ImageFile")  # what a reader looks for
_SOUND = ("", "ok", "tables-paged-out")
_COMPLETE = ", complete"
_UNLISTED = "mapped, and in none of the loader's lists"
# what a Note of windows.kd.lm says against a module, among what it says of pages that are absent
_WRONG = ("the list says ", "the file mapped there is ", "SizeOfImage is ")
_NOTES = 20
_MOST_WAITS = 3  # named in the head of a process
_MOST_FACTS = 5  # findings of no more than ``info`` that are named
_GONE = ("no-directory", "not-a-directory")  # of a process that has exited: as it should be

Key = tuple[str, str]
Told = Mapping[Key, Sequence[tuple[bool, str, str]]]


@dataclass(slots=True)
class Detail:
    """One process; cells are for the page, in the order of the columns above."""

    pid: Cell
    name: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    verdict: str = ""
    evidence: str = ""
    next: str = ""
    gone: bool = False
    findings: list[str] = field(default_factory=list)
    regions: PackedRanges = field(default_factory=PackedRanges)
    modules: PackedList = field(default_factory=PackedList)
    threads: list[list[Cell]] = field(default_factory=list)
    requests: list[list[Cell]] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    stacks: list[dict[str, Any]] = field(default_factory=list)
    crashed: bool = False
    listed: bool = False

    def found(self, text: str) -> None:
        """Note something that is not as it should be, once."""
        if text not in self.findings and len(self.findings) < caps.FINDINGS_OF_A_PROCESS:
            self.findings.append(text)

    def told(self, findings: Sequence[tuple[bool, str, str]]) -> None:
        """Take what windows.kd.findings says in place of what the rows said; ``info`` is no more than a fact."""
        self._say_unlisted()
        severe = [f"{kind}: {evidence}" for above, kind, evidence in findings if above]
        self.findings = severe[: caps.FINDINGS_OF_A_PROCESS]
        self.facts += [(kind, evidence) for above, kind, evidence in findings if not above][:_MOST_FACTS]

    def as_data(self) -> dict[str, Any]:
        """The process as the scripts take it; without lists of modules, none is said to be missing from them."""
        self._say_unlisted()
        facts = sorted(self.facts, key=lambda fact: not fact[0].startswith(_FIRST))
        packed = {"regions": self.regions.as_data(), "modules": self.modules.as_data()}
        return {name: getattr(self, name) for name in self.__slots__} | {"facts": facts} | packed

    def _say_unlisted(self) -> None:
        """Without lists, no module is in none of them: that there are none is said instead."""
        listed = [one for one in self.findings if self.listed or not one.endswith(_UNLISTED)]
        if len(listed) < len(self.findings):
            self.findings = listed
            self.facts.append(("modules", "from the VADs: there are no lists of them, or they cannot be read"))


class Details:
    """The processes shown in full: the first ones seen, but for room kept for those named beforehand.

    Attributes:
        left_out: processes for which there is no room.
        packing: what their ranges and modules have in common.
    """

    def __init__(self, wanted: Iterable[Key], budget: Budget, told: Told | None = None) -> None:
        """Take processes of ``wanted`` first: the crashing one, then those with bad page directories.

        Args:
            told: windows.kd.findings of each process; None where they are not known, and rows have to say it.
        """
        self._kept: dict[Key, Detail] = {}
        self._wanted = set(list(wanted)[: caps.PROCESSES])
        self._others: set[Key] = set()
        self._told = told
        self._budget = budget
        self._last: tuple[tuple[Any, Any], Detail | None] = (None, None), None
        self.packing = Packing(REGION_COLUMNS, MODULE_COLUMNS, budget)
        self._room = {
            "regions": caps.REGIONS,
            "modules": caps.MODULES,
            "threads": caps.THREADS,
            "requests": caps.REQUESTS,
        }

    @property
    def left_out(self) -> int:
        """How many processes were seen that are not shown in full (counted up to a bound)."""
        return len(self._others)

    def all(self) -> list[Detail]:
        """Those shown, the crashing process first, then in the order in which they were seen."""
        return sorted(self._kept.values(), key=lambda detail: not detail.crashed)

    def tell(self) -> None:
        """Once the rows are read: what windows.kd.findings says of each process stands in place of what they said."""
        if self._told is not None:
            for key, detail in self._kept.items():
                detail.told(self._told.get(key, ()))

    def of(self, row: Row, name: str = "Process") -> Detail | None:
        """The process that a row belongs to; None where it belongs to none or to one that is not shown."""
        pid = row.get("PID")
        given = pid, row.get(name)
        if given != self._last[0]:  # rows of a process follow one another
            self._last = given, self._found(pid, row.get(name))
        return self._last[1]

    def _found(self, pid: Any, name: Any) -> Detail | None:
        key = key_of(pid, name)
        if pid is None or key[1] in ("", "error", "*") or key in self._others:
            return None
        if key not in self._kept:
            if len(self._kept) + len(self._wanted - self._kept.keys() - {key}) >= caps.PROCESSES:
                if len(self._others) < caps.READ_ROWS:
                    self._others.add(key)
                return None
            self._kept[key] = Detail(cell(pid, 40), key[1])
        return self._kept[key]

    def add_process(self, row: Row) -> None:
        """Take a row of windows.kd.process: of the process, or of one of its threads."""
        detail = self.of(row, "Name")
        if detail is None:
            return
        if row.get("TID") is not None:
            self._keep(detail, "threads", row, THREAD_COLUMNS, caps.TABLE_ROWS)
            return
        detail.verdict = detail.verdict or shown(row.get("PageDirectory"), 40)
        detail.facts += [(label, shown(row[label])) for label in _FACTS if row.get(label) not in (None, "")]
        if "hidden" in str(row.get("Note")):
            detail.found("process: " + shown(row["Note"]))

    def add_verdict(self, row: Row) -> None:
        """Take a row of windows.kd.pagedirs."""
        detail = self.of(row)
        if detail is None:
            return
        detail.verdict = shown(row.get("Verdict"), 40)
        detail.evidence, detail.next = shown(row.get("Evidence"), caps.TEXT), shown(row.get("Next"))
        detail.gone = row.get("Life") == "exited" and detail.verdict in _GONE
        if detail.verdict not in _SOUND and not detail.gone:
            detail.found(f"page directory: {detail.verdict}: {detail.evidence}")

    def add_peb(self, row: Row) -> None:
        """Take a row of windows.kd.peb: a few parameters, and lists of modules that are not whole."""
        section, label = row.get("Section"), str(row.get("Field"))
        wanted = label in _PARAMETERS or section == "integrity"
        detail = self.of(row) if wanted else None
        if detail is None:
            return
        value, note = shown(row.get("Value"), caps.TEXT), shown(row.get("Note"))
        bits = " (32-bit)" if row.get("Bits") == 32 else ""
        if section == "integrity":
            if note or not value.endswith(_COMPLETE):
                detail.found(f"{shown(label)}{bits}: {': '.join(one for one in (value, note) if one)}")
        elif (
            value.lower() not in ("", "no", "false", "0")
            and len(detail.facts) < 2 * len(_FACTS)
            and self._budget.takes([value])
        ):
            detail.facts.append((label + bits, value))

    def add_module(self, row: Row) -> None:
        """Take a row of windows.kd.lm; what its Note says of a module that is not as it should be is a finding."""
        detail = self.of(row)
        if detail is None:
            return
        if not row.get("Module") and not row.get("Start"):
            if row.get("Note"):
                detail.facts.append(("modules", shown(row["Note"])))
            return
        if (number := self._room_for(detail, "modules", row, caps.MODULES_OF_A_PROCESS)) is not None:
            detail.modules.rows.append(number)
        detail.listed = detail.listed or str(row.get("Source")).startswith("ldr")
        if finding := module_finding(row):
            detail.found(f"module {shown(row.get('Module'), 80)}: {finding}")

    def add_region(self, row: Row) -> None:
        """Take a row of windows.kd.address."""
        detail = self.of(row)
        if detail is None:
            return
        if row.get("Start") is None or type(row.get("Size")) is not int:
            detail.facts.append(("address space", shown(row.get("Note"))))
            return
        number = self._room_for(detail, "regions", row, caps.REGIONS_OF_A_PROCESS)
        if number is not None and not detail.regions.add(number, row, self._budget):
            detail.left["regions"] = detail.left.get("regions", 0) + 1
        if row.get("Type") == "MEM_PRIVATE" and "EXECUTE" in str(row.get("Actual")):
            size = f"{shown(row['Size'], 20)} bytes"
            detail.found(
                f"private memory that is executable: {shown(row['Start'])}, {size}, {shown(row['Actual'], 80)}"
            )

    def add_request(self, row: Row) -> None:
        """Take a row of windows.kd.irps: a request under way, and which driver the process waits for."""
        detail = self.of(row) if row.get("State") in UNDER_WAY else None
        if detail is None:
            return
        self._keep(detail, "requests", row, REQUEST_COLUMNS, caps.REQUESTS_OF_A_PROCESS)
        holder = waits_for(row)
        if holder and len(detail.waits) < _MOST_WAITS and holder not in detail.waits:
            detail.waits.append(holder)

    def _room_for(self, detail: Detail, kind: str, row: Row, most: int) -> int | None:
        """The number of a row that is packed; None where there is no room, which is counted."""
        number = None
        if len(getattr(detail, kind).rows) < most and self._room[kind] > 0:
            number = getattr(self.packing, kind).number(row)
        if number is None:
            detail.left[kind] = detail.left.get(kind, 0) + 1
        else:
            self._room[kind] -= 1
        return number

    def _keep(self, detail: Detail, kind: str, row: Row, columns: Iterable[str], most: int) -> None:
        kept: list[list[Cell]] = getattr(detail, kind)
        cells = [cell(row.get(column)) for column in columns]
        if len(kept) < most and self._room[kind] > 0 and self._budget.takes(cells):
            kept.append(cells)
            self._room[kind] -= 1
        else:
            detail.left[kind] = detail.left.get(kind, 0) + 1


def key_of(pid: object, name: object) -> Key:
    """What tells processes apart in rows that name them by PID and name alone."""
    return shown(pid, 40), shown(name, 80)


def module_finding(row: Mapping[str, Any]) -> str:
    """What is wrong with a module: in no list, in some of them only, not mapped, of another size or file than its list
    says; empty where nothing is. What memory lacks of an image is no finding.
    """
    lists = [name for name in ("InLoad", "InMemory") if row.get(name) is False]
    wrong = []
    if row.get("Source") == "vad":
        wrong.append(_UNLISTED)
    elif lists:
        wrong.append("missing from " + " and ".join(lists))
    if row.get("Mapped") is False:
        wrong.append("listed, and not mapped")
    notes = str(row.get("Note") or "").split("; ", _NOTES)
    return "; ".join(wrong + [shown(note) for note in notes if note.startswith(_WRONG)])
