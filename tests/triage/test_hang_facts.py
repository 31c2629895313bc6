"""What holds threads up, in the summary and on the screen; nothing on a machine where nothing does; names redacted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.triage.conftest import checked, silent
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.redaction import Redactor
from volplugins.triage.screen import COLUMNS, LINES, summary_lines


@pytest.mark.parametrize(
    ("machine", "scene", "label"),
    [
        ("win10-x64", "hang-deadlock-2", "Deadlock"),
        ("win10-x64", "hang-chain", "Waits"),
        ("xp-x86", "hang-chain", "Waits"),
    ],
)
def test_the_screen_has_a_line_of_a_hang(machine: str, scene: str, label: str, tmp_path: Path) -> None:
    dump = write(build(machine, scene), "full", tmp_path / "a.dmp")
    summary = checked(run_triage(dump, None, TriageOptions(hash=False), silent))
    first = summary["hang"]["causes"][0]
    assert (first["kind"], label) in (("deadlock", "Deadlock"), ("request", "Waits")) and summary["hang"]["chosen"]
    lines = summary_lines(summary)
    assert len(lines) <= LINES and max(map(len, lines)) <= COLUMNS
    assert sum(line.startswith(f"{label} ") for line in lines) == 1


def test_a_machine_on_which_nothing_is_held_up_is_quiet(tmp_path: Path) -> None:
    dump = write(build("win10-x64", "driver-read"), "full", tmp_path / "a.dmp")
    summary = checked(run_triage(dump, None, TriageOptions(hash=False), silent))
    assert summary["hang"]["chosen"] is None
    assert not any(line.startswith(("Waits ", "Deadlock ")) for line in summary_lines(summary))


def test_names_of_objects_do_not_pass_redaction(tmp_path: Path) -> None:
    dump = write(build("win10-x64", "hang-deadlock-2"), "full", tmp_path / "a.dmp")
    run_triage(dump, tmp_path / "out", TriageOptions(hash=False, redact=True), silent)
    texts = "".join(each.read_text(encoding="utf-8") for each in (tmp_path / "out").rglob("*") if each.is_file())
    assert "AcmeRelayMutex" not in texts and "AcmeConfigMutex" not in texts
    rows = [json.loads(line) for line in (tmp_path / "out" / "rows" / "analyze.jsonl").read_text().splitlines()]
    deadlock = next(each["row"] for each in rows if each["row"]["Field"] == "DEADLOCK")
    assert 'Mutant "\\BaseNamedObjects\\object-' in deadlock["Value"] and "services.exe" in deadlock["Value"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('a (Mutant "\\BaseNamedObjects\\Secret > x") > b', 'a (Mutant "\\BaseNamedObjects\\object-1") > b'),
        ('keeps Mutant "\\Sessions\\1\\BaseNamedObjects\\Se; cret" and runs',
         'keeps Mutant "\\Sessions\\1\\BaseNamedObjects\\object-1" and runs'),
        ("keeps Resource nt!x and runs", "keeps Resource nt!x and runs"),
    ],
)  # fmt: skip
def test_a_sentence_with_a_name(text: str, shown: str) -> None:
    assert Redactor().text(text) == shown
