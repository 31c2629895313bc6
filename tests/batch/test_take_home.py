"""What a corpus gives to other programs: Parquet whose columns join, one time line for Timesketch."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import jsonschema
import pytest

from volplugins.batch.column_kinds import cell, column_kinds
from volplugins.batch.options import TRIAGE
from volplugins.cli.main import main
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

Batch = Callable[..., int]
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/timesketch.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A complete dump, and a small one that is packed."""
    (tmp_path / "in").mkdir()
    write(build("win10-x64", "notmyfault"), "full", tmp_path / "in" / "a.dmp")
    small = write(build("xp-x86", "notmyfault"), "triage", tmp_path / "b.dmp")
    (tmp_path / "in" / "b.dmp.gz").write_bytes(gzip.compress(small.read_bytes(), 1))
    return tmp_path / "in"


def test_one_time_line_says_which_dump_each_line_is_of(batch: Batch, two: Path, tmp_path: Path) -> None:
    batch(two, work=TRIAGE)
    out = tmp_path / "out"
    with closing(sqlite3.connect(out / "corpus.sqlite")) as connection:
        dumps = {row[0]: row[1:] for row in connection.execute("SELECT id, path, computer FROM dumps")}
    lines = [json.loads(line) for line in (out / "timeline.jsonl").read_text().splitlines()]
    for line in lines:
        jsonschema.validate(line, SCHEMA)
        path, computer = dumps[line["dump"]]
        assert (line["path"], line.get("hostname")) == (path, computer)
    assert {line["dump"] for line in lines} == set(dumps) and {computer for _, computer in dumps.values()} - {None}
    for name in dumps:
        own = [json.loads(line) for line in (out / "dumps" / name / "timeline.jsonl").read_text().splitlines()]
        assert own == [line for line in lines if line["dump"] == name]


def test_the_time_line_names_nobody_where_names_are_hidden(batch: Batch, two: Path, tmp_path: Path) -> None:
    batch(two, work=TRIAGE, redact=True)
    computer = build("win10-x64", "notmyfault").truth["computer"]
    text = (tmp_path / "out" / "timeline.jsonl").read_text()
    assert computer not in text and str(two) not in text and '"hostname": "machine-' in text


def test_it_can_be_left_out(two: Path, tmp_path: Path) -> None:
    assert main(["batch", str(two / "b.dmp.gz"), "-o", str(tmp_path / "out"), "--no-timeline", "-q"]) in (0, 1)
    assert not (tmp_path / "out" / "timeline.jsonl").exists()


def test_columns_of_parquet_join(batch: Batch, two: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed (extra parquet)")
    pyarrow = pytest.importorskip("pyarrow")
    batch(two, work=TRIAGE, parquet=True)
    tables = {path.stem: parquet.read_table(path) for path in (tmp_path / "out" / "parquet").iterdir()}
    for name, column, kind in (
        ("process", "PID", pyarrow.int64()), ("peb", "PID", pyarrow.int64()), ("stacks", "TID", pyarrow.int64()),
        ("process", "TID", pyarrow.int64()), ("process", "CreateTime", pyarrow.timestamp("us", "UTC")),
        ("lm", "LoadTime", pyarrow.timestamp("us", "UTC")), ("cpus", "KernelTime", pyarrow.float64()),
        ("process", "EPROCESS", pyarrow.string()), ("lm", "Mapped", pyarrow.bool_()),
    ):  # fmt: skip
        assert tables[name].schema.field(column).type == kind, (name, column)
    for table in tables.values():
        assert not [field for field in table.schema if field.type == pyarrow.null()]
    process, stacks = tables["process"], tables["stacks"]
    both = stacks.join(process.select(["dump", "PID", "Name"]).group_by(["dump", "PID", "Name"]).aggregate([]),
                       ["dump", "PID"])  # fmt: skip
    assert both.num_rows and both.column("Name").null_count == 0
    times = [each for each in process.column("CreateTime").to_pylist() if each is not None]
    assert times and all(each.tzinfo is not None for each in times)


def test_columns_of_other_plugins_have_the_kind_of_their_values() -> None:
    rows = [("x.Y", {"a": 1, "b": None, "c": 1}), ("x.Y", {"a": 2, "b": True, "c": "t", "d": 1.5})]
    assert column_kinds(rows) == {
        "dump": "str", "id": "int", "depth": "int", "parent": "int", "a": "int", "b": "bool", "c": "str", "d": "float",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "kind", "kept"),
    [
        (1 << 70, "int", None), ("x", "int", None), (True, "int", None), ("\ud800", "str", "?"), ([1], "str", "[1]"),
        ("2021-03-05T14:11:02+00:00", "time", datetime(2021, 3, 5, 14, 11, 2, tzinfo=timezone.utc)),
        ("2021-03-05", "time", None), (7, "time", None), ("1.5", "float", 1.5), ("much", "float", None),
        (None, "str", None), ("0001-01-01T00:00:00+14:00", "time", None),
    ],
)  # fmt: skip
def test_a_value_that_its_column_cannot_hold_is_none(value: object, kind: str, kept: object) -> None:
    assert cell(value, kind) == kept
