"""Who is to blame, on the screen and on the page: nobody for what was asked for, memory where a bit has flipped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.report.page_parser import PageParser
from tests.triage.conftest import checked, silent
from volplugins.bugcheck.recipe import RECIPE
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.screen import summary_lines


def triaged(snapshot: Snapshot, folder: Path) -> tuple[dict[str, Any], str, str]:
    """Summary, screen and page."""
    dump = write(snapshot, "triage", folder / "a.dmp")
    summary = checked(run_triage(dump, folder / "out", TriageOptions(), silent))
    return summary, "\n".join(summary_lines(summary)), PageParser(folder / "out" / "report.html").text


def test_a_crash_that_was_asked_for(tmp_path: Path) -> None:
    summary, screen, page = triaged(build("win10-x64", "keyboard"), tmp_path)
    word = summary["crash"]["manual_crash"]
    assert word in ("keyboard", "keyboard-or-debugger")
    assert summary["crash"]["image"] is None and summary["crash"]["evidence"].startswith("this crash was asked for")
    assert f"Blame          nobody: this crash was asked for ({word})" in screen
    assert "Blame: nobody, this crash was asked for" in " ".join(page.split())


def test_a_likely_memory_error(tmp_path: Path) -> None:
    snapshot = build("win10-x64", "pool")
    header = {**snapshot.header, "BugCheckCode": 0x1A, "BugCheckParameter1": 0x41792, "BugCheckParameter3": 1 << 20,
              "BugCheckParameter4": 0}  # fmt: skip
    summary, screen, page = triaged(replace(snapshot, header=header), tmp_path)
    crash = summary["crash"]
    assert (crash["memory_error"], crash["memory_error_confidence"]) == ("page-table", "high")
    assert crash["confidence"] == "low" and crash["signature_recipe"] == RECIPE == 2
    assert "Memory         a memory error is likely: page-table  [high]" in screen
    assert "A memory error is likely (page-table, high)" in page and "bit 20 alone" in page
