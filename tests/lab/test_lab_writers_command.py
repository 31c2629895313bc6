"""`volplugins lab`: files made, the truth beside them, exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from volplugins.lab import command
from volplugins.lab.machine.snapshot import PAGE, Snapshot


@pytest.fixture(autouse=True)
def machines(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int, int]]:
    """Two tiny machines in place of the real ones, which take longer; what was ordered is recorded."""
    orders: list[tuple[str, str, int, int]] = []

    def build(machine: str, fault: str, base: int = 0, host: int = 0, *_options: bool, **_variants: int) -> Snapshot:
        orders.append((machine, fault, base, host))
        bits = 64 if machine.endswith("x64") else 32
        truth = {"fault": fault, "pfns": {3, 1}, "blob": b"\x01\x02"}
        pages = {pfn: bytes([pfn]) * PAGE for pfn in (1, 2)}
        return Snapshot(machine, bits, False, pages, [(1, 8)], {1}, {"BugCheckCode": 0xD1}, b"", b"", truth=truth)

    stand_in = ModuleType("volplugins.lab.machines.catalogue")
    faults = {"win10-x64": ("first", "second"), "xp-x86": ("first",)}
    stand_in.__dict__.update(
        every_fault_of=faults.get,
        build=build,
        EVERY_MACHINE=("win10-x64", "xp-x86"),
        EVERY_FAULT=("first", "second"),
        BASES=3,
    )
    monkeypatch.setitem(sys.modules, "volplugins.lab.machines.catalogue", stand_in)
    return orders


def test_list_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["list"]) == 0
    out = capsys.readouterr().out
    assert all(
        f"  {name}\n" in out
        for name in (
            "win10-x64",
            "xp-x86",
            "second",
            "triage",
            "truncated-half",
            "none-user",
            "elf-core",
            "image-smeared",
        )
    )


def test_make_one_with_its_truth(
    machines: list[tuple[str, str, int, int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "MEMORY.DMP"
    arguments = ["--kind", "bitmap-full", "--fault", "second", "--base", "2", "--host", "1", "-o", str(path)]
    assert command.main(["make", *arguments]) == 0
    assert machines == [("win10-x64", "second", 2, 1)]
    assert path.read_bytes()[:8] == b"PAGEDU64" and capsys.readouterr().out == f"{path}\n"
    truth = json.loads((tmp_path / "MEMORY.truth.json").read_text())
    assert truth["kind"] == "bitmap-full" and truth["machine"] == "win10-x64" and truth["defect"] is None
    assert truth["header"]["BugCheckCode"] == 0xD1
    assert truth["truth"] == {"fault": "second", "pfns": [1, 3], "blob": "0102"}


def test_variants_are_in_the_name_and_the_truth(tmp_path: Path) -> None:
    assert command.main(["make", "--litter", "--sparse", "--processor", "1", "-o", f"{tmp_path}/"]) == 0
    truth = json.loads((tmp_path / "win10-x64-first-full-litter-sparse-processor1.truth.json").read_text())
    assert (truth["litter"], truth["sparse"], truth["processor"], truth["wow64"]) == (True, True, 1, False)


def test_a_directory_gets_a_telling_name(tmp_path: Path) -> None:
    assert command.main(["make", "--base", "1", "--defect", "header-dtb-zero", "-o", f"{tmp_path}/new/"]) == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "win10-x64-first-full-base1-header-dtb-zero.dmp",
        "win10-x64-first-full-base1-header-dtb-zero.truth.json",
    }


def test_an_image_gets_its_extension_and_its_sidecar(tmp_path: Path) -> None:
    assert command.main(["make", "--kind", "vmware", "-o", f"{tmp_path}/"]) == 0
    assert command.main(["make", "--kind", "lime", "--defect", "image-cut", "--clear-kdbg", "-o", f"{tmp_path}/"]) == 0
    assert {path.name.partition("-first-")[2] for path in tmp_path.iterdir()} == {
        "vmware.vmem", "vmware.vmss", "vmware.truth.json", "lime-clear-image-cut.lime",
        "lime-clear-image-cut.truth.json",
    }  # fmt: skip
    truth = json.loads(next(tmp_path.glob("*vmware.truth.json")).read_text())
    assert truth["truth"]["live_memory"] == {"kdbg_encoded": False, "start_block": 0}


def test_defects_of_dumps_are_not_of_images_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    assert command.main(["make", "--kind", "raw", "--defect", "lime-overlap", "-o", str(path)]) == 2
    assert command.main(["make", "--kind", "raw", "--defect", "bitmap-empty", "-o", str(path)]) == 2
    assert path.read_bytes() == b"old"


def test_all_makes_every_kind_of_every_machine(machines: list[tuple[str, str, int, int]], tmp_path: Path) -> None:
    assert command.main(["make", "--all", "-o", str(tmp_path)]) == 0
    dumps = sorted(path.name for path in tmp_path.glob("*.dmp"))
    assert len([name for name in dumps if name.startswith("win10-x64-")]) == 10
    assert len([name for name in dumps if name.startswith("xp-x86-")]) == 5
    assert len(list(tmp_path.glob("*.truth.json"))) == len(dumps)
    assert len(machines) == 2  # a machine is built once for all its kinds


def test_all_passes_over_machines_without_the_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["make", "--all", "--fault", "second", "-o", str(tmp_path)]) == 0
    assert {path.name.split("-")[0] for path in tmp_path.iterdir()} == {"win10"}
    assert "xp-x86 has no fault second" in capsys.readouterr().err


def test_all_passes_over_kinds_that_a_defect_does_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["make", "--all", "--defect", "metadata-size-wrong", "-o", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("*.dmp"))) == 3
    assert capsys.readouterr().err.count("not made") == 12


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["make"],
        ["make", "--machine", "vax", "-o", "{}/a"],
        ["make", "--base", "-1", "-o", "{}/a"],
        ["make", "--host", "99", "-o", "{}/a"],
        ["make", "--machine", "xp-x86", "--kind", "live-kernel", "-o", "{}/a"],
        ["make", "--defect", "bitmap-empty", "-o", "{}/a"],
        ["make", "-o", "/dev/null/a"],
    ],
)
def test_wrong_use_is_2_with_a_reason_and_no_file(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([one.format(tmp_path) for one in arguments]) == 2
    assert capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_help_is_0_and_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["make", "--help"]) == 0
    out = capsys.readouterr().out
    assert "volplugins lab make --all -o samples/" in out and "--defect" in out
