"""Signatures of two recipes in one corpus: said on the terminal, done again on request, old corpora taken over."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.batch.made_corpus import tiny
from volplugins.batch.database import Database
from volplugins.batch.schema import VERSION
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
    assert "recipe" not in capsys.readouterr().out
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
    with closing(sqlite3.connect(path)) as connection, connection:  # as version 2 made it
        for column in ("device_stack", "device_instance"):
            connection.execute(f"ALTER TABLE failures DROP COLUMN {column}")
        connection.execute("DROP TABLE findings")
        connection.execute("UPDATE corpus SET schema = 'volplugins.corpus/2'")
        connection.execute("PRAGMA user_version = 2")
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
    with closing(sqlite3.connect(path)) as connection, connection:  # as version 3 made it
        connection.execute("DROP TABLE findings")
        connection.execute("UPDATE corpus SET schema = 'volplugins.corpus/3'")
        connection.execute("PRAGMA user_version = 3")
        ids = [row[0] for row in connection.execute("SELECT id FROM dumps ORDER BY id")]
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
    with closing(sqlite3.connect(path)) as connection, connection:  # as version 1 made it
        for table, column in (("dumps", "signature_recipe"), ("failures", "signature_recipe"),
                              ("failures", "memory_error"), ("failures", "device_stack"),
                              ("failures", "device_instance")):  # fmt: skip
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("DROP TABLE findings")
        connection.execute("UPDATE corpus SET schema = 'volplugins.corpus/1'")
        connection.execute("PRAGMA user_version = 1")
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
