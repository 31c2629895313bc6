"""File names that are no text: every place is told apart, and found again by its own bytes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.made_corpus import tiny
from tests.batch.old_corpus import as_version
from volplugins.cli.main import main
from volplugins.lab.writers import write

Batch = Callable[..., int]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux alone")
# the second is shown as the first is, and is another file
NAMES = (b"a\xff.dmp", b"a\\xff.dmp", b"a\xfe.dmp", "ä.dmp".encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number, name in enumerate(NAMES):
        path = write(tiny(number), "full", tmp_path / "x.dmp")
        os.rename(path, os.fsencode(tmp_path / "in") + b"/" + name)
    return tmp_path / "in"


def named(corpus: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> list[bytes]:
    capfdbinary.readouterr()
    assert main(["find", str(corpus), "-0"]) == 0
    paths = capfdbinary.readouterr().out.split(b"\0")[:-1]
    assert all(os.path.exists(path) for path in paths)
    return sorted(path.rpartition(b"/")[2] for path in paths)


def test_every_place_is_found_by_its_own_bytes(
    batch: Batch, folder: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    batch(folder)
    assert named(tmp_path / "out", capfdbinary) == sorted(NAMES)
    rows = contents.tables(tmp_path / "out")["paths"]
    assert len(rows) == len(NAMES) and sum(row["path_bytes"] is not None for row in rows) == 2
    assert main(["find", str(tmp_path / "out"), "--json"]) == 0
    told = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    raw = [bytes.fromhex(one["path_bytes"]).rpartition(b"/")[2] for one in told if "path_bytes" in one]
    assert sorted(raw) == [b"a\xfe.dmp", b"a\xff.dmp"]


def test_another_dump_at_such_a_place_takes_that_place_alone(
    batch: Batch, folder: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    batch(folder)
    changed = write(tiny(9), "full", tmp_path / "x.dmp")
    os.replace(changed, os.fsencode(folder) + b"/" + NAMES[0])
    batch(folder)
    rows = contents.tables(tmp_path / "out")["paths"]
    assert len(rows) == len(NAMES) and len({row["dump"] for row in rows}) == len(NAMES)
    assert sorted(NAMES) == sorted({os.path.basename(row["path_bytes"] or os.fsencode(row["path"])) for row in rows})


def test_rows_of_a_killed_run_have_them_too(
    batch: Batch, folder: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    batch(folder)
    (tmp_path / "out" / "corpus.sqlite").unlink()
    from volplugins.batch.database import Database

    Database(tmp_path / "out" / "corpus.sqlite").close()
    batch(folder)
    assert named(tmp_path / "out", capfdbinary) == sorted(NAMES)


def test_an_older_corpus_learns_them(
    batch: Batch, folder: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    batch(folder)
    as_version(tmp_path / "out" / "corpus.sqlite", 5)
    assert main(["find", str(tmp_path / "out"), "-0"]) == 0
    batch(folder)
    assert named(tmp_path / "out", capfdbinary) == sorted(NAMES)


def test_redacted_no_byte_of_a_name_is_kept(batch: Batch, folder: Path, tmp_path: Path) -> None:
    batch(folder, redact=True)
    batch(folder, redact=True)
    tables = contents.tables(tmp_path / "out")
    assert all(row["path_bytes"] is None for name in ("dumps", "paths") for row in tables[name])
    assert all("place_bytes" not in text or '"place_bytes": null' in text for text in
               (path.read_text() for path in (tmp_path / "out").rglob("batch.json")))  # fmt: skip
