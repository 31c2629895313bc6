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
from volplugins.batch import corpus as corpus_module
from volplugins.batch.identity import Identity
from volplugins.batch.job import Job
from volplugins.batch.options import TRIAGE
from volplugins.cli.main import main
from volplugins.lab.machines.catalogue import build
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
        said = {one["pid"]: one for one in tables["processes"] if one["dump"] == row["id"]}
        for one in truth["processes"]:
            told = truth["user"].get(one["pid"])
            if told is not None and not one["exited"]:
                assert said[one["pid"]]["command_line"] == told["parameters"]["CommandLine"]
        mine = {table: [one for one in tables[table] if one["dump"] == row["id"]] for table in ("modules", "frames")}
        kernel = {one["module"]: one for one in mine["modules"] if one["kernel"]}
        for one in truth["modules"]:
            assert (kernel[one["file"]]["size"], kernel[one["file"]]["stamp"]) == (one["size"], one["timestamp"])
            assert kernel[one["file"]]["file_key"] == f"{one['timestamp']:08X}{one['size']:x}"
        crash = sorted((one for one in mine["frames"] if one["crash"]), key=lambda one: one["number"])
        assert crash[0]["module"] == truth["culprit"] and crash[0]["trust"] != "scan"
        assert any(one["function"] == "nt!KiSwapThread" and one["threads"] > 1 for one in mine["frames"])
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
    write(build("xp-x86"), "triage", tmp_path / "a.dmp")
    assert main(["batch", str(tmp_path / "a.dmp"), "-o", str(tmp_path)]) == 2
    assert main(["batch", str(tmp_path / "a.dmp"), "-o", str(tmp_path / "a.dmp")]) == 2
    assert main(["batch", str(tmp_path / "a.dmp"), "-o", str(tmp_path / "other"), "--scheduler", "foo"]) == 2
    capsys.readouterr()
    for number, path in enumerate(("in", "missing", "in/text.dmp")):
        assert main(["batch", str(tmp_path / path), "-o", str(tmp_path / f"out-{number}")]) == 3, path
    printed = capsys.readouterr().out
    assert f"{tmp_path / 'missing'}: No such file or directory\n" in printed
    assert f"{tmp_path / 'in' / 'text.dmp'}: cannot-open: not a Windows kernel crash dump" in printed


def test_another_file_in_its_place_is_not_taken_for_it(
    batch: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was hashed is not what is there when the work begins."""
    path = write(build("xp-x86", "notmyfault"), "triage", tmp_path / "a.dmp")
    other = write(build("win7-x64", "driver-read"), "triage", tmp_path / "other")
    real = corpus_module.Corpus._job

    def replaced(self: corpus_module.Corpus, name: str, identity: Identity, sha256: str) -> Job:
        other.replace(path)
        return real(self, name, identity, sha256)

    monkeypatch.setattr(corpus_module.Corpus, "_job", replaced)
    assert batch(path, work=TRIAGE) == 1
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert (row["status"], row["reason"]) == ("failed", "the file changed after it was hashed: run again")
    monkeypatch.undo()
    batch(path, work=TRIAGE)
    rows = contents.tables(tmp_path / "out")["dumps"]
    assert [row["culprit"] for row in rows if row["status"] == "done"] == ["acmedrv.sys"]


def test_names_that_are_no_text_are_read_and_redacted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if sys.platform != "linux":
        pytest.skip("file names are bytes on Linux alone")
    folder = tmp_path / "SECRETPLACE"
    folder.mkdir()
    path = write(build("xp-x86", "notmyfault"), "triage", folder / "a.dmp")
    os.rename(path, os.fsencode(folder) + b"/sec\xffret.dmp")
    out = tmp_path / "out"
    assert main(["batch", str(folder), "-o", str(out), "--redact", "--workers", "1"]) in (0, 1)
    printed = capsys.readouterr()
    assert {row["status"] for row in contents.tables(out)["dumps"]} <= {"done", "faults"}
    files = [file.read_bytes() for file in out.rglob("*") if file.is_file()]
    assert b"SECRETPLACE" not in b"".join(files) and "SECRETPLACE" not in printed.out + printed.err


def test_lists_of_the_signatures_are_in_order(batch: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number, machine in enumerate(("win7-x64", "win10-x64")):
        write(build(machine, "driver-read"), "triage", tmp_path / "in" / f"{number}.dmp")
    batch(tmp_path / "in", work=TRIAGE)
    with closing(sqlite3.connect(tmp_path / "out" / "corpus.sqlite")) as connection:
        assert connection.execute("SELECT builds, machines, culprits FROM signatures").fetchall() == [
            ("19041,7601", "x64", "acmedrv.sys")
        ]


def test_a_budget_reaches_the_triage_of_each_dump(batch: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = write(build("win10-x64", "notmyfault"), "bitmap-full", tmp_path / "in" / "one.dmp")
    said = {}
    for budget in ("0.00001", "10"):
        batch(path, work=TRIAGE, output=budget, budget=budget)
        files = list((tmp_path / budget / "dumps").glob("*/rows/*.jsonl"))
        said[budget] = [text.name for text in files if "the rows end here" in text.read_text(encoding="utf-8")]
    assert said["0.00001"] and not said["10"]


@pytest.mark.parametrize("budget", ["much", "-1", "inf"])
def test_a_budget_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], budget: str) -> None:
    assert main(["batch", str(tmp_path), "-o", str(tmp_path / "out"), f"--budget={budget}"]) == 2
    assert capsys.readouterr().err == (
        f"volplugins: {budget}: no budget (a number: 10 is ten times as much as usual, 0 without end)\n"
    )
    assert not (tmp_path / "out").exists()
