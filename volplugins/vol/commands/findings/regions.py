"""Findings from rows of windows.kd.address: executable memory, and pages that became executable or writable."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.address.disagreement import MADE_EXECUTABLE as MADE
from volplugins.address.disagreement import OUTSIDE_CODE, WRITABLE_CODE
from volplugins.address.region import COMMIT, PRIVATE
from volplugins.findings.finding import Finding, Kind, Subject
from volplugins.findings.kinds import (
    CODE_OUTSIDE_SECTIONS,
    LIST_BROKEN,
    MADE_EXECUTABLE,
    PRIVATE_EXECUTABLE,
    WRITABLE_IMAGE_CODE,
)
from volplugins.vol.commands.address.row import AddressRow
from volplugins.vol.commands.findings.wording import command, is_absence, parts

_MARKS = ((MADE, MADE_EXECUTABLE), (WRITABLE_CODE, WRITABLE_IMAGE_CODE), (OUTSIDE_CODE, CODE_OUTSIDE_SECTIONS))
_TREE = "VAD"


def of_region(row: AddressRow) -> Iterator[Finding]:
    """What one row tells."""
    if row.pid is None:
        return
    if row.start is None:
        if row.note.startswith(_TREE) and not is_absence(row.note):
            evidence = f"the tree of its ranges: {row.note}"
            yield Finding(LIST_BROKEN, Subject(row.pid, row.process), evidence, command("process", row.pid))
        return
    for part in parts(row.note):
        for begin, kind in _MARKS:
            if part.startswith(begin):
                yield _finding(row, kind, f"the page tables against {_made(row)}: {part}")
    if row.type == PRIVATE and row.state == COMMIT and "EXECUTE" in row.protect:
        resident = f"; {row.resident} of {row.size} bytes are in memory" if row.resident is not None else ""
        evidence = f"private memory that was made {row.protect} (its VAD), of no image or file{resident}"
        yield _finding(row, PRIVATE_EXECUTABLE, evidence)


def _made(row: AddressRow) -> str:
    return "the image's headers" if row.type == "MEM_IMAGE" else f"what the range was made with ({row.protect})"


def _finding(row: AddressRow, kind: Kind, evidence: str) -> Finding:
    module = row.detail.split("\\")[-1] if row.usage == "Image" else ""
    about = Subject(row.pid, row.process, address=row.start, module=module)
    return Finding(kind, about, evidence, command("address", row.pid))
