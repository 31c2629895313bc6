"""Images of small dumps: listed by a symbol server's key, imported, and then they name the PDBs and unwind."""

from __future__ import annotations

import json
import lzma
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tests.image.pe_files import pe_file, with_field, write_images
from tests.symbols_exchange.test_symbol_lists import CONVERTERS, FAULTS, SCHEMA, symbols  # noqa: F401
from tests.vol.conftest import SHARED, dumps, own_tables  # noqa: F401
from volplugins.cli.main import main
from volplugins.image.image_files import store_key
from volplugins.lab.machine.image_sources import machine_images
from volplugins.symbols_exchange.lists import read_images, read_list
from volplugins.vol.symbols.symbol_path import own_symbols

MACHINES = ["win10-x64", "win7-x86-pae"]


@pytest.fixture
def bare(symbols, monkeypatch, tmp_path):  # noqa: F811
    """The command without any table at hand but what it imports."""
    from volatility3.framework import constants

    monkeypatch.setattr(constants, "SYMBOL_BASEPATHS", [str(tmp_path / "cache" / "symbols"), str(CONVERTERS)])
    monkeypatch.setattr("volplugins.vol.symbols.symbol_path.own_symbols", lambda: None)
    return symbols


def images(lines: list[str]) -> dict[str, str]:
    """Path below a store to state."""
    rows = [line.split("\t") for line in lines if line.startswith("image\t")]
    return {path: state for _, state, _, _, _, _, path in rows}


def key_of(module: dict) -> str:
    return f"{module['file']}/{store_key(module['timestamp'], module['size'])}/{module['file']}"


def pdb_of(module: dict) -> tuple[str, str, int]:
    return module["pdb"], module["guid"], module["age"]


@pytest.mark.parametrize("machine", [*MACHINES, "xp-x86"])
def test_every_image_is_listed_and_names_its_pdb_once_imported(dumps, bare, machine, tmp_path):  # noqa: F811
    path, snapshot = dumps(machine, kind="triage")
    modules = snapshot.truth["modules"]
    code, rows, lines = bare(path)
    assert code == FAULTS and rows == [] and images(lines) == {key_of(each): "missing" for each in modules}
    assert lines[-2:] == [f"# {len(modules)} images needed, {len(modules)} missing", "# 0 PDBs needed, 0 missing"]
    write_images(machine, tmp_path / "back", store=True)
    code, rows, lines = bare(path, "--import", tmp_path / "back")
    assert code == 0 and set(images(lines).values()) == {"present"}, lines
    assert {(row[3], row[4], int(row[5])) for row in rows} == {pdb_of(each) for each in modules}
    assert sum(line.startswith("taken\t") for line in lines) == len(modules)
    place = tmp_path / "cache" / "symbols" / "images"
    assert {each.relative_to(place).as_posix() for each in place.rglob("*") if each.is_file()} == set(images(lines))
    assert bare(path)[1] == rows, "a later run knows them by itself"
    code, again, lines = bare(path, "--import", tmp_path / "back")
    assert code == 0 and again == rows and not any(line.startswith("taken\t") for line in lines)


def test_lists_in_both_forms_give_the_same_again(dumps, bare, tmp_path):  # noqa: F811
    path, _ = dumps("win10-x64", kind="triage")
    full, plain = tmp_path / "needs.jsonl", tmp_path / "needs.txt"
    expected = images(bare(path, "--list", full, "--list", plain)[2])
    for line in full.read_text().splitlines():
        jsonschema.validate(json.loads(line), SCHEMA)
        assert json.loads(line)["kind"] == "image" and json.loads(line)["path"] in expected
    assert {"/".join([*line.split(",")[:2], line.split(",")[0]]) for line in plain.read_text().splitlines()} == set(
        expected
    )
    for form in (full, plain):
        assert images(bare(form)[2]) == expected, form
    assert bare(full, full)[2][0].split("\t")[2] == "2", "two lists of one dump each"


