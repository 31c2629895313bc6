"""A symbol table that is at hand is never lost to volatility3's download: not by plain ``vol``, not by our commands."""

from __future__ import annotations

import http.server
import json
import lzma
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.vol.test_pdb_store import made  # noqa: F401
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.vol.symbols import kept_tables
from volplugins.vol.symbols.symbol_path import own_symbols

ROOT = Path(__file__).parents[2]
# nobody listens at the discard port: what asks the server is told so at once
_LOAD = """
import sys
import volatility3.symbols
from volatility3.framework import constants, contexts, exceptions
from volatility3.framework.symbols.windows import pdbutil
server, offline, kept, cache, mine, guid, age, name = sys.argv[1:]
constants.SYMBOL_SERVER_URL, constants.OFFLINE, constants.CACHE_PATH = server, offline == "True", cache
volatility3.symbols.__path__ = [mine, *constants.SYMBOL_BASEPATHS]
if kept == "True":
    from volplugins.vol.symbols.kept_tables import keep_tables
    keep_tables()
try:
    table = "volatility3.framework.symbols.windows.WindowsKernelIntermedSymbols"
    print(pdbutil.PDBUtility.load_windows_symbol_table(contexts.Context(), guid, int(age), name, table, "a.b"))
except exceptions.OfflineException:
    print("offline")
"""
_NOBODY = "http://127.0.0.1:9/symbols"


@pytest.fixture
def table(tmp_path):
    """(table, guid, age, pdb name): the user's own, which does not name its PDB, so that no index has it."""
    snapshot = build("win10-x64")
    nt = next(each for each in snapshot.truth["modules"] if each["name"] == "nt")
    source = next((own_symbols() / "windows" / nt["pdb"]).glob(f"{nt['guid']}-*.json.xz"))
    data = json.loads(lzma.decompress(source.read_bytes()))
    del data["metadata"]["windows"]
    place = tmp_path / "mine" / "windows" / nt["pdb"] / source.name
    place.parent.mkdir(parents=True)
    place.write_bytes(lzma.compress(json.dumps(data).encode()))
    return place, nt["guid"], nt["age"], nt["pdb"]


def load(tmp_path, guid, age, name, offline=False, kept=True, server=_NOBODY):
    """What volatility3's own look-up gives in a process of its own."""
    (tmp_path / "cache").mkdir(exist_ok=True)
    arguments = (server, offline, kept, tmp_path / "cache", tmp_path / "mine", guid, age, name)
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout.split()[-1]


@pytest.mark.skipif(kept_tables.version() not in kept_tables.TESTED, reason="a volatility3 that was not tested")
@pytest.mark.parametrize("offline", [False, True])
def test_volatility3_by_itself_loses_the_table(tmp_path, table, offline):
    """What this is all about: where it does so no more, the method need not be replaced."""
    assert load(tmp_path, *table[1:], offline=offline, kept=False) in ("None", "offline")
    assert not table[0].exists()


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("ending", [".json.xz", ".json"])
def test_the_table_is_kept_and_used(tmp_path, table, offline, ending):
    place = table[0]
    if ending == ".json":
        place.with_suffix("").write_bytes(lzma.decompress(place.read_bytes()))
        place.unlink()
        place = place.with_suffix("")
    before = place.read_bytes(), place.stat().st_mtime_ns
    assert load(tmp_path, *table[1:], offline=offline) not in ("None", "offline")
    assert (place.read_bytes(), place.stat().st_mtime_ns) == before
    assert [each.name for each in place.parent.iterdir()] == [place.name]


@pytest.mark.parametrize("data", [b"", b"damaged"])
def test_a_damaged_table_is_left_alone_too(tmp_path, table, data):
    place = table[0]
    place.write_bytes(data)
    with pytest.raises(subprocess.CalledProcessError):
        load(tmp_path, *table[1:])
    assert place.read_bytes() == data


def test_what_is_missing_is_fetched_whole_and_nothing_overwritten(tmp_path, made):  # noqa: F811
    record, folder = made

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            data = (folder / "target.pdb").read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        asked = (record.guid, record.age, "target.pdb")
        first = load(tmp_path, *asked, server=url)
        place = tmp_path / "mine" / "windows" / "target.pdb" / f"{record.guid}-{record.age}.json.xz"
        assert "leaf" in json.loads(lzma.decompress(place.read_bytes()))["symbols"]
        assert [each.name for each in place.parent.iterdir()] == [place.name]
        before = place.stat()
        assert load(tmp_path, *asked, server=url) == first != "None"
        server.shutdown()
    assert place.stat().st_mtime_ns == before.st_mtime_ns and os.path.isfile(place)


