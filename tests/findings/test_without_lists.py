"""A process without a PEB has no lists of modules: what is mapped in it (ntdll in System) is missing from none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.findings.conftest import Found
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machines.catalogue import build

VICTIM = "explorer.exe"


@pytest.mark.parametrize("machine", ["xp-x86", "win10-x64"])
def test_nothing_is_said_to_be_in_no_list(machine: str, found: Found) -> None:
    snapshot = build(machine)
    process = next(each for each in snapshot.truth["processes"] if each["name"] == VICTIM)
    edit = PageEdit(snapshot)
    edit.write(process["eprocess"] + PROFILES[machine].structures.offset("_EPROCESS", "Peb"), bytes(snapshot.bits // 8))
    rows = found(replace(snapshot, pages=edit.pages), "full", (VICTIM,))
    assert not [row for row in rows if row.kind in ("module-not-listed", "module-partly-listed")]
