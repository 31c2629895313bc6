"""What is shown while a run goes on: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.batch.conftest import ROOT
from tests.batch.made_corpus import made_corpus
from volplugins.batch.progress import PlainProgress, clock, pace, printable


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_a_bar_on_a_terminal(started: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    import json
    import pty

    folder = made_corpus(tmp_path / "in", 8)
    (folder / "cut[red].dmp").write_bytes(b"PAGEDU64" + bytes(90))
    values = {"paths": [str(folder)], "output": str(tmp_path / "out"), "work": "tests.batch.stand_in:thin"}
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "tests.batch.run_corpus", json.dumps(values)]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "300"}
    run = subprocess.Popen(command, cwd=ROOT, stdout=child, stderr=child, env=environment)
    os.close(child)
    text = bytearray()
    try:
        while chunk := os.read(parent, 1 << 16):
            text += chunk
    except OSError:  # the terminal is gone: Linux's way to say the end
        pass
    assert run.wait(60) == 1
    shown = text.decode()
    assert "9/9" in shown or "10/10" in shown, shown
    assert "a minute" in shown and "cut[red].dmp: cannot-open: " in shown and "Traceback" not in shown


def test_lines_elsewhere(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = PlainProgress()
    shown.begin(100, 40)
    now = iter((11.0, 12.0, 25.0))
    monkeypatch.setattr("volplugins.batch.progress.time.monotonic", lambda: shown._start + next(now))
    for _ in range(3):
        shown.advance("done")
    shown.say("a\x1b[2Jb.dmp", "failed: x\ny")
    assert capsys.readouterr().out.splitlines() == [
        "100 dumps, 40 of them done before",
        "41 of 100, 5.5 a minute, 0:10:49 left",
        "43 of 100, 7.2 a minute, 0:07:55 left",
        "a\\x1b[2Jb.dmp: failed: x\\x0ay",
    ]


def test_pace_and_clock() -> None:
    assert pace(0, 10, 0, 0.0) == "0 of 10, 0.0 a minute"
    assert clock(3 * 3600 + 62) == "3:01:02"
    assert printable("é\u202e\n") == "é\\x202e\\x0a"
