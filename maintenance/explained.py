"""Why a list and a symbol table of one build differ, member by member: what is not here is a fault to look into."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.kernel.made_layouts import Cell

_PATCHED_9600 = "the list is of the kernel as it was sold; the KPRCB of those patched since 2018 has grown before this"
_PATCHED_14393 = "the list is of the kernel as it was sold; those patched since 2018 are eight bytes longer here"
_SHADOW = "KVA shadow came with a patch of 2018"
_WHY: dict[tuple[int, int], tuple[str, frozenset[str]]] = {
    (64, 14393): (_PATCHED_14393, frozenset({
        "process.ExitTime", "process.Flags3", "process.VadCount", "processor.SharedReadyQueue",
    })),
    (64, 9600): (_PATCHED_9600, frozenset(f"processor.{name}" for name in (
        "InterruptCount", "KernelTime", "UserTime", "DpcTime", "InterruptTime", "DpcWatchdogCount", "DpcWatchdogPeriod",
        "ReadySummary", "DispatcherReadyListHead", "TimerTable", "SharedReadyQueue",
    ))),
}  # fmt: skip
_OTHERS = {
    ("process.UserDirectoryTableBase", 64): _SHADOW,
    ("process.LdtSystemDescriptor", 64): _SHADOW + ": it stands where the LDT stood",
    ("interrupt.DispatchCode", 64): "patched kernels took the code out of interrupt objects (Retpoline, 2019)",
    ("thread.Process", 32): "XP has it in ETHREAD, as ThreadsProcess, which the list lacks",
    ("thread.CreateTime", 32): "XP's lowest three bits are NestedFaultCount and ApcNeeded, which the list does not say",
}


# why a table may differ from the rows of its build, by structure
UPDATES = {
    "_MI_SYSTEM_INFORMATION": "the memory manager's state grew with updates of one build (3 of JPCERT's 213)",
}


def why_updated(where: str) -> str:
    """Why a table differs from a row at ``structure.member``; empty where nobody knows."""
    return UPDATES.get(where.partition(".")[0], "")


@dataclass(frozen=True, slots=True)
class Difference:
    """A list's place of a ``member`` (``field.member``) and a table's, of one build."""

    member: str
    bits: int
    build: int
    listed: Cell | None
    found: Cell | None
    guid: str

    @property
    def why(self) -> str:
        """Why they differ; empty where nobody knows."""
        reason, members = _WHY.get((self.bits, self.build), ("", frozenset()))
        return reason if self.member in members else _OTHERS.get((self.member, self.bits), "")

    def __str__(self) -> str:
        said = f"{_text(self.listed)} in a list, {_text(self.found)} in {self.guid}"
        return f"{self.member}, {self.bits} bits, {self.build}: {said} ({self.why or 'UNEXPLAINED'})"


def _text(cell: Cell | None) -> str:
    if cell is None:
        return "absent"
    return hex(cell) if isinstance(cell, int) else "/".join(map(hex, cell))
