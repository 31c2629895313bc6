"""What comes back is taken where it fits, refused where it does not, and found by volatility3 afterwards."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.symbols_exchange.test_symbol_lists import CONVERTERS, FAULTS, symbols  # noqa: F401
from tests.vol.conftest import dumps, own_tables  # noqa: F401
from tests.vol.test_pdb_store import made  # noqa: F401
from volplugins.symbols_exchange.lists import write_list
from volplugins.symbols_exchange.needed import Needs
from volplugins.vol.symbols.symbol_path import own_symbols

PACKERS = {".json": bytes, ".json.xz": lzma.compress, ".json.gz": gzip.compress}


@pytest.fixture
def kernel(dumps, monkeypatch, tmp_path):  # noqa: F811
    """(dump, its kernel's PDB as the lab says, that kernel's table) with no symbols at hand."""
    path, snapshot = dumps("win10-x64", kind="full")
    nt = next(each for each in snapshot.truth["modules"] if each["name"] == "nt")
    table = next((own_symbols() / "windows" / nt["pdb"]).glob(f"{nt['guid']}-*.json.xz"))
    data = json.loads(lzma.decompress(table.read_bytes()))
    monkeypatch.setattr("volplugins.vol.symbols.symbol_path.own_symbols", lambda: None)
    return path, nt, data


@pytest.fixture
def bare(symbols, kernel, monkeypatch, tmp_path):  # noqa: F811
    """The command with one symbol folder, the user's own, which is empty."""
    from volatility3.framework import constants

    monkeypatch.setattr(constants, "SYMBOL_BASEPATHS", [str(tmp_path / "cache" / "symbols"), str(CONVERTERS)])
    return symbols


def states(rows: list[list[str]]) -> dict[str, str]:
    return {row[3]: row[0] for row in rows}


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("named", [False, True])
def test_a_table_is_taken_and_found(bare, kernel, tmp_path, ending, named):
    path, nt, table = kernel
    assert states(bare(path)[1])[nt["pdb"]] == "missing"
    back = tmp_path / "back" / "somewhere"
    back.mkdir(parents=True)
    (back / f"x{ending}").write_bytes(PACKERS[ending](json.dumps(table).encode()))
    (back / "readme.txt").write_text("nothing")
    place = tmp_path / "mine"
    options = ("-s", place) if named else ()
    code, rows, lines = bare(path, *options, "--import", tmp_path / "back")
    assert code == 0 and states(rows)[nt["pdb"]] == "present", lines
    where = (place if named else tmp_path / "cache" / "symbols") / "windows" / nt["pdb"]
    assert [each.name for each in where.iterdir()] == [f"{nt['guid']}-{nt['age']}.json.xz"]
    assert sum(line.startswith("taken\t") for line in lines) == 1
    assert states(bare(path, *options)[1])[nt["pdb"]] == "present", "a later run finds it"
    before = (where / f"{nt['guid']}-{nt['age']}.json.xz").stat()
    code, _, lines = bare(path, *options, "--import", tmp_path / "back")
    assert code == 0 and not any(line.startswith("taken\t") for line in lines)
    assert (where / f"{nt['guid']}-{nt['age']}.json.xz").stat() == before


def test_plain_volatility_uses_what_was_taken(bare, kernel, tmp_path):
    from volplugins.image.debug_record import DebugRecord
    from volplugins.vol.symbols import symbol_files

    path, nt, table = kernel
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "t.json").write_text(json.dumps(table))
    bare(path, "--import", tmp_path / "back")
    record = DebugRecord(nt["pdb"], nt["pdb"], nt["guid"], nt["age"])
    assert symbol_files.find_location(record) is not None
    loaded = symbol_files.load(record)
    assert loaded is not None
    assert loaded.lookup("PsLoadedModuleList") == table["symbols"]["PsLoadedModuleList"]["address"]


