"""The row that says what failed, and absent cells, per command: readers look for ``error`` in its place."""

from __future__ import annotations

import pytest
from volatility3.framework import renderers

from volplugins.vol.commands.tables import all_tables
from volplugins.vol.output.table import Table

TABLES = {f"{table.plugin} {table.option}".rstrip(): table for table in all_tables()}
ABSENT = renderers.NotAvailableValue
WHY = "why"
# what is said outright; every other text is empty, every other value absent
SAID = {
    "windows.kd.address.UserSpace": {"Process": "error", "Note": WHY},
    "windows.kd.address.UserSpace --summary": {"Process": "error", "Note": WHY},
    "windows.kd.analyze.Analyze": {"Section": "bugcheck", "Field": "error", "Evidence": WHY},
    "windows.kd.cpus.Cpus": {"Process": "error", "Note": WHY},
    "windows.kd.cpus.Cpus --ready": {"List": "error", "Note": WHY},
    "windows.kd.devices.Devices": {"Instance": "error", "Note": WHY},
    "windows.kd.drivers.Drivers": {"Kind": "error", "Note": WHY},
    "windows.kd.dumpinfo.DumpInfo": {"Group": "header", "Field": "error", "Note": WHY},
    "windows.kd.findings.Findings": {"Kind": "error", "Note": WHY},
    "windows.kd.irps.Irps": {"Process": "error", "Note": WHY},
    "windows.kd.lm.Lm": {"Process": "error", "Note": WHY},
    "windows.kd.pagedirs.PageDirs": {"Process": "error", "Evidence": WHY},
    "windows.kd.peb.Peb": {"Process": "error", "Section": "error", "Note": WHY},
    "windows.kd.process.Process": {"Name": "error", "Note": WHY},
    "windows.kd.process.Process --details": {"Name": "error", "Note": WHY},
    "windows.kd.process.Process --threads": {"Name": "error", "Note": WHY},
    "windows.kd.process.Process --threads --details": {"Name": "error", "Note": WHY},
    "windows.kd.ptov.Ptov": {"Process": "error", "Note": WHY},
    "windows.kd.stacks.Stacks": {"Process": "error", "Note": WHY},
    "windows.kd.stacks.Stacks --frame-registers": {"Process": "error", "Note": WHY},
    "windows.kd.vtop.Vtop": {"Step": "error", "Note": WHY},
    "windows.kd.waits.Waits": {"Process": "error", "Note": WHY},
}
# texts that are absent where they are empty
NO_TEXT = {
    "windows.kd.address.UserSpace": "Type State Protect Actual Usage Detail",
    "windows.kd.address.UserSpace --summary": "By Name",
    "windows.kd.analyze.Analyze": "Value",
    "windows.kd.cpus.Cpus --ready": "Process Symbol Module",
    "windows.kd.devices.Devices": "Instance Service State Problem Stack Driver Name Type",
    "windows.kd.drivers.Drivers": "Driver Name Type Symbol Module Source",
    "windows.kd.dumpinfo.DumpInfo": "Value",
    "windows.kd.findings.Findings": "Severity Process Module Technique Evidence Next",
    "windows.kd.irps.Irps": "Source Major Minor Driver File State Location Completion",
    "windows.kd.lm.Lm": "Pdb GuidAge Version",
    "windows.kd.vtop.Vtop": "Value",
    "windows.kd.waits.Waits": "Process Reason ObjectType ObjectName Verdict",
}
# where the value is none of this row's, not merely unknown
OF_NO_ROW = {"windows.kd.vtop.Vtop": "Value", "windows.kd.devices.Devices": "Depth"}
THREADS = (
    "TID ETHREAD State Wait ContextSwitches StartAddress Start ThreadCreateTime ThreadExitTime Win32StartAddress "
    "KernelStartAddress Priority BasePriority Waited KernelTime UserTime"
)
DETAILS = (
    "FullName ElapsedTime KernelTime UserTime WorkingSet WorkingSetMinimum WorkingSetMaximum WorkingSetPeak "
    "VirtualSize VirtualSizePeak PageFaults CommitChargePeak QuotaPagedPool QuotaNonPagedPool BasePriority "
    "ObjectTable Token Job"
)
THREAD_DETAILS = (
    "Teb Win32Thread PriorityBoost IdealProcessor WaitMode Alertable WaitStartTick ApcsPending Impersonates "
    "SuspendCount PendingIrps AttachedProcess InitialStack KernelStack StackBase StackLimit TrapFrame"
)
OF_NO_ROW["windows.kd.process.Process --threads"] = THREADS
OF_NO_ROW["windows.kd.process.Process --details"] = DETAILS
OF_NO_ROW["windows.kd.process.Process --threads --details"] = f"{THREADS} {DETAILS} {THREAD_DETAILS}"
OF_NO_ROW["windows.kd.stacks.Stacks --frame-registers"] = "Registers"


def test_every_table_is_here() -> None:
    assert set(TABLES) == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_the_row_of_a_failure(name: str) -> None:
    table = TABLES[name]
    ((depth, cells),) = table.grid_rows([table.failure(WHY)])
    found = dict(zip(table.names, cells, strict=True))
    assert depth == 0
    assert {column: cell for column, cell in found.items() if cell and isinstance(cell, str)} == SAID[name]
    assert {column for column, cell in found.items() if cell == ""} == empty_texts(table, name)
    others = set(found) - set(SAID[name]) - empty_texts(table, name)
    elsewhere = set(OF_NO_ROW.get(name, "").split())
    assert {column for column in others if type(found[column]) is renderers.NotApplicableValue} == elsewhere
    assert {type(found[column]) for column in others - elsewhere} <= {ABSENT}


def empty_texts(table: Table, name: str) -> set[str]:
    """The columns of texts in which an empty one is shown as it is."""
    texts = {column for column, kind in table.grid_columns if kind is str}
    return texts - set(SAID[name]) - set(f"{NO_TEXT.get(name, '')} {OF_NO_ROW.get(name, '')}".split())


@pytest.mark.parametrize("name", SAID)
def test_the_last_row_of_a_budget(name: str) -> None:
    """It says ``error`` in one place only, and the rest is absent."""
    table = TABLES[name]
    found = dict(zip(table.names, table.error_cells(WHY), strict=True))
    title = next(column for column, said in SAID[name].items() if said == "error")
    reason = next(column for column, said in SAID[name].items() if said == WHY)
    assert {column: cell for column, cell in found.items() if type(cell) is not ABSENT} == {title: "error", reason: WHY}
