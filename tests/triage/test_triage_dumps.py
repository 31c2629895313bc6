"""Every kind of dump and every defect of the lab: a whole folder that holds to its schemas, or one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.triage.conftest import checked, silent
from tests.vol.conftest import dumps  # noqa: F401 - a fixture
from volplugins.dumpfile.errors import DumpError
from volplugins.lab.defects import DEFECTS, apply
from volplugins.lab.writers import kinds_of
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.screen import summary_lines


@pytest.mark.parametrize("machine", ["win10-x64", "xp-x86"])
def test_every_kind_of_dump(dumps: Any, machine: str, tmp_path: Path) -> None:  # noqa: F811
    _, snapshot = dumps(machine, kind="full")
    for kind in kinds_of(snapshot):
        path, _ = dumps(machine, kind=kind)
        result = run_triage(path, tmp_path / kind, TriageOptions(), silent)
        summary = checked(result)
        assert (summary["faults"], summary["crash"]["bugcheck_code"]) == (0, "0xd1"), summary["fault_texts"]
        lines = summary_lines(summary, result.folder)
        assert len(lines) <= 24 and max(map(len, lines)) <= 100
        assert (tmp_path / kind / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_is_a_folder_or_one_line(dumps: Any, tmp_path: Path, defect: str) -> None:  # noqa: F811
    path, _ = dumps("xp-x86", kind="triage" if defect.startswith("triage") else "full")
    damaged = tmp_path / "damaged.dmp"
    damaged.write_bytes(path.read_bytes())
    try:
        apply(defect, damaged)
    except ValueError as error:
        pytest.skip(f"not of this kind of dump: {error}")
    try:
        result = run_triage(damaged, tmp_path / "out", TriageOptions(hash=False), silent)
    except DumpError as error:
        assert "\n" not in str(error)
        assert not (tmp_path / "out").exists()
        return
    summary = checked(result)
    assert not [each["fault"] for each in summary["sections"] if each["fault"]]
    assert len(summary_lines(summary)) <= 24


@pytest.mark.parametrize("part", ["symbols", "system", "crash", "stack", "completeness"])
def test_a_part_of_the_summary_that_fails_costs_itself(
    dumps: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    part: str,  # noqa: F811
) -> None:
    from volplugins.triage.crash_facts import CrashFacts

    real = getattr(CrashFacts, part)

    def broken(facts: CrashFacts) -> Any:
        if facts._analysis is not None:
            raise RuntimeError("made\nto fail")
        return real(facts)

    monkeypatch.setattr(CrashFacts, part, broken)
    path, _ = dumps("xp-x86", kind="triage")
    summary = checked(run_triage(path, tmp_path / "out", TriageOptions(), silent))
    assert summary["fault_texts"] == [f"summary, {part}: RuntimeError: made to fail"]
    assert summary["crash"]["bugcheck_code"] == "0xd1"
