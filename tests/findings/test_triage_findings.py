"""Findings in triage: rows, summary and redaction; and by plain ``vol``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.triage.conftest import checked, silent, validator
from volplugins.lab.damage.user import with_user_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.noted_findings import NotedFindings
from volplugins.triage.redaction import Redactor

COLUMNS = "Kind, Severity, PID, Process, TID, Address, Module, Technique, Evidence, Next, Note".split(", ")


def lines(path: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in found:
        validator("rows").validate(line)
    return [line["row"] for line in found if "row" in line]


def test_rows_and_summary_say_the_same(tmp_path: Path) -> None:
    dump = write(with_user_defect(build("win10-x64"), "module-in-no-list"), "full", tmp_path / "a.dmp")
    summary = checked(run_triage(dump, tmp_path / "out", TriageOptions(), silent))
    rows = lines(tmp_path / "out" / "rows" / "findings.jsonl")
    assert [list(row) for row in rows] == [COLUMNS] * len(rows)
    assert [{name.lower(): value for name, value in row.items()} | {"note": row["Note"] or ""} for row in rows] == (
        summary["findings"]
    )
    assert {"module-not-listed", "made-executable"} == {each["kind"] for each in summary["findings"]}
    again = checked(run_triage(dump, None, TriageOptions(), silent))
    assert again["findings"] == summary["findings"], "without a folder too"


def test_more_than_a_thousand_are_counted() -> None:
    row = dict.fromkeys(COLUMNS) | {"Kind": "container", "Severity": "damage", "Evidence": "e", "Next": "n"}
    noted = NotedFindings()
    for _ in range(1003):
        noted.take(row)
    noted.take(row | {"Kind": "error", "Severity": None, "Note": "nothing"})
    assert len(noted.found) == 1000 and noted.more() == ["3 more findings are in the rows of findings"]


def test_evidence_is_redacted() -> None:
    folder = r"\Device\HarddiskVolume2\Users\Jane Roe\secret plan"
    evidence = rf"the loader's list calls it b.dll; the file mapped there is {folder}\c.dll"
    mapped = rf"mapped as an image, and in none of the loader's lists: {folder}\b.dll"
    rows = [
        dict.fromkeys(COLUMNS) | {"Kind": "module-other-file", "Severity": "odd", "Technique": "T1036", "PID": 8,
                                  "Evidence": text, "Next": "windows.kd.lm --addr 0x1000 --pid 8"}
        for text in (evidence, mapped)
    ]  # fmt: skip
    redactor = Redactor()
    redactor.learn(rows)
    for row in map(redactor.row, rows):
        text = json.dumps(row)
        assert not any(word in text for word in ("Jane", "Roe", "secret", "plan")), text
        kept = {name: row[name] for name in ("Kind", "Severity", "Technique", "Next")}
        assert kept == {name: rows[0][name] for name in kept}
        assert ".dll" in row["Evidence"] and "mapped" in row["Evidence"]
