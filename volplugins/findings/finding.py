"""One finding: something odd, how that is known, and the command that shows more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Severity(str, Enum):
    """How much a finding asks for a look, in the words of the contract; highest first."""

    SUSPICIOUS = "suspicious"
    ODD = "odd"
    DAMAGE = "damage"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding. docs/findings.md says what each means, and what else it may be.

    Attributes:
        name: the word in the column Kind.
        severity: that of all its findings.
        technique: MITRE ATT&CK's number of what it may be a trace of; empty where it is none.
    """

    name: str
    severity: Severity
    technique: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about; None and empty: nothing of the sort, or not known.

    Attributes:
        pid, process: the process, and its name as its EPROCESS has it.
        tid: the thread.
        address: where to look, in the process's address space or the kernel's.
        module: file name of the module.
    """

    pid: int | None = None
    process: str = ""
    tid: int | None = None
    address: int | None = None
    module: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd.

    Attributes:
        evidence: how it is known: never empty.
        next: the command of ours that shows more.
        note: what else has to be known of it.
    """

    kind: Kind
    about: Subject
    evidence: str
    next: str
    note: str = ""

    @property
    def severity(self) -> Severity:
        """That of its kind."""
        return self.kind.severity

    def noting(self, text: str) -> Finding:
        """The same with a further note."""
        return replace(self, note="; ".join(part for part in (self.note, text) if part))
