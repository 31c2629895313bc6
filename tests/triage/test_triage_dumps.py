"""Every kind of dump gives a whole folder that holds to its schemas; a summary that fails in part is there in part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sampling import sampled
from tests.triage.conftest import checked, silent
from tests.vol.conftest import dumps  # noqa: F401 - a fixture
from volplugins.lab.writers import kinds_of
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.screen import summary_lines


@pytest.mark.parametrize("every", [pytest.param(3, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)])
@pytest.mark.parametrize("machine", sampled(["win10-x64", "xp-x86"], 2))
def test_every_kind_of_dump(dumps: Any, machine: str, every: int, tmp_path: Path) -> None:  # noqa: F811
    _, snapshot = dumps(machine, kind="full")
    for kind in kinds_of(snapshot)[::every]:
        path, _ = dumps(machine, kind=kind)
        result = run_triage(path, tmp_path / kind, TriageOptions(), silent)
        summary = checked(result)
        assert (summary["faults"], summary["crash"]["bugcheck_code"]) == (0, "0xd1"), summary["fault_texts"]
        lines = summary_lines(summary, result.folder)
        assert len(lines) <= 24 and max(map(len, lines)) <= 100
        assert (tmp_path / kind / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("part", ["symbols", "system", "crash", "stack", "completeness"])
def test_a_part_of_the_summary_that_fails_costs_itself(
    dumps: Any,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
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