def test_the_loop_for_a_shell_asks_for_images_too(dumps, bare, tmp_path):  # noqa: F811
    path, _ = dumps("win10-x64", kind="triage")
    expected = images(bare(path, "--list", tmp_path / "needs.txt")[2])
    document = (Path(__file__).parents[2] / "docs/symbols.md").read_text(encoding="utf-8")
    loop = next(block for block in document.split("```") if "while IFS" in block).partition("\n")[2]
    (tmp_path / "curl").write_text('#!/bin/sh\nfor last; do :; done\necho "$last" >> asked\n')
    (tmp_path / "curl").chmod(0o755)
    subprocess.run(["sh", "-c", loop], cwd=tmp_path, check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    asked = (tmp_path / "asked").read_text().splitlines()
    assert sorted(asked) == sorted(f"https://msdl.microsoft.com/download/symbols/{each}" for each in expected)


def test_an_image_and_the_table_that_it_asks_for_come_back_together(dumps, bare, tmp_path):  # noqa: F811
    """By the list alone, without the dump; the kernel under the name that it has in its export directory."""
    path, snapshot = dumps("win10-x64", kind="triage")
    nt = snapshot.truth["modules"][0]
    bare(path, "--list", tmp_path / "needs.jsonl")
    back = tmp_path / "back"
    write_images("win10-x64", back, {"nt": "ntkrnlmp.exe", "hal": "whatever.bin"})
    folder = Path(__file__).parents[2] / "symbols" / "windows" / nt["pdb"]
    shutil.copy(next(folder.glob(f"{nt['guid']}-*")), back / "t.json.xz")
    code, rows, lines = bare(tmp_path / "needs.jsonl", "--import", back)
    assert code == 0 and ["present", nt["pdb"], nt["guid"]] in [[row[0], *row[3:5]] for row in rows], lines
    assert sorted(each.name for each in (tmp_path / "cache" / "symbols" / "images").iterdir()) == [
        "hal.dll",
        "ntoskrnl.exe",
    ]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_kernel_that_is_recognised_counts_once(dumps, symbols, machine, tmp_path):  # noqa: F811
    path, snapshot = dumps(machine, kind="triage")
    nt = snapshot.truth["modules"][0]
    code, rows, lines = symbols(path)
    assert code == 0 and images(lines)[key_of(nt)] == "missing"
    before = [row for row in rows if row[3] == nt["pdb"]]
    write_images(machine, tmp_path / "back", {"nt": "ntoskrnl.exe"})
    for options in (("--import", tmp_path / "back"), (), ("--image-path", tmp_path / "back")):
        code, rows, lines = symbols(path, *options)
        assert code == 0 and images(lines)[key_of(nt)] == "present"
        assert [row for row in rows if row[3] == nt["pdb"]] == before
        assert before[0][:2] == ["present", "1"]


def test_wrong_and_damaged_images_are_refused(dumps, bare, tmp_path):  # noqa: F811
    path, _ = dumps("win10-x64", kind="triage")
    back = tmp_path / "back"
    back.mkdir()
    good = pe_file(machine_images("win10-x64")["acmedrv"])
    files = {
        "acmedrv.sys": with_field(good, 8, 1),
        "tcpip.sys": pe_file(machine_images("win10-x64")["tcpip"])[:-0x200],
        "ntfs.sys": b"MZ" + bytes(100),
        "nobody.exe": with_field(good, 8, 2),
        "junk.exe": b"MZ",
    }
    for name, data in files.items():
        (back / name).write_bytes(data)
    code, rows, lines = bare(path, "--import", back)
    assert code == FAULTS and rows == [] and set(images(lines).values()) == {"missing"}
    refused = {Path(line.split("\t")[1]).name: line.split("\t")[2] for line in lines if line.startswith("refused\t")}
    assert refused.keys() == {"acmedrv.sys", "tcpip.sys", "ntfs.sys"}
    assert "needed is" in refused["acmedrv.sys"] and "cut short" in refused["tcpip.sys"]
    assert any("2 that nothing needs" in line for line in lines)
    assert not [each for each in (tmp_path / "cache").rglob("*") if each.suffix == ".sys"]


def test_what_is_there_is_never_overwritten(dumps, bare, tmp_path):  # noqa: F811
    path, snapshot = dumps("win10-x64", kind="triage")
    acme = next(each for each in snapshot.truth["modules"] if each["name"] == "acmedrv")
    place = tmp_path / "mine" / "images" / key_of(acme)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"mine")
    write_images("win10-x64", tmp_path / "back", {"acmedrv": "acmedrv.sys"})
    code, _, lines = bare(path, "-s", tmp_path / "mine", "--import", tmp_path / "back")
    assert code == FAULTS and any(line.startswith("refused\t") and "left alone" in line for line in lines)
    assert place.read_bytes() == b"mine" and len(list(place.parent.iterdir())) == 1


