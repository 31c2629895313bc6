"""volplugins batch: every dump once, whatever else is there; killed at any moment and resumed, the same corpus."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from volplugins.batch.finder import find_dumps, unpack
from volplugins.batch.runner import Batch, BatchOptions
from volplugins.cli.main import main
from volplugins.lab.defects import apply
from volplugins.lab.machines import build
from volplugins.lab.writers import write

COMMAND = [sys.executable, "-m", "volplugins.cli.main", "batch"]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Dumps of several kinds, one damaged, one twice, one packed, and files that are none."""
    folder = tmp_path_factory.mktemp("corpus")
    snapshot = build("xp-x86", "driver-read")
    for kind in ("triage", "full"):
        write(snapshot, kind, folder / f"{kind}.dmp")
    write(build("win7-x86-pae", "driver-read"), "triage", folder / "seven.dmp")
    (folder / "deep").mkdir()
    shutil.copy(folder / "triage.dmp", folder / "deep/twice.dmp")
    (folder / "deep/packed.dmp.gz").write_bytes(gzip.compress((folder / "seven.dmp").read_bytes() + b"\0" * 16))
    shutil.copy(folder / "full.dmp", folder / "damaged.dmp")
    apply("truncated-header", folder / "damaged.dmp")
    (folder / "garbage.dmp").write_bytes(os.urandom(1 << 12))
    (folder / "notes.txt").write_text("PAGE, but no dump")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    return folder


def contents(corpus: Path) -> dict[str, list[tuple]]:
    """Every table but for what differs from run to run."""
    with sqlite3.connect(corpus / "corpus.sqlite") as base:
        found = {
            table: sorted(map(repr, base.execute(f"SELECT * FROM {table}")))
            for table in ("failures", "modules", "processes", "verdicts", "faults", "signatures")
        }
        found["dumps"] = sorted(
            map(repr, base.execute("SELECT id, size, status, reason, signature, culprit FROM dumps"))
        )
        return found


def test_what_is_found(made, tmp_path):
    found = [(each.path.name, each.packed) for each in find_dumps([made])]
    assert sorted(found) == [
        ("damaged.dmp", False), ("full.dmp", False), ("packed.dmp.gz", True), ("seven.dmp", False),
        ("triage.dmp", False), ("twice.dmp", False),
    ]  # fmt: skip
    for name, make in (("a.xz", lzma.compress), ("a.gz", gzip.compress)):
        (tmp_path / name).write_bytes(make(b"PAGEDUMP" + bytes(100)))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.dmp", b"PAGEDUMP" + bytes(100))
    assert [each.packed for each in find_dumps([tmp_path])] == [True] * 3
    for each in find_dumps([tmp_path]):
        assert unpack(each.path, tmp_path).read_bytes() == b"PAGEDUMP" + bytes(100)
        with pytest.raises(OSError, match="takes more than 50 bytes"):
            unpack(each.path, tmp_path, 50)


def test_a_corpus_of_all_sorts(made, tmp_path, capsys):
    assert main(["batch", str(made), "-o", str(tmp_path / "out"), "--workers", "2", "-q"]) == 1
    found = contents(tmp_path / "out")
    statuses = sorted(row.split(", ")[2].strip("'") for row in found["dumps"])
    assert statuses == ["failed", "ok", "ok", "ok", "ok"], "the one that is there twice is worked on once"
    assert [row for row in found["dumps"] if "ends inside the header" in row]
    folders = sorted(each.name for each in (tmp_path / "out/dumps").iterdir())
    assert len(folders) == 4 and not [name for name in folders if name.startswith(".")]
    for folder in (tmp_path / "out/dumps").iterdir():
        assert json.loads((folder / "summary.json").read_text())["input"]["sha256"]
    assert "0xd1_" in (tmp_path / "out/index.html").read_text()
    before = {each: each.stat().st_mtime_ns for each in (tmp_path / "out/dumps").rglob("*.json")}
    assert main(["batch", str(made), "-o", str(tmp_path / "out"), "-q"]) == 1
    assert contents(tmp_path / "out") == found
    assert {each: each.stat().st_mtime_ns for each in (tmp_path / "out/dumps").rglob("*.json")} == before
    assert not list((tmp_path / "out").glob(".work-*"))


def test_nothing_that_can_be_opened(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert main(["batch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "-q"]) == 3
    (tmp_path / "in/a.dmp").write_bytes(b"PAGEDU64" + bytes(8))
    assert main(["batch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "-q"]) == 3
    assert main(["batch", str(tmp_path / "missing"), "-o", str(tmp_path / "new"), "-q"]) == 3
    with sqlite3.connect(tmp_path / "new/corpus.sqlite") as base:
        ((reason,),) = base.execute("SELECT reason FROM dumps")
    assert "No such file" in reason


def test_limits_of_time_and_memory_are_one_line_each(made, tmp_path):
    for name, options, why in (
        ("time", BatchOptions(timeout=0.05), "not done after 0.05 s"),
        ("memory", BatchOptions(memory=64 << 20), ""),
    ):
        counts = Batch([made / "triage.dmp"], tmp_path / name, options).run()
        assert counts == {"failed": 1}
        with sqlite3.connect(tmp_path / name / "corpus.sqlite") as base:
            ((reason,),) = base.execute("SELECT reason FROM dumps")
        assert reason.startswith(why) and "\n" not in reason


def test_two_runs_keep_out_of_each_others_way(made, tmp_path, capsys):
    first = subprocess.Popen([*COMMAND, str(made), "-o", str(tmp_path / "out"), "-q"])
    while not (tmp_path / "out/.lock").exists():
        time.sleep(0.02)
    time.sleep(0.1)
    assert main(["batch", str(made), "-o", str(tmp_path / "out"), "-q"]) == 2
    assert "another run" in capsys.readouterr().err
    assert first.wait(120) == 1


def test_killed_at_any_moment_and_resumed_it_is_the_same(made, tmp_path):
    assert main(["batch", str(made), "-o", str(tmp_path / "whole"), "-q"]) == 1
    whole = contents(tmp_path / "whole")
    chooser = random.Random(7)
    for _ in range(4):
        run = subprocess.Popen([*COMMAND, str(made), "-o", str(tmp_path / "killed"), "-q"], start_new_session=True)
        time.sleep(chooser.uniform(0.3, 2.5))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert main(["batch", str(made), "-o", str(tmp_path / "killed"), "-q"]) == 1
    assert contents(tmp_path / "killed") == whole
    assert {each.name for each in (tmp_path / "killed/dumps").iterdir()} == {
        each.name for each in (tmp_path / "whole/dumps").iterdir()
    }


def test_a_whole_folder_without_its_row_is_taken_in(made, tmp_path):
    Batch([made / "triage.dmp"], tmp_path / "out", BatchOptions()).run()
    (folder,) = (tmp_path / "out/dumps").iterdir()
    before = (folder / "summary.json").stat().st_mtime_ns
    found = contents(tmp_path / "out")
    for file in (tmp_path / "out").glob("corpus.sqlite*"):
        file.unlink()
    Batch([made / "triage.dmp"], tmp_path / "out", BatchOptions()).run()
    assert contents(tmp_path / "out") == found
    assert (folder / "summary.json").stat().st_mtime_ns == before
