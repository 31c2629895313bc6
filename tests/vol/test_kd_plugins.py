"""windows.kd.dumpinfo and windows.kd.analyze through plain ``vol``: the installed wheel, as a user runs it."""

from __future__ import annotations

import json

import pytest

from tests.sampling import sampled
from tests.vol.conftest import SHARED
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.writers import KINDS, KINDS32

REAL = SHARED / "triage"


def by_field(found, first):
    return {(row[first], row["Field"]): row for row in found}


@pytest.mark.parametrize(
    ("machine", "kind"), sampled([(m, k) for m in MACHINES for k in (KINDS if "x64" in m else KINDS32)], 5)
)
def test_every_kind_is_described_and_analysed(dumps, rows, machine, kind):
    path, snapshot = dumps(machine, kind=kind)
    info = by_field(rows(path, "windows.kd.dumpinfo"), "Group")
    assert int(info["header", "BugCheckCode"]["Value"], 16) == snapshot.header["BugCheckCode"]
    assert info["completeness", "Truncated"]["Value"] == "False"
    assert info["completeness", "ExpectedFileSize"]["Value"] == str(path.stat().st_size)
    if kind != "triage":
        assert info["crosscheck", "DirectoryTableBase"]["Value"] == "ok"
        pages = sum(count for _, count in snapshot.runs)
        assert info["completeness", "PagesDescribed"]["Value"] == str(pages)
        score = 100 * int(info["completeness", "PagesInFile"]["Value"]) // pages
        assert info["completeness", "Score"]["Value"] == str(score)
    found = by_field(rows(path, "windows.kd.analyze"), "Section")
    assert found["culprit", "IMAGE_NAME"]["Value"] == "acmedrv.sys"
    assert found["process", "PROCESS_ID"]["Value"] == str(snapshot.truth["process"]["pid"])
    assert found["culprit", "IMAGE_NAME"]["Confidence"] in ("certain", "high")


def test_without_any_symbols_less_is_known_and_it_is_said(dumps, rows, tmp_path):
    """A kernel whose PDB nobody has: the table is left out by giving the kernel another GUID."""
    path, snapshot = dumps("win10-x64", kind="full")
    kernel = next(m for m in snapshot.truth["modules"] if m["name"] == "nt")
    guid = bytes.fromhex(kernel["guid"])
    stored = guid[3::-1] + guid[5:3:-1] + guid[7:5:-1] + guid[8:]
    data = path.read_bytes()
    assert data.count(stored) == 1
    unknown = tmp_path / "unknown.dmp"
    unknown.write_bytes(data.replace(stored, bytes(range(16))))
    found = by_field(rows(unknown, "windows.kd.analyze"), "Section")
    assert found["culprit", "IMAGE_NAME"]["Value"] == "acmedrv.sys"
    assert found["process", "PROCESS_NAME"]["Value"] == snapshot.truth["process"]["name"][:15]
    assert "built-in" in found["process", "PROCESS_NAME"]["Evidence"]
    missing = found["symbols", "ntkrnlmp.pdb"]
    assert (
        missing["Value"] == "ntkrnlmp.pdb/03020100050407060809000A0B0C0D0E0F1/ntkrnlmp.pdb"
        or missing["Value"].count("/") == 2
    )
    assert "missing" in missing["Evidence"]


def test_rows_are_the_same_whatever_the_locale_time_zone_and_hash_seed(dumps, vol):
    path, _ = dumps("win7-x64")
    seen = {
        vol(
            "-r", "jsonlines", "-f", str(path), "windows.kd.analyze", PYTHONHASHSEED=seed, LC_ALL=locale, TZ=zone
        ).stdout
        for seed, locale, zone in (("1", "C.UTF-8", "UTC"), ("2", "tr_TR.UTF-8", "Asia/Kathmandu"), ("3", "C", "EST5"))
    }
    assert len(seen) == 1
    assert "acmedrv.sys" in seen.pop()


