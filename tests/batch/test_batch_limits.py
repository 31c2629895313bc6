"""Work that goes wrong costs its own dump, and says why in one line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.made_corpus import tiny
from tests.batch.test_batch_resume import gone, wait_for_number
from volplugins.batch.errors import CorpusError
from volplugins.lab.writers import write

Batch = Callable[..., int]
posix = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    return write(tiny(1), "full", tmp_path / "a.dmp")


def only(tmp_path: Path) -> tuple[str, str]:
    """Status and reason of the one dump, which left nothing behind."""
    tables = contents.tables(tmp_path / "out")
    (row,) = tables["dumps"]
    assert row["folder"] is None and not list((tmp_path / "out" / "dumps").iterdir())
    assert "\n" not in row["reason"]
    return row["status"], row["reason"]


@posix
def test_memory(batch: Batch, tmp_path: Path, dump: Path) -> None:
    assert batch(dump, work="hungry", memory=512 << 20) == 1
    assert only(tmp_path) == ("memory", "needs more than 512 MiB")


@posix
def test_memory_enough(batch: Batch, tmp_path: Path, dump: Path) -> None:
    batch(dump, work="hungry", memory=3 << 30)
    assert contents.tables(tmp_path / "out")["dumps"][0]["folder"]


@posix
def test_time_with_what_the_child_started(batch: Batch, tmp_path: Path, dump: Path, importable: Path) -> None:
    start = time.monotonic()
    assert batch(dump, work="sleepy", timeout=3) == 1
    assert time.monotonic() - start < 15
    assert only(tmp_path) == ("timeout", "not done within 3 s")
    assert gone(wait_for_number(importable))


@posix
def test_a_crash(batch: Batch, tmp_path: Path, dump: Path) -> None:
    assert batch(dump, work="dying") == 1
    assert only(tmp_path) == ("crashed", "the process was ended by SIGABRT")


def test_what_nobody_thought_of(batch: Batch, tmp_path: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert batch(dump, work="raising") == 1
    assert only(tmp_path) == ("failed", "ZeroDivisionError: what nobody thought of")
    assert f"{dump}: failed: ZeroDivisionError: what nobody thought of\n" in capsys.readouterr().out


def test_failures_are_done_again_when_asked(batch: Batch, tmp_path: Path, dump: Path) -> None:
    batch(dump, work="raising")
    assert batch(dump) == 1 and only(tmp_path)[0] == "failed"
    batch(dump, retry=True)
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert row["folder"] and row["reason"] is None


def test_others_go_on(batch: Batch, tmp_path: Path, dump: Path) -> None:
    for number in range(2, 5):
        write(tiny(number), "full", tmp_path / f"{number}.dmp")
    (tmp_path / "cut.dmp").write_bytes(dump.read_bytes()[:100])
    batch(*tmp_path.glob("*.dmp"), workers=2)
    found = contents.dumps(tmp_path / "out")
    assert len(found) == 5 and found["cut.dmp"]["status"] == "cannot-open"
    assert sum(row["folder"] is not None for row in found.values()) == 4


def test_a_full_disk_ends_the_run_and_no_dump_is_blamed(batch: Batch, tmp_path: Path, dump: Path) -> None:
    with pytest.raises(CorpusError, match="No space left on device"):
        batch(dump, work="full_disk")
    assert not contents.tables(tmp_path / "out")["dumps"]
    with pytest.raises(CorpusError, match="disk is full"):
        batch(dump, work="full_cache")
    assert not contents.tables(tmp_path / "out")["dumps"]


@posix
def test_a_disk_that_is_full_at_the_end_blames_no_dump(batch: Batch, tmp_path: Path, dump: Path) -> None:
    with pytest.raises(CorpusError, match="No space left on device"):
        batch(dump, work="full_at_the_end")
    assert not contents.tables(tmp_path / "out")["dumps"] and not list((tmp_path / "out" / "dumps").iterdir())
    assert batch(dump) in (0, 1)
    assert contents.tables(tmp_path / "out")["dumps"][0]["folder"]


def test_nothing_is_written_beside_a_dump(batch: Batch, tmp_path: Path, dump: Path) -> None:
    for output, path in ((".", dump), (".", tmp_path)):
        with pytest.raises(CorpusError, match="beside dumps"):
            batch(path, output=output)
    assert [path.name for path in tmp_path.iterdir()] == ["a.dmp"]


def test_a_disk_without_room_is_asked_again(
    batch: Batch, tmp_path: Path, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gzip
    import shutil
    from types import SimpleNamespace

    packed = tmp_path / "a.dmp.gz"
    packed.write_bytes(gzip.compress(dump.read_bytes()))
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
        assert batch(packed) == 1
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert row["status"] == "no-room" and "needs" in row["reason"] and row["sha256"]
    assert batch(packed) in (0, 1)
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert row["status"] in ("done", "faults")


def test_words_of_a_library_without_memory(batch: Batch, tmp_path: Path, dump: Path) -> None:
    batch(dump, work="starved")
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert row["status"] == "memory"
