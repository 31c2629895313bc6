"""Stopped at any moment and started again: nothing is lost, nothing done twice, no two runs in one folder."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.made_corpus import made_corpus, tiny
from volplugins.batch.database import Database
from volplugins.batch.errors import CorpusError
from volplugins.batch.lock import FolderLock
from volplugins.lab.writers import write

Start = Callable[..., "subprocess.Popen[str]"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def killed_and_resumed(started: Start, folder: Path, after: list[float], workers: int, output: str, **more: str) -> int:
    """Run with a SIGKILL after each of these seconds, then to the end; the count of kills that struck."""
    struck = 0
    for seconds in after:
        run = started(folder, workers=workers, output=output, quiet=True, **more)
        try:
            run.wait(seconds)
        except subprocess.TimeoutExpired:
            run.kill()
            struck += 1
        run.communicate()
    last = started(folder, workers=workers, output=output, quiet=True, **more)
    text, _ = last.communicate(timeout=7200)
    assert last.returncode == 1, text
    return struck


def moments(took: float, chance: random.Random) -> list[float]:
    """Ten moments, of a run that takes so many seconds undisturbed: some before its first result."""
    return [chance.uniform(0.2, 0.3 + took / 10) for _ in range(10)]


@posix
@pytest.mark.parametrize("count", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_killed_at_random_moments_the_results_are_the_same(
    started: Start, tmp_path: Path, importable: Path, count: int
) -> None:
    folder, chance = made_corpus(tmp_path / "in", count), random.Random(6)
    start = time.monotonic()
    whole = started(folder, workers=2, output="whole", quiet=True)
    assert whole.wait(900) == 1
    took = time.monotonic() - start
    dumps = Counter(importable.read_text().split())
    assert set(dumps.values()) == {1}
    importable.unlink()
    struck = killed_and_resumed(started, folder, moments(took, chance), 2, "out")
    assert struck >= 8
    assert contents.tables(tmp_path / "out") == contents.tables(tmp_path / "whole")
    assert contents.files(tmp_path / "out") == contents.files(tmp_path / "whole")
    again = Counter(importable.read_text().split())
    assert set(again) == set(dumps)
    assert again.total() - dumps.total() <= struck * 2, "more was done twice than was under way"


def test_a_folder_without_its_row_is_taken_in_again(
    batch: Callable[..., int], tmp_path: Path, importable: Path
) -> None:
    folder = made_corpus(tmp_path / "in", 6)
    batch(folder)
    before, worked = contents.tables(tmp_path / "out"), importable.read_text()
    lost = next(row["id"] for row in before["dumps"] if row["folder"])
    database = Database(tmp_path / "out" / "corpus.sqlite")
    database.forget(lost)
    database.close()
    (tmp_path / "out" / "dumps" / ".new-0123456789abcdef-0" / "rows").mkdir(parents=True)
    (tmp_path / "out" / "dumps" / "0123456789abcdef").mkdir()
    batch(folder)
    assert contents.tables(tmp_path / "out") == before and importable.read_text() == worked
    assert not (tmp_path / "out" / "dumps" / "0123456789abcdef").exists()


def test_a_row_without_its_folder_is_done_again(batch: Callable[..., int], tmp_path: Path, importable: Path) -> None:
    folder = made_corpus(tmp_path / "in", 6)
    batch(folder)
    before, worked = contents.tables(tmp_path / "out"), importable.read_text().split()
    lost = next(row["id"] for row in before["dumps"] if row["folder"])
    shutil.rmtree(tmp_path / "out" / "dumps" / lost)
    batch(folder)
    assert contents.tables(tmp_path / "out") == before
    assert importable.read_text().split() == [*worked, lost]


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_cleanly(started: Start, tmp_path: Path, importable: Path, number: int) -> None:
    path = write(tiny(1), "full", tmp_path / "a.dmp")
    run = started(path, work="sleepy")
    grandchild = wait_for_number(importable)
    run.send_signal(number)
    text, _ = run.communicate(timeout=20)
    assert run.returncode == 130 and "Traceback" not in text and "stopped; what is done is kept" in text
    assert gone(grandchild)
    assert not contents.tables(tmp_path / "out")["dumps"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {".lock", "corpus.sqlite", "dumps", "index.html"}
    assert not list((tmp_path / "out" / "dumps").glob("[!.]*"))


@posix
def test_killed_its_children_end_with_it(started: Start, tmp_path: Path, importable: Path) -> None:
    run = started(write(tiny(1), "full", tmp_path / "a.dmp"), work="sleepy")
    grandchild = wait_for_number(importable)
    run.kill()
    run.communicate()
    assert gone(grandchild)


def wait_for_number(log: Path) -> int:
    for _ in range(400):
        if log.exists() and log.read_text():
            return int(log.read_text())
        time.sleep(0.05)
    raise AssertionError("the work did not begin")


def gone(number: int) -> bool:
    """Whether the process has ended within a few seconds."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_two_runs_at_once(batch: Callable[..., int], tmp_path: Path) -> None:
    path = write(tiny(1), "full", tmp_path / "a.dmp")
    (tmp_path / "out").mkdir()
    with FolderLock(tmp_path / "out"), pytest.raises(CorpusError, match="another run is at work"):
        batch(path)
    batch(path)
    assert len(contents.tables(tmp_path / "out")["dumps"]) == 1


def test_a_database_of_another_version_is_left_alone(batch: Callable[..., int], tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "out").mkdir()
    with sqlite3.connect(tmp_path / "out" / "corpus.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(CorpusError, match="is of version 99"):
        batch(write(tiny(1), "full", tmp_path / "a.dmp"))
    (tmp_path / "out" / "corpus.sqlite").write_bytes(b"no database, but long enough to be looked at" * 100)
    with pytest.raises(CorpusError, match="not a database"):
        batch(write(tiny(1), "full", tmp_path / "a.dmp"))
