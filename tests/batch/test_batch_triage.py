"""With triage itself: rows against what the lab built; a great corpus killed again and again; the command line."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.made_corpus import MACHINES, lab_corpus
from tests.batch.test_batch_resume import Start, killed_and_resumed, moments
from volplugins.batch.options import TRIAGE
from volplugins.cli.main import main
from volplugins.lab.machines import build
from volplugins.lab.writers import write

pytestmark = pytest.mark.skipif(find_spec("volplugins.triage") is None, reason="triage is not there")


def test_rows_are_what_the_lab_built(batch: Callable[..., int], tmp_path: Path) -> None:
    snapshots = {name: build(name, "notmyfault") for name in MACHINES}
    paths = [write(snapshot, "bitmap-full", tmp_path / f"{name}.dmp") for name, snapshot in snapshots.items()]
    batch(*paths, work=TRIAGE, workers=2)
    rows = contents.dumps(tmp_path / "out")
    tables = contents.tables(tmp_path / "out")
    for name, snapshot in snapshots.items():
        row, truth = rows[f"{name}.dmp"], snapshot.truth
        assert row["folder"] and row["bugcheck"] == f"{snapshot.header['BugCheckCode']:#x}"
        assert (row["machine"], row["computer"]) == ("x64" if snapshot.bits == 64 else "x86", truth["computer"])
        assert row["culprit"].lower() == f"{truth['culprit']}.sys".lower()
        assert row["build"] == str(snapshot.header["MinorVersion"])
        pids = {one["pid"] for one in tables["processes"] if one["dump"] == row["id"] and one["life"] == "running"}
        assert pids == {one["pid"] for one in truth["processes"] if not one["exited"]}
        verdicts = {one["pid"] for one in tables["verdicts"] if one["dump"] == row["id"] and one["verdict"] == "ok"}
        assert verdicts >= pids
        failures = [one for one in tables["failures"] if one["dump"] == row["id"]]
        assert [(one["pid"], one["manual_crash"]) for one in failures] == [(truth["process"]["pid"], "notmyfault")]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_great_corpus_killed_ten_times(started: Start, tmp_path: Path) -> None:
    """The issue's corpus: VOLPLUGINS_CORPUS dumps, 500 by default."""
    count = int(os.environ.get("VOLPLUGINS_CORPUS", "500"))
    folder, chance = lab_corpus(tmp_path / "in", count), random.Random(9)
    start = time.monotonic()
    whole = started(folder, work=TRIAGE, workers=2, output="whole", quiet=True)
    assert whole.wait(7200) == 1
    took = time.monotonic() - start
    struck = killed_and_resumed(started, folder, moments(took, chance), 2, "out", work=TRIAGE)
    assert struck == 10
    assert contents.tables(tmp_path / "out") == contents.tables(tmp_path / "whole")
    ours, theirs = contents.files(tmp_path / "out"), contents.files(tmp_path / "whole")
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []
    statuses = Counter(row["status"] for row in contents.tables(tmp_path / "out")["dumps"])
    assert set(statuses) == {"done", "faults", "cannot-open"}, statuses


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dump = write(build("xp-x86", "notmyfault"), "triage", tmp_path / "a.dmp")
    out = str(tmp_path / "out")
    assert main(["batch", str(tmp_path / "a.dmp"), "-o", out, "--workers", "1"]) in (0, 1)
    printed = capsys.readouterr()
    assert "1 dumps" in printed.out and printed.err == ""
    assert main(["batch", str(tmp_path / "a.dmp"), "-o", out, "-q"]) in (0, 1)
    assert capsys.readouterr() == ("", "")
    with closing(sqlite3.connect(tmp_path / "out" / "corpus.sqlite")) as connection:
        assert connection.execute("SELECT path FROM dumps").fetchall() == [(str(dump),)]


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "text.dmp").write_text("no dump")
    assert main(["batch", str(tmp_path / "in")]) == 2
    assert main(["batch", "x", "-o", str(tmp_path / "out"), "--workers", "0"]) == 2
    capsys.readouterr()
    for number, path in enumerate(("in", "missing", "in/text.dmp")):
        assert main(["batch", str(tmp_path / path), "-o", str(tmp_path / f"out-{number}")]) == 3, path
    printed = capsys.readouterr().out
    assert f"{tmp_path / 'missing'}: No such file or directory\n" in printed
    assert f"{tmp_path / 'in' / 'text.dmp'}: cannot-open: not a Windows kernel crash dump" in printed
