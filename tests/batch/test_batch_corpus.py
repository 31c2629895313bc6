"""A corpus of every kind and defect, against what the core says of each file by itself."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.made_corpus import made_corpus, tiny
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.errors import DumpError
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.writers import write

Batch = Callable[..., int]
_MAGIC = (b"PAGEDU64", b"PAGEDUMP")


def plain_bytes(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read("in/MEMORY.DMP")
    return data


def expected(folder: Path) -> dict[str, tuple[str, int]]:
    """Status and count of places by SHA-256, for the files that start as dumps do or are called so."""
    found: dict[str, tuple[str, int]] = {}
    for path in folder.rglob("*"):
        data = plain_bytes(path) if path.is_file() else b""
        if data[:8] in _MAGIC or (path.is_file() and path.suffix not in (".txt", "")):
            digest = hashlib.sha256(data).hexdigest()
            found[digest] = (status(data), found.get(digest, ("", 0))[1] + 1)
    return found


def status(data: bytes) -> str:
    try:
        odd = [note for note in open_dump(BytesSource(data)).notes if note.severity != "info"]
    except DumpError:
        return "cannot-open"
    return "faults" if odd else "done"


def check(corpus: Path, folder: Path) -> None:
    tables = contents.tables(corpus)
    places = {row["id"]: 0 for row in tables["dumps"]}
    for row in tables["paths"]:
        places[row["dump"]] += 1
    found = {row["sha256"]: (row["status"], places[row["id"]]) for row in tables["dumps"]}
    assert found == expected(folder)
    for row in tables["dumps"]:
        assert row["id"] == row["sha256"][:16]
        assert bool(row["reason"]) == (row["status"] == "cannot-open")
        assert (row["folder"] is None) == (row["status"] == "cannot-open")
        assert row["folder"] is None or (corpus / row["folder"] / "summary.json").is_file()


@pytest.mark.parametrize("count", [30, pytest.param(500, marks=pytest.mark.slow)])
def test_every_dump_is_a_row_as_the_core_says(batch: Batch, tmp_path: Path, count: int) -> None:
    folder = made_corpus(tmp_path / "in", count)
    assert batch(folder, workers=2) == 1
    check(tmp_path / "out", folder)
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"corpus.sqlite", "dumps"}
    assert not list((tmp_path / "out").glob(".scratch")) and not list((tmp_path / "out" / "dumps").glob(".new*"))


def test_a_second_run_does_nothing(batch: Batch, tmp_path: Path, importable: Path) -> None:
    folder = made_corpus(tmp_path / "in", 12)
    batch(folder)
    before, worked = contents.tables(tmp_path / "out"), importable.read_text()
    batch(folder)
    batch(folder, rehash=True)
    assert contents.tables(tmp_path / "out") == before and importable.read_text() == worked


def test_a_dump_at_two_places_is_worked_on_once(batch: Batch, tmp_path: Path, importable: Path) -> None:
    first = write(tiny(1), "full", tmp_path / "b.dmp")
    for number in range(6):
        shutil.copy(first, tmp_path / f"copy-{number}.dmp")
    batch(*tmp_path.glob("*.dmp"), workers=4)
    tables = contents.tables(tmp_path / "out")
    assert len(tables["dumps"]) == 1 and tables["dumps"][0]["path"] == str(first)
    assert sorted(row["path"] for row in tables["paths"]) == sorted(map(str, tmp_path.glob("*.dmp")))
    assert len(importable.read_text().split()) == 1


def test_rehash_sees_what_the_shortcut_does_not(batch: Batch, tmp_path: Path) -> None:
    import os

    path = write(tiny(1), "full", tmp_path / "a.dmp")
    batch(path)
    when, data = path.stat().st_mtime_ns, bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(when, when))
    batch(path)
    assert len(contents.tables(tmp_path / "out")["dumps"]) == 1
    batch(path, rehash=True)
    tables = contents.tables(tmp_path / "out")
    assert {row["sha256"] for row in tables["dumps"]} >= {hashlib.sha256(data).hexdigest()}
    assert [row["dump"] for row in tables["paths"]] == [hashlib.sha256(data).hexdigest()[:16]]


def test_merged_rows_are_the_rows_of_all_dumps(batch: Batch, tmp_path: Path) -> None:
    import jsonschema

    schema = json.loads((Path(__file__).parents[2] / "docs" / "schema" / "rows.schema.json").read_text())
    folder = made_corpus(tmp_path / "in", 8)
    batch(folder, rows=True)
    merged = [json.loads(line) for line in (tmp_path / "out" / "rows.jsonl").read_text().splitlines()]
    told, count = {json.dumps(line, sort_keys=True) for line in merged}, 0
    for path in (tmp_path / "out" / "dumps").glob("*/rows/*.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert all(json.dumps({"dump": path.parts[-3], **line}, sort_keys=True) in told for line in lines)
        count += len(lines)
    assert count == len(merged) > 100
    validator = jsonschema.validators.validator_for(schema)(schema)
    for line in merged:
        validator.validate(line)


def test_parquet_has_the_same_rows(batch: Batch, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed (extra parquet)")
    batch(made_corpus(tmp_path / "in", 8), rows=True, parquet=True)
    merged = [json.loads(line) for line in (tmp_path / "out" / "rows.jsonl").read_text().splitlines()]
    found = parquet.read_table(tmp_path / "out" / "parquet" / "process.parquet").to_pylist()
    ours = [line for line in merged if "Wow64" in line["row"]]
    assert [(row["dump"], row["PID"], row["Name"], row["Wow64"]) for row in found] == [
        (line["dump"], line["row"]["PID"], line["row"]["Name"], line["row"]["Wow64"]) for line in ours
    ]
    assert {path.stem for path in (tmp_path / "out" / "parquet").iterdir()} == {"dumpinfo", "lm", "process"}


def test_redacted_no_place_is_named(batch: Batch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made_corpus(tmp_path / "in" / "secret-place", 14)
    batch(folder, redact=True, rows=True)
    assert len(contents.tables(tmp_path / "out")["dumps"]) > 10
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"secret-place" not in path.read_bytes(), path
    assert "secret-place" not in "".join(capsys.readouterr())


def test_signatures_are_a_view(batch: Batch, tmp_path: Path) -> None:
    batch(*(write(tiny(number), "triage", tmp_path / f"{number}.dmp") for number in (0, 7, 14, 1)))
    with closing(sqlite3.connect(tmp_path / "out" / "corpus.sqlite")) as connection:
        rows = connection.execute("SELECT signature, dumps, machines FROM signatures ORDER BY signature").fetchall()
    assert rows == [("0xd1_unknown", 3, "x64"), ("0xd2_unknown", 1, "x64")]
