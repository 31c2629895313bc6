"""Rows of great dumps: what of them is kept counts, not how many lines are read; what is left out is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from volplugins.batch import dump_rows, row_lines
from volplugins.batch.digest import digest
from volplugins.corpus import result_folder
from volplugins.corpus.diff import Difference, difference
from volplugins.corpus.diff_output import as_object, screen_lines
from volplugins.corpus.result_folder import ResultFolder

PROCESSES = 40


def folder_of(path: Path, fields: int, processes: int = PROCESSES) -> Path:
    """Results of so many processes; each has so many rows of its PEB, and the images that all have, and one more."""
    (path / "rows").mkdir(parents=True)
    (path / "summary.json").write_text("{}")
    pids = range(4, 4 * processes + 4, 4)
    rows = {
        "process": ({"PID": pid, "Name": "a.exe", "TID": None} for pid in pids),
        "peb": (row for pid in pids for row in parameters(pid, fields)),
        "lm": ({"PID": pid, "Module": name, "Start": "0x1000", "Path": name} for pid in pids for name in images(pid)),
    }
    for name, told in rows.items():
        (path / "rows" / f"{name}.jsonl").write_text("".join(json.dumps({"row": row}) + "\n" for row in told))
    return path


def images(pid: int) -> Iterator[str]:
    yield from ("ntdll.dll", "kernel32.dll", f"last-{pid // 40}.dll")


def parameters(pid: int, fields: int) -> Iterator[dict[str, Any]]:
    for number in range(fields):
        yield {"PID": pid, "Process": "a.exe", "Section": "teb", "Field": f"x{number}", "Value": "parameters"}
    yield {"PID": pid, "Process": "a.exe", "Section": "parameters", "Field": "CommandLine", "Value": f"a {pid}"}
    yield {"PID": pid, "Process": "a.exe", "Section": "environment", "Field": "COMPUTERNAME", "Value": "HOST"}


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for fifty things of a kind."""
    for module, name in ((row_lines, "ROWS"), (dump_rows, "ROWS"), (dump_rows, "_FRAMES"), (result_folder, "_MOST")):
        monkeypatch.setattr(module, name, 50)


def compared(before: Path, after: Path) -> tuple[Difference, dict[str, Any]]:
    found = difference(ResultFolder(before), ResultFolder(after))
    return found, {section.name: section for section in found.sections}


@pytest.mark.usefixtures("little")
def test_the_database_has_what_fits_whatever_lies_between(tmp_path: Path) -> None:
    tables = digest(folder_of(tmp_path / "a", 30))
    assert [row[0] for row in tables["processes"]] == list(range(4, 4 * PROCESSES + 4, 4))
    assert all(row[13] == f"a {row[0]}" for row in tables["processes"])
    assert {row[1]: row[9] for row in tables["modules"]}["ntdll.dll"] == PROCESSES
    assert "last-4.dll" in {row[1] for row in tables["modules"]} and tables["dumps"][0][3] == "HOST"
    assert tables["faults"] == []


@pytest.mark.usefixtures("little")
def test_what_the_database_leaves_out_is_a_fault(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", 0, 60)
    stacks = ({"ETHREAD": "0x1", "Symbol": f"nt!f{number}", "Trust": "scan"} for number in range(51))
    (folder / "rows" / "stacks.jsonl").write_text("".join(json.dumps({"row": row}) + "\n" for row in stacks))
    (folder / "summary.json").write_text(json.dumps({"fault_texts": ["lm: a page is missing"]}))
    tables = digest(folder)
    assert len(tables["processes"]) == len(tables["frames"]) == 50
    assert tables["faults"][0] == ["lm", "a page is missing"]
    assert {row[0] for row in tables["faults"][1:]} == {"process", "peb", "stacks"}
    assert all("more than 50 " in row[1] for row in tables["faults"][1:])


@pytest.mark.usefixtures("little")
def test_a_difference_is_none_of_how_many_rows_there_are(tmp_path: Path) -> None:
    found, sections = compared(folder_of(tmp_path / "a", 30), folder_of(tmp_path / "b", 1))
    assert not sections["processes"].changes and sections["processes"].same == PROCESSES
    assert not sections["user-modules"].changes and sections["user-modules"].same == 7
    assert found.before["computer"] == found.after["computer"] == "HOST"
    assert not [note for note in found.notes if "no such file" not in note]


@pytest.mark.usefixtures("little")
def test_what_is_not_compared_is_said(tmp_path: Path) -> None:
    found, sections = compared(folder_of(tmp_path / "a", 0, 60), folder_of(tmp_path / "b", 0))
    assert sections["processes"].count("went") == 10
    (note,) = (note for note in found.notes if "of process" in note)
    assert note == "before: more than 50 things of process: the rest is not compared"
    assert f"! {note}" in list(screen_lines(found)) and note in as_object(found)["notes"]


def test_lines_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    one, two = folder_of(tmp_path / "a", 0), folder_of(tmp_path / "b", 0)
    with (two / "rows" / "process.jsonl").open("a") as file:
        file.write("{half a line\n")
    found, _ = compared(one, two)
    assert "after: process: 1 line could not be read as rows" in found.notes
