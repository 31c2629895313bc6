"""The summary of one crash as lines of text: made from the rows of windows.kd.analyze, nothing of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.dumpfile.dump_type import DumpType
from volplugins.vol.analyze_rows import AnalyzeRow, analyze_rows
from volplugins.vol.rows import Absent

if TYPE_CHECKING:
    from volplugins.bugcheck.analysis import Analysis

LABELS = 15
_SHOWN_FRAMES = 8
# what the header states needs no word on how sure it is
_DOUBTFUL = ("context", "process", "culprit", "signature")
# label, section, fields whose values are joined, and whether the evidence is shown below
_LINES = (
    ("What crashed", "bugcheck", ("BUGCHECK_CODE", "BUGCHECK_NAME"), False),
    ("Parameters", "bugcheck", ("BUGCHECK_P1", "BUGCHECK_P2", "BUGCHECK_P3", "BUGCHECK_P4"), False),
    ("Blame", "culprit", ("IMAGE_NAME",), True),
    ("Symbol", "culprit", ("SYMBOL_NAME",), False),
    ("Failed at", "context", ("FAULTING_IP",), False),
    ("Reading", "context", ("READ_ADDRESS",), False),
    ("Writing", "context", ("WRITE_ADDRESS",), False),
    ("Executing", "context", ("EXECUTE_ADDRESS",), False),
    ("Exception", "context", ("EXCEPTION_CODE",), True),
    ("Process", "process", ("PROCESS_NAME", "PROCESS_ID"), False),
    ("On purpose", "signature", ("MANUAL_CRASH",), True),
    ("Signature", "signature", ("FAILURE_SIGNATURE",), False),
    ("System", "system", ("MACHINE", "BUILD", "SYSTEM_TIME", "SYSTEM_UPTIME"), False),
)


# kernel dumps: their score is low on purpose
_KERNEL_ONLY = (DumpType.KERNEL_SUMMARY, DumpType.BITMAP_KERNEL, DumpType.KERNEL_MEMORY)


def summary_lines(analysis: Analysis) -> Iterator[str]:
    """The lines: one per fact, with its confidence; frames; what the dump lacks."""
    rows = list(analyze_rows(analysis))
    for label, section, fields, with_evidence in _LINES:
        by_field = {row.field: row for row in rows if row.section == section}
        found = [by_field[field] for field in fields if field in by_field]
        shown = [row.value for row in found if isinstance(row.value, str)]
        if not shown:
            continue
        confidence = f"  [{found[0].confidence}]" if found[0].confidence and section in _DOUBTFUL else ""
        yield f"{label:<{LABELS}}{'  '.join(shown)}{confidence}"
        if with_evidence and found[0].evidence:
            yield f"{'':<{LABELS}}{found[0].evidence}"
    yield from _stack(rows)
    yield from _missing(rows, analysis.scene.dump.header.dump_type)


def _stack(rows: list[AnalyzeRow]) -> Iterator[str]:
    frames = [row for row in rows if row.section == "stack" and isinstance(row.value, str)]
    for number, row in enumerate(frames[:_SHOWN_FRAMES]):
        fields = dict(part.split("=", 1) for part in str(row.value).split(" ") if "=" in part)
        trust = next((part[6:] for part in row.evidence.split(" ") if part.startswith("Trust=")), "")
        label = "Stack" if number == 0 else ""
        yield f"{label:<{LABELS}}{fields['ChildSP']} {fields['Symbol'] or fields['IP']}  ({trust})"
    if len(frames) > _SHOWN_FRAMES:
        yield f"{'':<{LABELS}}… {len(frames) - _SHOWN_FRAMES} more: windows.kd.analyze"


def _missing(rows: list[AnalyzeRow], dump_type: int) -> Iterator[str]:
    why = " (this type of dump leaves user memory out)" if dump_type in _KERNEL_ONLY else ""
    completeness = {row.field: row.value for row in rows if row.section == "completeness"}
    if isinstance(completeness.get("Score"), str):
        described, present = completeness["PagesDescribed"], completeness["PagesInFile"]
        text = f"{completeness['Score']} %: {present} of {described} pages of RAM are in the file{why}"
        yield f"{'Complete':<{LABELS}}{text}"
    for row in rows:
        text = row.value if isinstance(row.value, str) else row.evidence
        if row.section == "symbols":
            yield f"{'No symbols':<{LABELS}}{row.evidence or text}"
        elif row.section == "completeness" and row.field == "Missing" and not isinstance(row.value, Absent):
            yield f"{'Missing':<{LABELS}}{text}"