def test_a_download_goes_to_the_first_folder_that_can_be_written(tmp_path, monkeypatch):
    """volatility3's own method does the work; the network and the converter are stood in for."""
    import volatility3.symbols
    from volatility3.framework import contexts
    from volatility3.framework.symbols import intermed
    from volatility3.framework.symbols.windows import pdbutil

    class Retriever:
        def retreive_pdb(self, guid, file_name, progress_callback=None):
            return f"http://server/{file_name}/{guid}"

    class Reader:
        def __init__(self, context, location, database_name=None, progress_callback=None):
            assert next(iter(intermed.IntermediateSymbolTable.file_symbol_url("windows", "pdb")))

        def get_json(self):
            late = tmp_path / "mine" / "windows" / "late.pdb" / "G-1.json.xz"
            late.parent.mkdir(parents=True, exist_ok=True)
            late.write_bytes(b"another process was quicker")
            return {"symbols": {"one": 1}}

    monkeypatch.setattr(pdbutil.pdbconv, "PdbRetreiver", Retriever)
    monkeypatch.setattr(pdbutil.pdbconv, "PdbReader", Reader)
    (tmp_path / "no folder").write_text("")
    paths = [
        str(tmp_path / "no folder"),
        str(tmp_path / "mine"),
        str(Path(volatility3.__file__).parent / "framework/symbols"),
    ]
    monkeypatch.setattr(volatility3.symbols, "__path__", paths)
    kept_tables.keep_tables()
    assert kept_tables.is_kept()
    for name in ("new.pdb", "late.pdb"):
        pdbutil.PDBUtility.download_pdb_isf(contexts.Context(), "G", 1, name)
    assert volatility3.symbols.__path__ == paths
    places = sorted((tmp_path / "mine").rglob("*.*"))
    assert [each.name for each in places if each.is_file()] == ["G-1.json.xz", "G-1.json.xz"]
    new = tmp_path / "mine" / "windows" / "new.pdb" / "G-1.json.xz"
    assert json.loads(lzma.decompress(new.read_bytes())) == {"symbols": {"one": 1}}
    assert (tmp_path / "mine" / "windows" / "late.pdb" / "G-1.json.xz").read_bytes() == b"another process was quicker"


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    made_now, target = tmp_path / "made", tmp_path / "windows" / "x.pdb" / "G-1.json.xz"
    made_now.write_bytes(b"new")
    assert kept_tables._put(made_now, target) and target.read_bytes() == b"new"
    target.write_bytes(b"mine")
    assert kept_tables._put(made_now, target) and target.read_bytes() == b"mine"
    assert not kept_tables._put(made_now, target / "no" / "folder")
    assert [each.name for each in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("how", ["vol", "triage", "finder"])
def test_runs_of_ours_keep_it(tmp_path, table, how):
    """``volplugins vol``, triage, and the finder of the kernel alone, as with a volatility3 that was not tested."""
    dump = write(build("win10-x64"), "bitmap-kernel", tmp_path / "a.dmp")
    mine, before = tmp_path / "mine", table[0].read_bytes()
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    start = (
        "import sys; from volplugins.cli.main import main; from volplugins.vol.symbols import symbol_path, kept_tables;"
    )
    start += "symbol_path.own_symbols = lambda: None;"
    start += "kept_tables.TESTED = ();" if how == "finder" else ""
    arguments = (
        ["triage", "-q", str(dump), "-s", str(mine), "-o", str(tmp_path / "out")] if how == "triage"
        else ["vol", "-q", "--offline", "-s", str(mine), "-r", "csv", "-f", str(dump), "windows.pslist"]
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", f"{start} sys.exit(main({arguments!r}))"], capture_output=True, text=True,
        cwd=tmp_path, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert table[0].read_bytes() == before
    if how != "triage":
        assert "System" in done.stdout, done.stdout + done.stderr


def test_a_version_that_was_not_tested_is_left_as_it_is(monkeypatch):
    from volatility3.framework.symbols.windows import pdbutil

    from volplugins.cli import findings

    theirs = pdbutil.PDBUtility.__dict__["download_pdb_isf"]
    monkeypatch.setattr(pdbutil.PDBUtility, "download_pdb_isf", getattr(theirs.__func__, "theirs", theirs))
    monkeypatch.setattr(kept_tables, "TESTED", ("2.0.0",))
    kept_tables.keep_tables()
    assert not kept_tables.is_kept()
    assert findings._kept().state == "note" and "none of those that were tested" in findings._kept().text
    monkeypatch.setattr(kept_tables, "TESTED", (kept_tables.version(),))
    kept_tables.keep_tables()
    assert kept_tables.is_kept() and findings._kept().state == "ok"
