"""0xEF and 0xF4: what ended may be a process or a thread; the process is named either way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bugcheck.edited_crashes import said
from tests.bugcheck.test_device_blame import FULL, analysis_of
from volplugins.bugcheck.analysis import Analysis
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.vol.commands.analyze.rows import analyze_rows

MACHINES = pytest.mark.parametrize("machine", ["win10-x64", "win7-x86-pae"])
PROCESS, THREAD = {0xEF: 0, 0xF4: 3}, {0xEF: 1, 0xF4: 6}


def crashed(machine: str, folder: Path, code: int, kind: int, which: str) -> tuple[Analysis, dict[str, Any], int]:
    """The crash with other parameters: the analysis, the process that ended, the object."""
    snapshot = build(machine, "critical-process")
    process = next(each for each in snapshot.truth["processes"] if each["name"] in ("wininit.exe", "csrss.exe"))
    place = process["eprocess"] if which == "process" else process["threads"][0]["ethread"]
    values = (place, kind) if code == 0xEF else (kind, place)
    snapshot.header.update(BugCheckCode=code, BugCheckParameter1=values[0], BugCheckParameter2=values[1])
    return analysis_of(write(snapshot, FULL, folder / "a.dmp").read_bytes(), True), process, place


@MACHINES
@pytest.mark.parametrize("code", [0xEF, 0xF4])
@pytest.mark.parametrize("which", ["process", "thread"])
def test_the_process_is_named_by_itself_or_by_its_thread(machine: str, code: int, which: str, tmp_path: Path) -> None:
    kind = (PROCESS if which == "process" else THREAD)[code]
    found, process, place = crashed(machine, tmp_path, code, kind, which)
    word = "EPROCESS" if which == "process" else "ETHREAD"
    image, confidence, reason = said(found)
    assert (image, confidence) == (process["name"], "medium") and f"{word} {place:#x}" in reason
    row = next(row for row in analyze_rows(found) if row.field == ("BUGCHECK_P1" if code == 0xEF else "BUGCHECK_P2"))
    assert f"({word})" in row.evidence


@pytest.mark.parametrize("code", [0xEF, 0xF4])
def test_what_is_no_thread_names_nobody(code: int, tmp_path: Path) -> None:
    found, process, _ = crashed("win10-x64", tmp_path, code, THREAD[code], "process")
    assert said(found)[:2] == ("ntoskrnl.exe", "low") and process["name"] not in said(found)[2]
