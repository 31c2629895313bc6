"""One row of windows.kd.findings, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.findings.finding import Finding
from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class FindingRow(NamedTuple):
    """One finding; None and empty texts: nothing of the sort, or not known."""

    kind: Annotated[str, Column("Kind", failure="error")]
    severity: Annotated[str, Column("Severity", empty_is_absent=True)]
    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", empty_is_absent=True)]
    tid: Annotated[int | None, Column("TID", Kind.INTEGER)]
    address: Annotated[int | None, Column("Address", Kind.HEX)]
    module: Annotated[str, Column("Module", empty_is_absent=True)]
    technique: Annotated[str, Column("Technique", empty_is_absent=True)]
    evidence: Annotated[str, Column("Evidence", empty_is_absent=True)]
    next: Annotated[str, Column("Next", empty_is_absent=True)]
    note: Annotated[str, Column("Note", is_reason=True)]


FINDINGS = Table("windows.kd.findings.Findings", FindingRow)
failure_row = FINDINGS.failure


def row_of(finding: Finding) -> FindingRow:
    """The row of a finding."""
    about, kind = finding.about, finding.kind
    return FindingRow(
        kind.name, kind.severity.value, about.pid, about.process, about.tid, about.address, about.module,
        kind.technique, finding.evidence, finding.next, finding.note,
    )  # fmt: skip
