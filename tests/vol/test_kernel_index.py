"""A kernel's table is told from many by its addresses: read once, then known by the index in the cache folder."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from tests.vol.many_tables import changed, expected_of, put
from volplugins.vol.symbols import kernel_choice, kernel_index, symbol_files
from volplugins.vol.symbols.kernel_choice import Evidence, choose
from volplugins.vol.symbols.symbol_files import PdbSymbols
from volplugins.vol.symbols.table_facts import facts_in

COUNT = 6


@pytest.fixture
def tables(monkeypatch, tmp_path):
    """(folder, {number: table}) of kernels' tables, the only ones at hand, with a cache of this test's own."""
    import volatility3.symbols
    from volatility3.framework import constants

    monkeypatch.setattr(constants, "CACHE_PATH", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "OFFLINE", True)
    monkeypatch.setattr(volatility3.symbols, "__path__", [str(tmp_path / "symbols")])
    made = {number: changed(number) for number in range(1, COUNT + 1)}
    for table in made.values():
        put(table, tmp_path / "symbols")
    new_process()
    yield tmp_path / "symbols", made
    new_process()


@pytest.fixture
def opened(monkeypatch):
    """The locations that were unpacked for the index."""
    seen: list[str] = []
    read = kernel_index.read_facts
    monkeypatch.setattr(kernel_index, "read_facts", lambda location: seen.append(location) or read(location))
    return seen


def new_process() -> None:
    """Forget what this process has read."""
    kernel_index._seen.clear()
    symbol_files._loaded.clear()
    kernel_choice._told.clear()


def load_by_addresses(addresses, sizes) -> PdbSymbols | None:
    """The table that is taken for a kernel of which no more is known."""
    return choose(Evidence(addresses, sizes)).symbols


def index(folder: Path) -> Path:
    return folder.parent / "cache" / "volplugins-kernels.cache"


def identity(number: int) -> str:
    return f"ntkrnlmp.pdb/{number:032X}-1"


def test_every_kernel_is_recognised_and_read_once(tables, opened):
    folder, made = tables
    for number, table in made.items():
        symbols = load_by_addresses(*expected_of(table))
        assert symbols is not None and symbols.identity == identity(number)
        new_process()
    assert len(opened) == COUNT and len(set(opened)) == COUNT
    addresses, sizes = expected_of(made[1])
    assert load_by_addresses({**addresses, "PsLoadedModuleList": 0x77770}, sizes) is None
    assert load_by_addresses(addresses, {**sizes, "_EPROCESS": 8}) is None
    assert len(opened) == COUNT
    assert [each.name for each in index(folder).parent.iterdir()] == [index(folder).name]


def test_facts_are_those_of_the_whole_table(tables):
    for number, table in tables[1].items():
        for text in (json.dumps(table), json.dumps(table, sort_keys=True, indent=2), json.dumps(table)[:-400]):
            facts = facts_in(text.encode())
            assert (facts.identity, (facts.addresses, facts.sizes)) == (identity(number), expected_of(table))


def test_a_file_that_changed_or_came_later_is_read_again(tables, opened):
    folder, made = tables
    load_by_addresses(*expected_of(made[1]))
    opened.clear()
    new_process()
    later, other = changed(40), changed(41)
    path = put(later, folder)
    assert load_by_addresses(*expected_of(later)).identity == identity(40)
    assert opened == [path.as_uri()]
    put(other, folder, path.name)
    new_process()
    assert load_by_addresses(*expected_of(later)) is None
    assert load_by_addresses(*expected_of(other)).identity == identity(41)
    path.unlink()
    new_process()
    assert load_by_addresses(*expected_of(other)) is None
    put(changed(42), folder)
    load_by_addresses(*expected_of(other))
    assert path.as_uri() not in json.loads(index(folder).read_text())["tables"]


def test_the_same_table_twice_is_one_and_two_kernels_with_other_symbols_are_none(tables):
    folder, made = tables
    put(made[3], folder, "copy.json.xz")
    assert load_by_addresses(*expected_of(made[3])).identity == identity(3)
    twin = changed(3)
    twin["metadata"]["windows"]["pdb"]["GUID"] = "F" * 32
    put(twin, folder)
    found = choose(Evidence(*expected_of(made[3])))
    assert found.symbols is not None and len(found.fitting) == 2, "the same symbols: whose, makes no difference"
    twin["symbols"]["KeBugCheckEx"]["address"] += 16
    put(twin, folder)
    new_process()
    assert load_by_addresses(*expected_of(made[3])) is None


@pytest.mark.parametrize("form", [".json", ".json.gz", ".json.bz2", "in two streams.json.xz"])
def test_tables_of_every_form_are_known(tables, opened, form):
    folder, made = tables
    text = json.dumps(changed(50)).encode()
    path = put(made[1], folder, "x.json.xz").with_name(f"x{form}" if form[0] == "." else form)
    path.with_name("x.json.xz").unlink()
    packed = {".json": lambda: text, ".json.gz": lambda: gzip.compress(text), ".json.bz2": lambda: bz2.compress(text)}
    streams = lzma.compress(text[:9999]) + lzma.compress(text[9999:]) + b"and what is not of it"
    path.write_bytes(packed.get(form, lambda: streams)())
    for _ in range(2):
        symbols = load_by_addresses(*expected_of(changed(50)))
        assert symbols is not None and symbols.identity == identity(50)
        new_process()
    assert len(opened) == len(set(opened))


BAD = [
    b"", b"\0\1", b"{", b"[]", b"7", b"[" * 100_000, b'{"form": 1, "tables": 7}', b'{"form": 2, "tables": {}}',
    b'{"form": 1, "tables": {"file:///x": [1, 2, "", {}], "a": 3, "file:///y": [true, 2, "", {}, {}]}}',
    b'{"form": 1, "tables": {"\\ud800": [1, 2, "\\ud800", {"KdDebuggerDataBlock": "1"}, {"x": 1}]}}',
]  # fmt: skip


@pytest.mark.parametrize("data", BAD)
def test_a_damaged_index_is_made_again(tables, data, opened):
    folder, made = tables
    index(folder).parent.mkdir()
    index(folder).write_bytes(data)
    assert load_by_addresses(*expected_of(made[2])).identity == identity(2)
    assert len(json.loads(index(folder).read_text())["tables"]) == COUNT == len(opened)


def test_an_index_that_lies_is_not_believed(tables):
    """Its word is checked against the table; where it is wrong the tables are read again."""
    folder, made = tables
    load_by_addresses(*expected_of(made[1]))
    said = json.loads(index(folder).read_text())
    first, second = (next(each for each in said["tables"] if f"{n:032X}" in each) for n in (1, 2))
    said["tables"][first], said["tables"][second] = (
        [*said["tables"][one][:2], *said["tables"][other][2:]] for one, other in ((first, second), (second, first))
    )
    index(folder).write_text(json.dumps(said))
    new_process()
    assert load_by_addresses(*expected_of(made[1])).identity == identity(1)
    new_process()
    assert load_by_addresses(*expected_of(made[2])).identity == identity(2)


def test_a_table_that_cannot_be_read_is_remembered_as_such(tables, opened):
    folder, made = tables
    path = put(made[1], folder, "damaged.json.xz")
    path.write_bytes(path.read_bytes()[:500])
    for _ in range(2):
        assert load_by_addresses(*expected_of(made[1])).identity == identity(1)
        new_process()
    assert len(opened) == COUNT + 1


def test_without_a_place_for_the_index_the_tables_are_read(tables, opened):
    folder, made = tables
    index(folder).parent.write_text("no folder")
    for _ in range(2):
        assert load_by_addresses(*expected_of(made[1])).identity == identity(1)
        new_process()
    assert len(opened) == 2 * COUNT
    assert index(folder).parent.read_text() == "no folder"


def test_a_process_with_a_cache_of_its_own_reads_the_users_index(tables, opened, tmp_path, monkeypatch):
    """As the children of `volplugins batch` do; what they learn goes into their own."""
    from volatility3.framework import constants

    folder, made = tables
    load_by_addresses(*expected_of(made[1]))
    before = index(folder).read_bytes()
    opened.clear()
    new_process()
    put(changed(30), folder)
    monkeypatch.setattr(kernel_index, "left_folder", lambda: index(folder).parent)
    monkeypatch.setattr(constants, "CACHE_PATH", str(tmp_path / "own"))
    assert load_by_addresses(*expected_of(made[2])).identity == identity(2)
    assert len(opened) == 1 and index(folder).read_bytes() == before
    assert len(json.loads((tmp_path / "own" / index(folder).name).read_text())["tables"]) == COUNT + 1


def test_clear_cache_removes_the_index(tables):
    from volatility3 import framework

    folder, made = tables
    load_by_addresses(*expected_of(made[1]))
    (index(folder).parent / "identifier.cache").touch()
    framework.clear_cache()
    assert not index(folder).exists()


def _recognise(folder: str, cache: str, number: int) -> str:
    import volatility3.symbols
    from volatility3.framework import constants

    constants.CACHE_PATH = cache
    volatility3.symbols.__path__ = [folder]
    symbols = load_by_addresses(*expected_of(changed(number)))
    return symbols.identity if symbols is not None else ""


@pytest.mark.skipif(os.name == "nt", reason="two processes replace one file")
def test_many_writers_at_once(tables, tmp_path):
    folder, _ = tables
    jobs = [(str(folder), str(tmp_path / "cache"), 1 + number % COUNT) for number in range(12)]
    with multiprocessing.get_context("fork").Pool(4) as pool:
        found = pool.starmap(_recognise, jobs, chunksize=1)
    assert found == [identity(number) for _, _, number in jobs]
    assert len(json.loads(index(folder).read_text())["tables"]) == COUNT
    assert [each.name for each in index(folder).parent.iterdir()] == [index(folder).name]
    shutil.rmtree(tmp_path / "cache")


def test_streams_of_any_number_are_unpacked_in_pieces_and_cut_ones_are_refused(monkeypatch):
    monkeypatch.setattr(kernel_index, "_PIECE", 1 << 10)
    parts = [os.urandom(5000), b"", b"x" * 3000, os.urandom(700)]
    packed = [lzma.compress(part) for part in parts]
    for count in range(1, len(parts) + 1):
        whole = b"".join(packed[:count])
        for behind in (b"", b"\0" * 8, b"no stream"):
            assert kernel_index._unpacked(whole + behind) == b"".join(parts[:count])
        for end in (len(whole) - 1, len(whole) - 9, len(whole) - len(packed[count - 1]) + 9):
            with pytest.raises((EOFError, lzma.LZMAError)):
                kernel_index._unpacked(whole[:end])
    for nothing in (b"", b"\xfd7zXZ\0", b"WASP"):
        with pytest.raises((EOFError, lzma.LZMAError)):
            kernel_index._unpacked(nothing)


def test_a_table_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(kernel_index, "_LARGEST_TEXT", 1 << 20)
    assert len(kernel_index._unpacked(lzma.compress(bytes(1 << 19)) + lzma.compress(bytes(1 << 18)))) == 3 << 18
    for size in (1 << 20 | 1, 1 << 24):
        with pytest.raises(EOFError):
            kernel_index._unpacked(lzma.compress(bytes(size)))
