"""PDB files in symbol folders: made here by clang and lld, converted by volatility3, used for names."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stack.compiled import SOURCES
from volplugins.image.debug_record import read_debug_record
from volplugins.image.headers import read_headers
from volplugins.memory.reader import SegmentReader

TOOLS = ("clang", "lld-link")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(debug record, folder with target.pdb): an image of the tests' own functions and its symbols."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        pytest.skip(f"{', '.join(missing)} (Debian: clang, lld) makes the PDB of this test")
    import pefile

    folder: Path = tmp_path_factory.mktemp("pdb")
    (folder / "more.c").write_text("void __chkstk(void){}\nint _fltused;\n")
    target = ["clang", "--target=x86_64-pc-windows-msvc", "-O1", "-g", "-gcodeview", "-ffreestanding", "-c"]
    subprocess.run([*target, str(SOURCES / "functions.c"), "-o", str(folder / "a.obj")], check=True)
    subprocess.run([*target, str(folder / "more.c"), "-o", str(folder / "b.obj")], check=True)
    link = ["lld-link", "/entry:run", "/nodefaultlib", "/subsystem:native", "/debug", f"/out:{folder / 'target.exe'}"]
    subprocess.run([*link, str(folder / "a.obj"), str(folder / "b.obj")], check=True, capture_output=True)
    with pefile.PE(str(folder / "target.exe")) as image:
        base, data = image.OPTIONAL_HEADER.ImageBase, image.get_memory_mapped_image()
    memory = SegmentReader({base: data.ljust(0x8000, b"\0")})
    headers = read_headers(memory, base)
    assert headers is not None
    record = read_debug_record(memory, headers)
    assert record is not None
    return record, folder


@pytest.fixture
def places(monkeypatch, tmp_path):
    """Symbol folders and a cache of this test's own."""
    import volatility3.symbols
    from volatility3.framework import constants

    monkeypatch.setattr(constants, "CACHE_PATH", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "OFFLINE", True)
    folder = tmp_path / "symbols"
    folder.mkdir()
    monkeypatch.setattr(volatility3.symbols, "__path__", [str(folder), *constants.SYMBOL_BASEPATHS])
    return folder


@pytest.mark.parametrize("layout", ["store", "bare"])
def test_names_come_from_a_pdb_in_a_symbol_folder(made, places, layout):
    from volplugins.vol.symbols import symbol_files

    record, folder = made
    where = places / record.pdb_name.replace("\\", "/").rsplit("/", 1)[-1]
    if layout == "store":
        where = where / f"{record.guid}{record.age:X}" / where.name
        where.parent.mkdir(parents=True)
    shutil.copy(folder / "target.pdb", where)
    assert symbol_files.is_there(record)
    symbols = symbol_files.load(record)
    assert symbols is not None
    assert {"leaf", "pushes", "recursive", "run"} <= set(symbols.names)
    rva = symbols.lookup("pushes")
    assert symbols.nearest(rva + 3) == ("pushes", 3)
    where.unlink()
    assert symbol_files.load(record) is not None, "the cache has the table now"
    assert symbol_files.is_there(record)


def test_the_pdb_of_another_build_is_passed_over(made, places):
    from dataclasses import replace

    from volplugins.vol.symbols import pdb_store

    record, folder = made
    name = record.pdb_name.replace("\\", "/").rsplit("/", 1)[-1]
    shutil.copy(folder / "target.pdb", places / name)
    assert pdb_store.table_location(replace(record, guid="0" * 32)) is None
    assert not pdb_store.is_there(replace(record, guid="0" * 32)) and not pdb_store.is_there(
        replace(record, pdb_name="..")
    )
    (places / name).write_bytes(b"Microsoft C/C++ MSF 7.00\r\n\x1aDS" + bytes(300))
    assert pdb_store.table_location(record) is None, "a damaged file is no symbol table"
