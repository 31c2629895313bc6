"""What dumps need, against the lab's account: each PDB once, from dumps, folders, rows and lists alike."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
import volatility3.framework

from tests.vol.conftest import dumps, own_tables, vol, vol_home  # noqa: F401
from volplugins.cli.main import main
from volplugins.image.debug_record import DebugRecord
from volplugins.symbols_exchange.lists import read_list
from volplugins.symbols_exchange.needed import record_of, usable
from volplugins.vol.symbols.symbol_path import own_symbols

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/symbols.schema.json").read_text(encoding="utf-8"))
# volatility3's own folder, which has what its converter reads PDB files by
CONVERTERS = Path(volatility3.framework.__file__).parent / "symbols"
FAULTS, WRONG_USE, CANNOT_OPEN = 1, 2, 3


@pytest.fixture
def symbols(monkeypatch, tmp_path, capsys):
    """``symbols(arguments…)``: exit code, rows of PDBs, and all lines; with places of symbols of the test's own."""
    import volatility3.symbols
    from volatility3.framework import constants

    monkeypatch.setattr(constants, "CACHE_PATH", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "OFFLINE", True)
    own = [tmp_path / "cache" / "symbols", CONVERTERS, own_symbols()]
    monkeypatch.setattr(constants, "SYMBOL_BASEPATHS", list(map(str, own)))
    monkeypatch.setattr(volatility3.symbols, "__path__", [])

    def run(*arguments: object) -> tuple[int, list[list[str]], list[str]]:
        code = main(["symbols", *map(str, arguments)])
        said = capsys.readouterr()
        lines = said.out.splitlines()
        rows = [line.split("\t") for line in lines if line.startswith(("present\t", "missing\t"))]
        return code, rows, lines + said.err.splitlines()

    return run


def needed(*snapshots) -> Counter:
    """(name, GUID, age) to how many of the machines have a module of it."""
    return Counter(
        key for s in snapshots for key in {(each["pdb"], each["guid"], each["age"]) for each in s.truth["modules"]}
    )


def shown(rows: list[list[str]]) -> dict:
    found = {(pdb, guid, int(age)): int(count) for _, count, _, pdb, guid, age, _ in rows}
    assert len(found) == len(rows), "each PDB once"
    return found


def test_each_pdb_once_with_the_number_of_dumps(dumps, symbols):  # noqa: F811
    made = [dumps("win10-x64", kind="full"), dumps("win10-x64", "notmyfault", "full"), dumps("xp-x86", kind="full")]
    code, rows, lines = symbols(*(path for path, _ in made))
    expected = needed(*(snapshot for _, snapshot in made))
    assert code == 0 and shown(rows) == expected and max(expected.values()) == 2
    kernels = {each["pdb"] for _, snapshot in made for each in snapshot.truth["modules"] if each["name"] == "nt"}
    # the lab's own tables are those of its kernels, and of nothing else in the kernel
    assert {row[3] for row in rows if row[0] == "present"} == kernels
    for _, _, _, pdb, guid, age, path in rows:
        assert path == f"{pdb}/{guid}{int(age):x}/{pdb}"
    assert lines[-1] == f"# {len(rows)} PDBs needed, {len(rows) - len(kernels)} missing"


def test_lists_in_both_forms_give_the_same_again(dumps, symbols, tmp_path):  # noqa: F811
    path, _ = dumps("win7-x64", kind="full")
    full, plain = tmp_path / "needs.jsonl", tmp_path / "needs.txt"
    _, rows, _ = symbols(path, "--list", full, "--list", plain)
    missing = [row for row in rows if row[0] == "missing"]
    for line in full.read_text().splitlines():
        jsonschema.validate(json.loads(line), SCHEMA)
    assert plain.read_text().splitlines() == [f"{row[3]},{row[6].split('/')[1]},1" for row in missing]
    for form in (full, plain):
        code, again, _ = symbols(form)
        assert code == 0 and shown(again) == shown(missing)
    assert symbols(full, full)[1][0][1] == "2", "two lists of one dump each"


