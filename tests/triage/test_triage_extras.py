"""Redaction, time line and pages, seen from the run: what it hands them, and what their failing costs."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.triage.conftest import checked, silent
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, TriageResult, extras, run, run_triage

Triage = Callable[..., TriageResult]


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(build("win10-x64"), "full", tmp_path_factory.mktemp("dump") / "a.dmp")


class Hider:
    """Hides every process name that it was taught, anywhere."""

    left_out = ""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.hidden = 0

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        assert not self.hidden, "everything is learnt before anything is written"
        known = (each.get("row") or {} for each in rows)
        self.names |= {row["Name"] for row in known if "PPID" in row and row["Name"]}

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        self.hidden += 1
        text = json.dumps(row)
        for name in sorted(self.names, key=len, reverse=True):
            text = text.replace(name, "process-1")
        made: dict[str, Any] = json.loads(text)
        return made


def test_redacted_names_are_in_no_file(dump: Path, triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    hider = Hider()
    monkeypatch.setattr(run, "Redactor", lambda: hider)
    result = triage(dump, redact=True)
    summary = checked(result)
    assert len(hider.names) > 8 and summary["crash"]["process"] == "process-1" and result.folder is not None
    for path in result.folder.rglob("*.jsonl"):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert lines and not [
            each for each in lines if any(name in json.dumps(each.get("row")) for name in hider.names)
        ]


def test_progress_names_no_process_then(dump: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "Redactor", Hider)
    said: list[str] = []
    run_triage(dump, tmp_path / "out", TriageOptions(redact=True), lambda text, percent: said.append(text))
    assert said and not [text for text in said if "explorer" in text or ":" in text]


def test_a_redactor_that_fails_leaves_nothing_unredacted(
    dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Hider):
        def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
            raise RuntimeError("no")

    monkeypatch.setattr(run, "Redactor", Broken)
    with pytest.raises(RuntimeError):
        run_triage(dump, tmp_path / "out", TriageOptions(redact=True), silent)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_a_whole_run_redacted_names_nobody(dump: Path, tmp_path: Path) -> None:
    outs = [tmp_path / "plain", tmp_path / "out"]
    plain, redacted = (
        run_triage(dump, out, TriageOptions(redact=out.name == "out", command_line=("triage", str(dump))), silent)
        for out in outs
    )
    rows = [json.loads(line)["row"] for line in (outs[0] / "rows/peb.jsonl").read_text().splitlines()]
    (computer,) = {row["Value"] for row in rows if row["Field"] == "COMPUTERNAME"}
    for path in outs[1].rglob("*"):
        text = path.read_text().lower() if path.is_file() else ""
        assert computer.lower() not in text and str(dump.parent).lower() not in text, path.name
    counts = [[section["rows"] for section in each.summary["sections"]] for each in (plain, redacted)]
    assert counts[0] == counts[1] and checked(redacted)["faults"] == 0


def test_time_line_and_pages_are_made_last(dump: Path, triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def timeline(rows: Path, summary: dict[str, Any]) -> Iterator[dict[str, Any]]:
        assert (rows / "process.jsonl").exists() and summary["crash"]
        order.append("timeline")
        yield {"message": "crash"}

    def write_report(folder: Path) -> Path:
        assert (folder / "summary.json").exists()
        order.append("report")
        return folder / "report.html"

    monkeypatch.setattr(extras, "timeline", timeline)
    monkeypatch.setattr(extras, "write_report", write_report)
    result = triage(dump)
    assert checked(result)["faults"] == 0 and order == ["timeline", "report"] and result.folder is not None
    assert (result.folder / "timeline.jsonl").read_text() == '{"message": "crash"}\n'


def test_their_failing_is_a_fault(dump: Path, triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("x")

    monkeypatch.setattr(extras, "timeline", broken)
    monkeypatch.setattr(extras, "write_report", broken)
    summary = checked(triage(dump))
    assert summary["fault_texts"] == ["timeline.jsonl: KeyError: 'x'", "report.html: KeyError: 'x'"]


def test_a_disk_that_fills_up_with_the_page(dump: Path, triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(extras, "write_report", full)
    with pytest.raises(OSError, match="No space left"):
        triage(dump)