def with_name(path: Path, name: str, to: Path) -> Path:
    """The dump with another file name for acmedrv.sys, of the same length."""
    data = path.read_bytes()
    old = r"acmedrv.sys".encode("utf-16-le")
    assert old in data and len(name) == len("acmedrv.sys")
    to.write_bytes(data.replace(old, name.encode("utf-16-le", "surrogatepass")))
    return to


@pytest.mark.parametrize(
    "name", ["../../../ab", "a:\\..\\..\\ab", "*medrv.sys?"[:11], "acme\x00rv.sys", "acme\nrv.sys", "..........."]
)
def test_names_that_lead_elsewhere_are_not_asked_for(dumps, bare, tmp_path, name):  # noqa: F811
    path, snapshot = dumps("win10-x64", kind="triage")
    hostile = with_name(path, name, tmp_path / "hostile.dmp")
    listed = tmp_path / "needs.txt"
    write_images("win10-x64", tmp_path / "back", {"acmedrv": "acmedrv.sys"})
    code, _, lines = bare(hostile, "--list", listed, "--import", tmp_path / "back")
    assert code == FAULTS and len(images(lines)) >= len(snapshot.truth["modules"]) - 1
    for line in listed.read_text().splitlines():
        asked = line.split(",")[0]
        assert not set(asked) & set('\\/:*?"<>|') and asked.strip(".") and asked.isprintable()
    place = (tmp_path / "cache" / "symbols" / "images").resolve()
    found = [each.resolve() for each in tmp_path.rglob("*") if each.is_file()]
    assert {each.parent for each in found if place not in each.parents} <= {
        tmp_path, tmp_path / "back", tmp_path / "cache"
    }  # fmt: skip


def test_damaged_and_hostile_lists(tmp_path):
    good = {"schema": "volplugins.symbols/1", "kind": "image", "image": "a.sys", "timestamp": 1, "size": 0x1000}
    names = ["..", "../a.sys", "C:a.sys", "*.sys", "a\n.sys", "a\0.sys", "x" * 300, ".a", "", "a.", 7]
    lines = [good, *({**good, "image": name} for name in names)]
    lines += [{**good, "timestamp": value} for value in (0, -1, 1 << 32, "1", True, None)]
    lines += [{**good, "size": value} for value in (0, -1, 1 << 40, 1.5, None)] + [{**good, "kind": "pdb"}, {}, []]
    path = tmp_path / "list.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n{\n")
    listed = [image.store_path for image, _ in read_images(path)]
    assert set(listed) == {"a.sys/000000011000/a.sys"}, "a path counts as the name at its end"
    plain = tmp_path / "list.txt"
    plain.write_text("old.pdb,3D6DD5921,1\na.sys,3D6DD592a000,1\n../b.sys,3D6DD592a000,1\nc.sys,3D6DD592,1\n")
    assert [image.store_path for image, _ in read_images(plain)] == [
        "a.sys/3D6DD592a000/a.sys",
        "b.sys/3D6DD592a000/b.sys",
    ]
    assert [record.pdb_name for record, *_ in read_list(plain)] == ["old.pdb"]


def summary_of(path: Path, capsys, *options: object) -> dict:
    main(["triage", str(path), "-q", "--no-hash", "--json", *map(str, options)])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_summary_says_what_is_missing_and_what_is_used(dumps, bare, machine, tmp_path, capsys):  # noqa: F811
    path, snapshot = dumps(machine, kind="triage")
    modules, nt = snapshot.truth["modules"], snapshot.truth["modules"][0]
    said = summary_of(path, capsys)["symbols"]
    assert said["kernel"] is None and said["missing"] == []
    assert {each["path"]: each["kernel"] for each in said["images"]} == {key_of(e): e is nt for e in modules}
    write_images(machine, tmp_path / "back")
    bare(path, "--import", tmp_path / "back")
    said = summary_of(path, capsys)["symbols"]
    assert said["images"] == [] and len(said["missing"]) == len(modules)
    identity = {"pdb": nt["pdb"], "guid": nt["guid"], "age": nt["age"]}
    assert said["kernel"] == identity | {"recognised": "image-file", "used": False}
    said = summary_of(path, capsys, "-s", Path(__file__).parents[2] / "symbols")["symbols"]
    assert said["kernel"] == identity | {"recognised": "image-file", "used": True}
    assert len(said["missing"]) == len(modules) - 1


