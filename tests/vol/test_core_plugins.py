"""volatility3's own plugins on every kind of dump, through plain ``vol -f``, and what they must agree with."""

from __future__ import annotations

import pytest

from tests.sampling import sampled
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.writers import KINDS, KINDS32

MEMORY_KINDS = [
    (machine, kind) for machine in MACHINES for kind in (KINDS if "x64" in machine else KINDS32) if kind != "triage"
]


@pytest.mark.parametrize(("machine", "kind"), sampled(MEMORY_KINDS, 5))
def test_pslist_lists_what_was_built(dumps, rows, machine, kind):
    path, snapshot = dumps(machine, kind=kind)
    found = {(row["PID"], row["PPID"], row["ImageFileName"]) for row in rows(path, "windows.pslist")}
    assert found == {(p["pid"], p["ppid"], p["name"][:14]) for p in snapshot.truth["processes"]}


@pytest.mark.parametrize("machine", sampled(MACHINES, 3))
def test_modules_and_info_agree_with_what_was_built(dumps, rows, machine):
    path, snapshot = dumps(machine)
    bits = (1 << 48) - 1 if snapshot.bits == 64 else (1 << 32) - 1
    found = {(int(row["Base"], 16) & bits, row["Name"].lower()) for row in rows(path, "windows.modules")}
    assert found == {(m["base"] & bits, m["file"].lower()) for m in snapshot.truth["modules"]}
    info = {row["Variable"]: row["Value"] for row in rows(path, "windows.info")}
    assert int(info["DTB"], 16) == snapshot.header["DirectoryTableBase"] & ~(0x1F if snapshot.pae else 0xFFF)
    kernel = next(m for m in snapshot.truth["modules"] if m["name"] == "nt")
    assert int(info["Kernel Base"], 16) & bits == kernel["base"] & bits
    assert int(info["KeNumberProcessors"]) == snapshot.header["NumberProcessors"]


@pytest.mark.parametrize("kind", ["full", "bitmap-full", "bitmap-kernel"])
def test_crashinfo_reads_the_header(dumps, rows, kind):
    path, snapshot = dumps("win10-x64", kind=kind)
    (row,) = rows(path, "windows.crashinfo")
    assert int(row["DirectoryTableBase"], 16) == snapshot.header["DirectoryTableBase"]
    assert int(row["KdDebuggerDataBlock"], 16) == snapshot.header["KdDebuggerDataBlock"]
    assert row["NumberProcessors"] == snapshot.header["NumberProcessors"]


@pytest.mark.parametrize("defect", ["header-dtb-wrong", "header-dtb-zero", "header-kdbg-wrong"])
def test_a_wrong_header_falls_back_to_the_scan(dumps, rows, tmp_path, defect):
    from volplugins.lab.damage.files import apply

    path, snapshot = dumps("win10-x64", kind="full")
    damaged = tmp_path / "damaged.dmp"
    damaged.write_bytes(path.read_bytes())
    apply(defect, damaged)
    assert len(rows(damaged, "windows.pslist")) == len(snapshot.truth["processes"])
    analysed = {(r["Section"], r["Field"]): r["Value"] for r in rows(damaged, "windows.kd.analyze")}
    assert analysed["culprit", "IMAGE_NAME"] == "acmedrv.sys"