def test_the_list_is_for_a_shell_of_the_other_machine(dumps, symbols, tmp_path):  # noqa: F811
    """The loop of docs/symbols.md, with a program of the test's own in curl's place."""
    path, _ = dumps("win7-x64", kind="full")
    plain = tmp_path / "needs.txt"
    _, rows, _ = symbols(path, "--list", plain)
    document = (Path(__file__).parents[2] / "docs/symbols.md").read_text(encoding="utf-8")
    loop = next(block for block in document.split("```") if "while IFS" in block).partition("\n")[2]
    (tmp_path / "curl").write_text('#!/bin/sh\nfor last; do :; done\necho "$last" >> asked\n')
    (tmp_path / "curl").chmod(0o755)
    subprocess.run(["sh", "-c", loop], cwd=tmp_path, check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == [f"https://msdl.microsoft.com/download/symbols/{row[6]}" for row in rows if row[0] == "missing"]


def test_folders_of_dumps_and_of_rows(dumps, vol, symbols, tmp_path):  # noqa: F811
    path, snapshot = dumps("win10-x64", kind="full")
    farm = tmp_path / "farm"
    (farm / "deep").mkdir(parents=True)
    (farm / "deep" / "a.dmp").write_bytes(path.read_bytes())
    (farm / "notes.txt").write_text("nothing")
    (farm / "empty.dmp").touch()
    code, rows, _ = symbols(farm)
    assert code == 0 and shown(rows) == needed(snapshot)
    for number in "12":
        out = tmp_path / "corpus" / "dumps" / number
        (out / "rows").mkdir(parents=True)
        (out / "summary.json").write_text("{}")
        done = vol("-r", "jsonlines", "-f", str(path), "windows.kd.lm", "--kernel-modules")
        (out / "rows" / "kernel-modules.jsonl").write_text("{\n[]\n" + done.stdout)
        (out / "rows" / "lm.jsonl").write_text(vol("-r", "jsonlines", "-f", str(path), "windows.kd.lm").stdout)
    code, rows, _ = symbols(tmp_path / "corpus")
    assert code == 0 and shown(rows) == dict.fromkeys(needed(snapshot), 2)
    by_rows, by_dump = (
        shown(symbols(tmp_path / "corpus" / "dumps" / "1", "--user")[1]),
        shown(symbols(path, "--user")[1]),
    )
    assert by_rows == by_dump and ("ntdll.pdb" in {name for name, _, _ in by_dump})


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
def test_a_kernel_without_debug_record_is_told_by_addresses(dumps, symbols, machine, monkeypatch):  # noqa: F811
    path, snapshot = dumps(machine, kind="triage")
    kernel = next(each for each in snapshot.truth["modules"] if each["name"] == "nt")
    code, rows, lines = symbols(path)
    assert code == 0 and any("by the addresses of header and KDBG" in line for line in lines)
    assert ["present", kernel["pdb"], kernel["guid"], str(kernel["age"])] in [[row[0], *row[3:6]] for row in rows]
    # and where no table at hand has them, so said
    from volatility3.framework import constants

    monkeypatch.setattr(constants, "SYMBOL_BASEPATHS", [str(CONVERTERS)])
    monkeypatch.setattr("volplugins.vol.symbols.symbol_path.own_symbols", lambda: None)
    code, rows, lines = symbols(path)
    assert code == FAULTS and kernel["pdb"] not in [row[3] for row in rows]
    assert any("its PDB cannot be named" in line for line in lines)


def test_one_bad_dump_costs_its_own_line(dumps, symbols, tmp_path):  # noqa: F811
    path, snapshot = dumps("win10-x64", kind="full")
    bad = tmp_path / "bad.dmp"
    bad.write_bytes(b"PAGEDU64" + bytes(100))
    code, rows, lines = symbols(bad, path, tmp_path / "none.dmp")
    assert code == FAULTS and shown(rows) == needed(snapshot)
    assert len([line for line in lines if "bad.dmp" in line or "none.dmp" in line]) == 2
    assert symbols(bad)[0] == symbols(tmp_path / "none.dmp")[0] == CANNOT_OPEN


def test_wrong_use_writes_nothing(dumps, symbols, tmp_path):  # noqa: F811
    path, _ = dumps("win10-x64", kind="full")
    before = path.read_bytes()
    assert symbols(path, "--list", path)[0] == WRONG_USE and path.read_bytes() == before
    assert symbols(path, "--list", tmp_path / "no" / "list.txt")[0] == WRONG_USE
    assert symbols(path, "--import", tmp_path / "no")[0] == WRONG_USE
    assert not (tmp_path / "no").exists()


def test_damaged_lists_and_hostile_names(tmp_path):
    good = {"schema": "volplugins.symbols/1", "pdb": "a.pdb", "guid": "A" * 32, "age": 1}
    names = [
        "..",
        "../a.pdb",
        "a/b.pdb",
        "C:a.pdb",
        "*.pdb",
        "[a].pdb",
        "a\n.pdb",
        "a\0.pdb",
        "x" * 300,
        ".a",
        "",
        "a.",
        7,
    ]
    lines = [good, *({**good, "pdb": name} for name in names), *({**good, "age": age} for age in (-1, "1", 1.5, True))]
    lines += [{**good, "guid": guid} for guid in ("A" * 31, "../" + "A" * 29, None)] + [{}, 7, "x"]
    path = tmp_path / "list.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n{\n" + "[" * 50_000 + "\n")
    assert [record.pdb_name for record, *_ in read_list(path)] == ["a.pdb"]
    assert not usable(DebugRecord("a\u202eb.pdb", "", "A" * 32, 1))


@pytest.mark.parametrize(
    ("text", "guid", "age"),
    [("a" * 32 + "1f", "A" * 32, 31), ("3D6DD5921", "3D6DD592", 1), ("A" * 32, None, 0), ("", None, 0), ("x", None, 0)],
)
def test_identities_of_rows(text, guid, age):
    record = record_of("a.pdb", text)
    assert (record and (record.guid, record.age)) == (guid and (guid, age))
