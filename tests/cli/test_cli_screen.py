"""The screen on terminals of all widths, in colour and without; logs; what was probably meant."""

from __future__ import annotations

import json
import logging
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from volplugins.cli import terminal
from volplugins.cli.main import main
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.screen import summary_lines

CODES = re.compile(r"\x1b\[\d+m")


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from volatility3.framework import constants

    constants.CACHE_PATH = str(tmp_path_factory.mktemp("cache"))
    return write(build("win10-x64", "kmode-exception"), "full", tmp_path_factory.mktemp("a b") / "MEMORY.DMP")


@pytest.fixture(scope="module")
def summary(dump: Path) -> dict[str, Any]:
    return run_triage(dump, None, TriageOptions(hash=False), lambda text, percent: None).summary


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 132, 160])
def test_lines_fit_every_terminal(summary: dict[str, Any], width: int) -> None:
    lines = summary_lines(summary, Path("out"), width)
    assert len(lines) <= 24 and max(map(len, lines)) <= max(width, 40)
    assert [CODES.sub("", line) for line in summary_lines(summary, Path("out"), width, colour=True)] == lines
    joined = " ".join(" ".join(lines).split())
    assert "acmedrv.sys" in joined and "Written out/report.html" in joined


def test_what_an_engineer_asks_first_is_there(summary: dict[str, Any]) -> None:
    text = "\n".join(summary_lines(summary))
    assert "kernel code raised an exception that nobody handled" in text
    assert (
        "0xffffffffc0000005 (STATUS_ACCESS_VIOLATION)" in text
        and "exception 0xc0000005 STATUS_ACCESS_VIOLATION" in text
    )
    assert re.search(r"2\.4\.1\.117, ACME Devices Inc\., \d{4}-\d\d-\d\d, \\SystemRoot.*acmedrv\.sys", text)
    crash = summary["crash"]
    assert crash["module_company"] == "ACME Devices Inc." and crash["module_date"].endswith("+00:00")


def test_frames_that_are_not_proved_are_counted(summary: dict[str, Any]) -> None:
    frames = [{"frame": 0, "ip": "0x1", "symbol": "a!proved", "trust": "trap-frame"}]
    frames += [{"frame": n, "ip": "0x2", "symbol": "b!guessed", "trust": "scan"} for n in (1, 2)]
    frames += [{"frame": 3, "ip": "0x3", "symbol": "c!resting", "trust": "unwind-info"}]
    frames += [{"frame": 4, "ip": "0x4", "symbol": "d!anew", "trust": "trap-frame"}]
    text = "\n".join(summary_lines({**summary, "stack": frames}))
    assert "a!proved" in text and "d!anew" in text and "guessed" not in text and "resting" not in text
    assert "3 frames are not proved" in text
    only = "\n".join(summary_lines({**summary, "stack": frames[1:2]}))
    assert "1 frame is not proved" in only


def test_next_steps_can_be_typed(summary: dict[str, Any], dump: Path) -> None:
    finding = {"severity": "odd", "kind": "module-not-listed", "next": "windows.kd.lm --pid 8 --addr 0x10"}
    bad = {"process": "x.exe", "pid": 8, "verdict": "not-a-directory", "evidence": "e"}
    told = {**summary, "findings": [finding], "directories": [bad]}
    lines = summary_lines(told, width=400)
    at = next(number for number, line in enumerate(lines) if line.startswith("Next"))
    steps = [shlex.split(line[15:], comments=True) for line in lines[at:]]
    assert ["vol", "-f", str(dump), "windows.kd.lm", "--pid", "8", "--addr", "0x10"] in steps
    assert ["vol", "-f", str(dump), "windows.kd.pagedirs", "--checks", "--pid", "8"] in steps
    assert steps[0][:3] == ["volplugins", "symbols", str(dump)]


def test_a_hostile_name_is_no_colour_and_no_command(summary: dict[str, Any]) -> None:
    evil = "a.sys' ; rm -rf ~ [certain] suspicious"
    told = {**summary, "input": {"path": evil}, "crash": {**summary["crash"], "image": evil, "module_company": evil}}
    lines = summary_lines(told, width=400, colour=True)
    step = next(CODES.sub("", line) for line in lines if "--list" in line)
    assert shlex.split(step[15:], comments=True)[2] == evil
    assert not [line for line in lines if CODES.search(line) and "rm -rf" in CODES.split(line)[-2]]


def test_width_and_colour_follow_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "is_terminal", lambda: True)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    assert terminal.columns(100) == 80 and terminal.takes_colour()
    monkeypatch.setenv("COLUMNS", "900")
    assert terminal.columns(100) == 160
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.takes_colour()
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal.takes_colour()
    monkeypatch.setattr(terminal, "is_terminal", lambda: False)
    assert terminal.columns(100) == 100 and not terminal.takes_colour()


def test_a_run_says_what_it_does(dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "run.log"
    assert main(["triage", str(dump), "-v", "--log", str(log), "--no-hash"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert any(re.fullmatch(r"analyze: \d+ rows in \d+\.\d\d s", line) for line in said)
    written = log.read_text().splitlines()
    assert len(written) == len(said) and all(re.match(r"\d{4}-\d\d-\d\dT[\d:]{8}Z \[\d+\] ", line) for line in written)
    assert not logging.getLogger("volplugins").handlers


def test_no_log_is_written_beside_a_dump(dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for log in (dump.parent / "run.log", dump):
        assert main(["triage", str(dump), "--log", str(log)]) == 2
    assert main(["batch", str(dump.parent), "-o", str(tmp_path / "out"), "--log", str(dump.parent / "x" / "l")]) == 2
    assert capsys.readouterr().err.count("nothing is written beside a dump") == 3
    assert [path.name for path in dump.parent.iterdir()] == ["MEMORY.DMP"]


def test_the_report_is_opened(dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: asked.append(address) is None)
    assert main(["triage", str(dump), "-o", str(tmp_path / "out"), "--open", "-q", "--no-hash"]) == 0
    assert asked == [(tmp_path / "out" / "report.html").as_uri()]
    assert main(["triage", str(dump), "--open"]) == 2
    assert "--open shows the report of -o DIR" in capsys.readouterr().err


def test_what_was_probably_meant(dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*words: str, code: int = 2) -> str:
        assert main(list(words)) == code
        printed = capsys.readouterr()
        assert printed.out == "" and printed.err.count("\n") == 1
        return printed.err.strip()

    assert said(str(dump)).endswith(f"volplugins triage {shlex.quote(str(dump))}")
    assert said("traige", "x").endswith("did you mean: volplugins triage")
    assert said(str(tmp_path)).endswith(f"volplugins batch {tmp_path} -o RESULTS")
    assert said("triage", str(tmp_path), code=3).endswith(f"volplugins batch {tmp_path} -o RESULTS")
    (tmp_path / "summary.json").write_text(json.dumps({}))
    assert said("triage", str(tmp_path), code=3).endswith(f"volplugins report {tmp_path}")
    assert main(["nothing like it"]) == 2