@pytest.mark.parametrize("wrong", ["guid", "age", "damaged", "no table", "unnamed", "bomb"])
def test_what_does_not_fit_is_refused(bare, kernel, tmp_path, wrong):
    path, nt, table = kernel
    identity = table["metadata"]["windows"]["pdb"]
    if wrong == "guid":
        identity["GUID"] = "0" * 32
    elif wrong == "age":
        identity["age"] += 1
    elif wrong == "unnamed":
        del table["metadata"]["windows"]
    elif wrong == "no table":
        table = {"hello": 1}
    back = tmp_path / "back" / nt["pdb"]
    back.mkdir(parents=True)
    text = json.dumps(table)[: 5000 if wrong == "damaged" else None] + " " * (wrong == "bomb") * (64 << 20)
    (back / f"{nt['guid']}-1.json.xz").write_bytes(lzma.compress(text.encode()))
    code, rows, lines = bare(path, "--import", tmp_path / "back")
    assert code == FAULTS and states(rows)[nt["pdb"]] == "missing"
    assert sum(line.startswith("refused\t") for line in lines) == 1
    assert not list((tmp_path / "cache").rglob("*.json.xz"))


@pytest.mark.skipif(sys.platform != "linux", reason="pipes, and limits of Linux")
def test_one_bad_file_costs_itself(bare, kernel, tmp_path):
    """A gigabyte in 160 KB, lists in lists, lists by the million, a packer that wants 4 GiB, a pipe; and a good one."""
    path, nt, table = kernel
    back = tmp_path / "back" / nt["pdb"]
    back.mkdir(parents=True)
    bomb = lzma.compress(bytes(1 << 26), preset=0) * 16
    assert len(bomb) < 200_000
    (back / "a.json.xz").write_bytes(bomb)
    (back / "b.json.gz").write_bytes(gzip.compress(b"[" * 1_000_000))
    (back / "c.json").write_bytes(b"[" + b"[]," * 5_000_000 + b"[]]")
    (back / "d.json.xz").write_bytes(lzma.compress(b"{}", lzma.FORMAT_ALONE)[:1] + b"\xff" * 4 + bytes(99))
    (back / "e.json").mkdir()
    os.mkfifo(back / "f.json")
    (back / "z.json").write_text(json.dumps(table))
    code, rows, lines = bare(path, "--import", tmp_path / "back")
    assert code == FAULTS and states(rows)[nt["pdb"]] == "present"
    refused = {Path(line.split("\t")[1]).name: line.split("\t")[2] for line in lines if line.startswith("refused\t")}
    assert refused.keys() == {"a.json.xz", "b.json.gz", "c.json", "d.json.xz"}
    assert "more than a table of its size can be" in refused["a.json.xz"]
    assert sum(line.startswith("taken\t") for line in lines) == 1


def test_the_reading_process_is_limited_and_starts_again(kernel, tmp_path):
    from volplugins.symbols_exchange.reading import ReadingProcess
    from volplugins.symbols_exchange.tables import UnusableFile

    good, many = tmp_path / "good.json", tmp_path / "many.json"
    good.write_text(json.dumps(kernel[2]))
    many.write_bytes(b"[" + b"[]," * 10_000_000 + b"[]]")
    with ReadingProcess(memory=400 << 20) as reading:
        assert reading.read(good, "table").guid == kernel[1]["guid"]
        if sys.platform == "linux":
            with pytest.raises(UnusableFile, match="needs more than 400 MiB"):
                reading.read(many, "table")
        assert reading.read(good, "table").age == kernel[1]["age"]
        assert reading._child is not None
        reading._child.kill()
        reading._child.wait()
        assert reading.read(good, "table").name == kernel[1]["pdb"]
    with ReadingProcess(seconds=0.001) as reading, pytest.raises(UnusableFile, match="not read within"):
        reading.read(good, "table")


