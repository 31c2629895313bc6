"""Who is to blame, on the screen and on the page: nobody for what was asked for, memory where a bit has flipped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.report.page_parser import PageParser
from tests.triage.conftest import checked, silent
from volplugins.bugcheck.words.recipe import RECIPE
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


def test_the_device_of_the_driver_at_fault(tmp_path: Path) -> None:
    snapshot = build("win10-x64", "power-9f-3")
    node = next(
        each for each in snapshot.truth["io"]["nodes"] if each["service"] == "acmedrv" and len(each["stack"]) > 1
    )
    summary, screen, page = triaged(snapshot, tmp_path)
    crash, stack = summary["crash"], " > ".join(node["drivers"])
    assert (crash["device_stack"], crash["device_instance"]) == (stack, node["instance"])
    assert crash["device_confidence"] == "high" and crash["device_evidence"].startswith("by the device at which IRP")
    assert node["instance"] in screen and stack in " ".join(screen.split())
    assert node["instance"] in page and stack in " ".join(page.split())
    assert crash["evidence"].startswith("IRP 0x") and len(screen.splitlines()) <= 24


def test_redacted_the_serial_number_of_the_device_is_nowhere(tmp_path: Path) -> None:
    snapshot = build("win10-x64", "power-9f-3")
    dump = write(snapshot, "triage", tmp_path / "a.dmp")
    summary = checked(run_triage(dump, tmp_path / "out", TriageOptions(redact=True), silent))
    assert summary["crash"]["device_instance"] and summary["crash"]["device_stack"].startswith("\\Driver\\acmedrv")
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written and not [path for path in written if b"0012A4F39B77" in path.read_bytes()]
