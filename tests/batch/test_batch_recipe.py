"""Signatures of two recipes in one corpus: said on the terminal, done again on request, old corpora taken over."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.made_corpus import tiny
from tests.batch.old_corpus import as_version
from volplugins.batch import digest
from volplugins.batch.database import Database
from volplugins.batch.options import TRIAGE
from volplugins.batch.schema import VERSION
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import RECIPE

Batch = Callable[..., int]
NEW = "tests.batch.stand_in:with_recipe"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(3):
        write(tiny(number), "full", tmp_path / "in" / f"{number}.dmp")
    return tmp_path / "in"


def recipes(tmp_path: Path) -> list[int | None]:
    with closing(sqlite3.connect(tmp_path / "out" / "corpus.sqlite")) as connection:
        return [row[0] for row in connection.execute("SELECT signature_recipe FROM dumps ORDER BY path")]


def works(log: Path) -> int:
    return len(log.read_text().split())


def test_dumps_of_an_older_recipe_are_done_again_on_request(
    batch: Batch, folder: Path, tmp_path: Path, importable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch(folder)
    assert recipes(tmp_path) == [1, 1, 1]
    write(tiny(9), "full", folder / "9.dmp")
    batch(folder, work=NEW)
    assert recipes(tmp_path) == [1, 1, 1, RECIPE] and works(importable) == 4
    out = capsys.readouterr().out
    assert f"3 by recipe 1, 1 by recipe {RECIPE}" in out and "--reanalyse" in out
    batch(folder, work=NEW, reanalyse=True)
    assert recipes(tmp_path) == [RECIPE] * 4 and works(importable) == 7
    assert "by recipe" not in capsys.readouterr().out
    batch(folder, work=NEW, reanalyse=True)
    assert works(importable) == 7, "nothing is older any more"


def test_what_was_known_stays_where_the_new_work_fails(batch: Batch, folder: Path, tmp_path: Path) -> None:
    batch(folder)
    batch(folder, work="raising", reanalyse=True)
    assert recipes(tmp_path) == [1, 1, 1]
    with closing(sqlite3.connect(tmp_path / "out" / "corpus.sqlite")) as connection:
        found = connection.execute("SELECT status, folder FROM dumps").fetchall()
    assert all(status in ("done", "faults") and (tmp_path / "out" / place).is_dir() for status, place in found)


def test_two_places_of_one_dump_are_done_again_once(batch: Batch, folder: Path, importable: Path) -> None:
    shutil.copy(folder / "0.dmp", folder / "also.dmp")
    batch(folder)
    batch(folder, work=NEW, reanalyse=True)
    assert works(importable) == 6


def test_a_corpus_of_version_2_is_taken_over(batch: Batch, folder: Path, tmp_path: Path) -> None:
    batch(folder)
    path = tmp_path / "out" / "corpus.sqlite"
    as_version(path, 2)
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("SELECT DISTINCT device_stack, device_instance FROM failures").fetchall() == [
            (None, None)
        ]
    batch(folder, work=NEW, reanalyse=True)
    assert recipes(tmp_path) == [RECIPE] * 3


def test_findings_of_a_corpus_of_version_3_come_from_its_folders(batch: Batch, folder: Path, tmp_path: Path) -> None:
    batch(folder)
    path = tmp_path / "out" / "corpus.sqlite"
    ids = as_version(path, 3)
    told = [{"kind": "list-broken", "severity": "damage", "pid": 8, "evidence": "loop"}, "none", {"kind": ["x"]}]
    for name, text in zip(
        ids, (json.dumps({"findings": told}), "no summary", json.dumps({"findings": 7})), strict=True
    ):
        (tmp_path / "out" / "dumps" / name / "summary.json").write_text(text)
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        found = connection.execute("SELECT dump, kind, severity, pid, evidence, next FROM findings").fetchall()
        assert connection.execute("PRAGMA index_list(findings)").fetchall()
    assert found == [
        (ids[0], "list-broken", "damage", 8, "loop", None),
        (ids[0], '["x"]', None, None, None, None),
    ]


def test_a_corpus_of_version_1_is_taken_over(batch: Batch, folder: Path, tmp_path: Path) -> None:
    batch(folder)
    path = tmp_path / "out" / "corpus.sqlite"
    as_version(path, 1)
    database = Database(path)
    assert database.recipes() == {1: 3} and len(database.of_other_recipes(RECIPE)) == 3
    database.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("SELECT DISTINCT signature_recipe FROM failures").fetchall() == [(1,)]
    batch(folder, work=NEW, reanalyse=True)
    assert recipes(tmp_path) == [RECIPE] * 3


def test_a_folder_of_an_older_run_gets_its_row(batch: Batch, folder: Path, tmp_path: Path) -> None:
    batch(folder)
    for path in (tmp_path / "out" / "dumps").glob("*/batch.json"):  # as version 1 wrote it
        values = json.loads(path.read_text())
        values["tables"]["dumps"] = [row[:10] for row in values["tables"]["dumps"]]
        values["tables"]["failures"] = [row[:12] for row in values["tables"]["failures"]]
        path.write_text(json.dumps(values))
    (tmp_path / "out" / "corpus.sqlite").unlink()
    Database(tmp_path / "out" / "corpus.sqlite").close()
    batch(folder)
    assert recipes(tmp_path) == [1, 1, 1]


@pytest.mark.parametrize(("least", "rows"), [(0, 3), (1 << 20, 0)])
def test_rows_of_great_dumps_of_version_5_are_read_again(
    batch: Batch, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int, rows: int
) -> None:
    batch(folder)
    path = tmp_path / "out" / "corpus.sqlite"
    ids = as_version(path, 5)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM processes")  # as if they had stood behind others
    monkeypatch.setattr(digest, "_GREAT", least)
    Database(path).close()
    assert len(contents.tables(tmp_path / "out")["processes"]) == rows * len(ids)


def test_a_corpus_of_version_4_gets_its_rows_from_the_folders(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write(build("win10-x64"), "full", tmp_path / "in" / "a.dmp")
    batch(tmp_path / "in", work=TRIAGE)
    path = tmp_path / "out" / "corpus.sqlite"
    whole = contents.tables(tmp_path / "out")
    (one,) = as_version(path, 4)
    Database(path).close()
    assert contents.tables(tmp_path / "out") == whole
    assert whole["frames"] and whole["devices"] and whole["drivers"]
    as_version(path, 4)
    shutil.rmtree(tmp_path / "out" / "dumps" / one)
    Database(path).close()  # nothing to take them from: what was known stays
    left = contents.tables(tmp_path / "out")
    assert len(left["processes"]) == len(whole["processes"]) and not left["frames"]