def test_the_summary_says_how_a_table_was_recognised(dumps, symbols, capsys):  # noqa: F811
    path, snapshot = dumps("win10-x64", kind="triage")
    folder = own_symbols()
    summary = summary_of(path, capsys, "-s", folder)
    said = summary["symbols"]["kernel"]
    assert any(frame["symbol"].startswith("nt!") for frame in summary["stack"])
    assert (said["guid"], said["recognised"], said["used"]) == (
        snapshot.truth["modules"][0]["guid"], "header-addresses", True
    )  # fmt: skip
    main(["triage", str(path), "-q", "--no-hash", "-s", str(folder)])
    shown = capsys.readouterr().out
    assert "its PDB" not in shown and "which PDB it needs" not in shown
    assert "images of" in shown
    full, _ = dumps("win10-x64", kind="full")
    assert summary_of(full, capsys, "-s", folder)["symbols"]["kernel"]["recognised"] == "debug-record"


def test_imported_images_unwind_as_those_of_image_path_do(dumps, bare, tmp_path, capsys):  # noqa: F811
    path, _ = dumps("win10-x64", kind="triage")
    without = summary_of(path, capsys)["stack"]
    write_images("win10-x64", tmp_path / "back")
    named = summary_of(path, capsys, "--image-path", tmp_path / "back")["stack"]
    bare(path, "--import", tmp_path / "back")
    assert summary_of(path, capsys)["stack"] == named != without
    assert sum(each["trust"] == "unwind-info" for each in named) > sum(e["trust"] == "unwind-info" for e in without)


def test_rows_of_triage_ask_for_the_same(dumps, bare, tmp_path, capsys):  # noqa: F811
    path, _ = dumps("win10-x64", kind="triage")
    expected = images(bare(path)[2])
    main(["triage", str(path), "-q", "--no-hash", "-o", str(tmp_path / "out")])
    capsys.readouterr()
    code, rows, lines = bare(tmp_path / "out")
    assert code == FAULTS and rows == [] and images(lines) == expected
    write_images("win10-x64", tmp_path / "back")
    named = bare(tmp_path / "out", "--import", tmp_path / "back")
    assert named[0] == 0 and named[1] == bare(path)[1] != []


REAL = SHARED / "triage"


@pytest.mark.skipif(
    not REAL.is_dir(), reason="the real small dump and two of its drivers are not beside the repository"
)
def test_a_real_dump_in_two_passes(bare, tmp_path, capsys):
    path, back = REAL / "triage_x64.dmp", tmp_path / "back"
    back.mkdir()
    code, rows, lines = bare(path)
    assert code == FAULTS and rows == [] and set(images(lines).values()) == {"missing"}
    assert "ntoskrnl.exe/0D8333E61046000/ntoskrnl.exe" in images(lines)
    assert not any("dump_" in each for each in images(lines))
    named = summary_of(path, capsys, "--image-path", REAL)["stack"]
    for name in ("amdppm.sys", "Wdf01000.sys"):
        shutil.copy(REAL / name, back)
    code, rows, _ = bare(path, "--import", back)
    assert [(row[0], row[3], row[4]) for row in rows] == [
        ("missing", "amdppm.pdb", "1C19FDDB27BB3399D9B45973EFEAFCF3"),
        ("missing", "Wdf01000.pdb", "6D6E9C327875C47856AC7DA750AB1C5E"),
    ]
    stack = summary_of(path, capsys)["stack"]
    assert stack == named
    reference = json.loads((REAL / "expected.json").read_text())["triage_x64.dmp"]["reference_stack"]
    wanted, places = [int(each["ip"], 16) for each in reference][8:25], [int(each["ip"], 16) for each in stack]
    start = places.index(wanted[0])
    assert places[start : start + len(wanted)] == wanted
    isf = next((SHARED / "isf" / "windows" / "ntkrnlmp.pdb").glob("5278AFF8*"))
    assert len(lzma.decompress(isf.read_bytes())) > 1 << 20
    said = summary_of(path, capsys, "-s", SHARED / "isf")["symbols"]
    assert said["kernel"]["recognised"] == "header-addresses" and said["kernel"]["used"]
    assert [each["pdb"] for each in said["missing"]] == ["Wdf01000.pdb", "amdppm.pdb"]