@pytest.mark.parametrize("plugin", ["windows.kd.dumpinfo", "windows.kd.analyze"])
@pytest.mark.parametrize("defect", ["encrypted", "header-only", "automatic", "wrong-signature", "truncated-header"])
def test_what_cannot_be_opened_is_one_row_with_the_reason(dumps, rows, tmp_path, plugin, defect):
    from volplugins.lab.damage.files import apply

    path, _ = dumps("win10-x64")
    damaged = tmp_path / "damaged.dmp"
    damaged.write_bytes(path.read_bytes())
    apply(defect, damaged)
    (row,) = rows(damaged, plugin)
    assert row["Field"] == "error"
    assert len(row.get("Note") or row.get("Evidence")) > 20


@pytest.mark.parametrize("name", ["triage_x64.dmp", "triage_arm64.dmp"])
def test_header_of_the_real_dumps(rows, name):
    if not REAL.is_dir():
        pytest.skip("the real dumps are not beside the repository")
    expected = json.loads((REAL / "expected.json").read_text())[name]["header"]
    found = {
        row["Field"]: row for row in rows(REAL / name, "windows.kd.dumpinfo") if row["Group"] in ("header", "triage")
    }
    if name == "triage_x64.dmp":
        assert found["SystemTime"]["Value"] == "2021-02-21T01:38:22.987765+00:00"
        assert found["SystemUpTime"]["Value"] == "0 days 0:00:03.747"
    wrong = {
        field: (value, found[field]["Value"])
        for field, value in expected.items()
        if int(found[field]["Value"] or "-1", 16) != int(value, 16)
    }
    assert wrong == {}


def test_the_real_x64_crash(rows):
    if not REAL.is_dir():
        pytest.skip("the real dumps are not beside the repository")
    listed = rows(REAL / "triage_x64.dmp", "windows.kd.analyze")
    found = by_field(listed, "Section")
    value = {key: row["Value"] for key, row in found.items()}
    assert value["bugcheck", "BUGCHECK_CODE"] == "0x1000007e"
    assert value["context", "CONTEXT"] == "0xffff850429891720"
    assert value["context", "FAULTING_IP"] == "amdppm+0x334c"
    assert value["culprit", "IMAGE_NAME"] == "amdppm.sys"
    assert value["process", "PROCESS_NAME"] == "System"
    assert value["process", "THREAD"] == "0xffffc08bde9e1640"
    assert value["signature", "MANUAL_CRASH"] is None
    modules = [row for row in listed if row["Section"] == "modules" and row["Evidence"].startswith("triage")]
    assert len(modules) == 151


def test_the_real_x64_crash_with_its_kernels_symbols(rows):
    if not REAL.is_dir():
        pytest.skip("the real dumps are not beside the repository")
    listed = rows(REAL / "triage_x64.dmp", "windows.kd.analyze", "-s", str(SHARED / "isf"))
    assert any("nt!PnpSendIrp" in (row["Value"] or "") for row in listed if row["Section"] == "stack")
    (used,) = (row for row in listed if row["Section"] == "symbols")
    assert (used["Field"], used["Confidence"]) == ("KERNEL_PDB", "medium") and "header and KDBG" in used["Evidence"]
    assert used["Value"] == "ntkrnlmp.pdb/5278AFF86C341677D7D7835C85B7B8441/ntkrnlmp.pdb"


def test_the_real_arm64_crash(rows):
    if not REAL.is_dir():
        pytest.skip("the real dumps are not beside the repository")
    found = by_field(rows(REAL / "triage_arm64.dmp", "windows.kd.analyze"), "Section")
    assert found["bugcheck", "BUGCHECK_CODE"]["Value"] == "0x1c8"
    assert found["signature", "MANUAL_CRASH"]["Value"] == "power-button"
    assert found["system", "MACHINE"]["Value"] == "ARM64"
    assert found["process", "PROCESS_NAME"]["Value"] is None
    assert "no table for this machine" in found["process", "PROCESS_NAME"]["Evidence"]