def test_what_is_there_is_never_overwritten(bare, kernel, tmp_path):
    """A damaged table under the very name: said, and left alone."""
    path, nt, table = kernel
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "t.json").write_text(json.dumps(table))
    place = tmp_path / "mine" / "windows" / nt["pdb"] / f"{nt['guid']}-{nt['age']}.json.xz"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"mine")
    bare(path, "-s", tmp_path / "mine", "--import", tmp_path / "back")
    assert place.read_bytes() == b"mine" and len(list(place.parent.iterdir())) == 1


def list_of(record, path: Path) -> Path:
    needs = Needs()
    needs.add([(record, "target.exe", False)])
    write_list(path, needs.in_order())
    return path


@pytest.mark.parametrize("layout", ["bare", "store", "store, lower case"])
def test_a_pdb_is_converted_and_taken(made, bare, tmp_path, layout):  # noqa: F811
    from volplugins.vol.symbols import symbol_files

    record, folder = made
    record = replace(record, pdb_name="target.pdb")
    back = tmp_path / "back"
    store = f"{record.guid}{record.age:X}" if layout == "store" else record.guid_age.lower()
    where = back if layout == "bare" else back / "target.pdb" / store
    where.mkdir(parents=True)
    shutil.copy(folder / "target.pdb", where)
    needs = list_of(record, tmp_path / "needs.jsonl")
    code, rows, lines = bare(needs, "--import", back)
    assert code == 0 and states(rows) == {"target.pdb": "present"}, lines
    symbols_of = symbol_files.load(record)
    assert symbols_of is not None and {"leaf", "pushes", "recursive", "run"} <= set(symbols_of.names)
    (table,) = (tmp_path / "cache" / "symbols").rglob("*.json.xz")
    identity = json.loads(lzma.decompress(table.read_bytes()))["metadata"]["windows"]["pdb"]
    assert (identity["GUID"], identity["age"], identity["database"]) == (record.guid, record.age, "target.pdb")


def test_the_age_of_a_store_counts_where_the_pdb_was_written_again(made, bare, tmp_path):  # noqa: F811
    record, folder = made
    record = replace(record, pdb_name="target.pdb", age=record.age + 9)
    back = tmp_path / "back"
    back.mkdir()
    shutil.copy(folder / "target.pdb", back)
    code, rows, lines = bare(list_of(record, tmp_path / "needs.jsonl"), "--import", back)
    assert code == FAULTS and states(rows) == {"target.pdb": "missing"}
    assert any(f"age {record.age - 9}; needed is" in line for line in lines)
    stored = back / "target.pdb.d" / record.guid_age / "target.pdb"
    stored.parent.mkdir(parents=True)
    (back / "target.pdb").rename(stored)
    code, rows, _ = bare(tmp_path / "needs.jsonl", "--import", back)
    assert code == 0 and states(rows) == {"target.pdb": "present"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no",
        b"Microsoft C/C++ MSF 7.00\r\n\x1aDS" + bytes(300),
        b"Microsoft C/C++ program database 2.00\r\n",
        None,
    ],
)
def test_damaged_pdbs_are_refused(made, bare, tmp_path, data):  # noqa: F811
    record, folder = made
    record = replace(record, pdb_name="target.pdb")
    back = tmp_path / "back"
    back.mkdir()
    whole = (folder / "target.pdb").read_bytes()
    (back / "target.pdb").write_bytes(whole[: len(whole) // 2] if data is None else data)
    (back / "target.pd_").write_bytes(b"MSCF" + bytes(60))
    (back / "other.pdb").write_bytes(b"no")
    code, rows, lines = bare(list_of(record, tmp_path / "needs.jsonl"), "--import", back)
    assert code == FAULTS and states(rows) == {"target.pdb": "missing"}
    assert sum(line.startswith("refused\t") for line in lines) == 2
    assert any("1 that nothing needs" in line for line in lines)
    assert not list((tmp_path / "cache").rglob("*.json.xz"))
