"""triage of memory images and packed files: the same rows, no verdict where nothing crashed, refusals in one line."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packed.made_cabinets import cabinet
from tests.triage.conftest import checked, silent
from volplugins.cli.main import main
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.lab.writers.zdmp import write_zdmp
from volplugins.triage import TriageOptions, TriageResult, run_triage
from volplugins.triage.screen import COLUMNS, LINES, summary_lines

Triage = Callable[..., TriageResult]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def image(folder: Path) -> Path:
    return write(build("win10-x64", "none"), "raw", folder / "mem.raw")


@pytest.fixture(scope="module")
def dump(folder: Path) -> Path:
    return write(build("win10-x64", "notmyfault"), "bitmap-kernel", folder / "MEMORY.DMP")


def rows_of(result: TriageResult, name: str) -> list[str]:
    assert result.folder is not None
    return (result.folder / "rows" / f"{name}.jsonl").read_text().splitlines()


def test_an_image_says_that_no_bugcheck_is_recorded(triage: Triage, image: Path) -> None:
    result = triage(image)
    summary = checked(result)
    assert not result.faults
    target, crash = summary["target"], summary["crash"]
    assert (target["kind"], target["format"], target["crashed"]) == ("memory-image", "raw", False)
    assert target["kernel_base"].startswith("0xfffff80") and target["kernel_found"]
    assert crash.pop("evidence") == "no bugcheck is recorded" and not any(crash.values())
    assert not summary["stack"] and summary["verdicts"]["ok"] > 5
    lines = summary_lines(summary, result.folder)
    assert len(lines) <= LINES and all(len(line) <= COLUMNS for line in lines)
    assert lines[0].startswith("What crashed   no bugcheck is recorded; memory image (raw)")
    assert lines[1] == "Findings       2 info" and lines[2].startswith("Directories")
    assert not any(line.startswith("Blame") for line in lines)
    assert result.folder is not None
    page = (result.folder / "report.html").read_text()
    assert "No bugcheck is recorded" in page and "who is to blame" not in page and "crashing stack" not in page
    events = (result.folder / "timeline.jsonl").read_text()
    assert "Boot (" in events and "windows:crash" not in events


def test_rows_of_an_image_are_those_of_the_dump(triage: Triage, folder: Path, tmp_path: Path) -> None:
    whole = write(build("win10-x64", "notmyfault"), "full", folder / "full.dmp")
    of_image = triage(write(build("win10-x64", "notmyfault"), "lime", folder / "crashed.lime"))
    of_dump = run_triage(whole, tmp_path / "of-dump", TriageOptions(), silent)
    for name in ("lm", "peb", "kernel-modules"):
        assert rows_of(of_image, name) == rows_of(of_dump, name), name


def packed_forms(plain: Path, folder: Path) -> dict[str, Path]:
    data, name = plain.read_bytes(), plain.name
    made = {form: folder / f"{name}.{form}" for form in ("gz", "xz", "zip", "cab")}
    made["gz"].write_bytes(gzip.compress(data, 1))
    made["xz"].write_bytes(lzma.compress(data, preset=0))
    with zipfile.ZipFile(made["zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "no dump")
        archive.writestr(f"in/{name}", data)
        archive.writestr("pagefile.sys", bytes(9000))
    made["cab"].write_bytes(cabinet(("pagefile.sys", bytes(70_000)), (name, data)))
    return made


@pytest.mark.parametrize("form", ["gz", "xz", "zip", "cab"])
def test_packed_dumps_are_unpacked_and_known_by_what_is_in_them(
    dump: Path, folder: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    packed = packed_forms(dump, tmp_path)[form]
    before = sorted(tmp_path.iterdir())
    summary = checked(run_triage(packed, None, TriageOptions(), silent))
    told = summary["input"]
    assert told["packed"] == str(packed) and told["path"].startswith(str(packed))
    assert told["size"] == dump.stat().st_size
    assert told["sha256"] == hashlib.sha256(dump.read_bytes()).hexdigest()
    assert summary["crash"]["image"] == "myfault.sys"
    assert sorted(tmp_path.iterdir()) == before and not list(scratch.iterdir())
    left_out = [text for text in summary["missing"] if text.startswith("pagefile.sys")]
    assert bool(left_out) == (form in ("zip", "cab"))


def test_a_packed_image_is_one(image: Path, tmp_path: Path) -> None:
    packed = tmp_path / "mem.raw.gz"
    packed.write_bytes(gzip.compress(image.read_bytes(), 1))
    summary = checked(run_triage(packed, None, TriageOptions(), silent))
    assert summary["target"]["format"] == "raw" and summary["input"]["size"] == image.stat().st_size


def test_a_zdmp_gives_what_its_dump_gives(triage: Triage, dump: Path, tmp_path: Path) -> None:
    packed = run_triage(write_zdmp(dump, tmp_path / "m.zdmp"), tmp_path / "zdmp", TriageOptions(), silent)
    plain = triage(dump)
    assert not packed.faults
    for name in ("analyze", "process", "stacks", "pagedirs"):
        assert rows_of(packed, name) == rows_of(plain, name), name


def test_volatility_reads_a_zdmp_too(dump: Path, tmp_path: Path) -> None:
    packed = write_zdmp(dump, tmp_path / "m.zdmp")
    printed = [
        subprocess.run(
            [sys.executable, "-m", "volplugins.cli.main", "vol", "-q", "-f", str(path), "windows.pslist"],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
        ).stdout
        for path in (dump, packed)
    ]  # fmt: skip
    assert printed[0] == printed[1] and "explorer.exe" in printed[0]


def _linux() -> bytes:
    """A core of two segments, as a Linux machine's memory in QEMU's format begins."""
    head = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, 0x1000, 0, 0, 0x4000, 0x4000, 0x1000)
    more = struct.pack("<IIQQQQQQ", 1, 7, 0x5000, 0, 0x10_0000, 0x2000, 0x2000, 0x1000)
    return (head + load + more).ljust(0x1000, b"\0") + b"Linux version 6.1".ljust(0x6000, b"\x90")


def _disk() -> bytes:
    partition = bytes((0x80, 1, 1, 0, 7, 254, 255, 255, 0, 8, 0, 0, 0, 0, 16, 0))
    return (bytes(446) + partition + bytes(48) + b"\x55\xaa").ljust(0x8000, b"\xeb")


_REFUSED: dict[str, tuple[bytes, str]] = {
    "zeros.raw": (bytes(0x40_0000), "no Windows kernel was found"),
    "noise.mem": (hashlib.shake_128(b"noise").digest(0x40_0000), "no Windows kernel was found"),
    "linux.elf": (_linux(), "no Windows kernel was found"),
    "disk.img": (_disk(), "the image of a disk"),
    "hiberfil.sys": (b"HIBR" + bytes(0x4000), "a hibernation file: convert it first"),
    "woken.sys": (b"wake" + bytes(0x4000), "a hibernation file that was used up"),
    "machine.vmrs": (bytes(0x4000), "a saved state of Hyper-V"),
    "machine.sav": (b"\x7fVirtualBox SavedState V2.0\n".ljust(0x4000, b"\0"), "dumpvmcore"),
    "machine.vmss": (b"\xd2\xbe\xd2\xbe" + bytes(0x4000), "give the .vmem beside it"),
    "disk.qcow2": (b"QFI\xfb" + bytes(0x4000), "a disk of QEMU"),
    "bad.zip": (b"PK\3\4" + bytes(0x400), "zip: damaged"),
    "bad.cab": (b"MSCF" + bytes(0x10), "cab: damaged"),
    "two.zip": (b"", "more than one file that may be a dump"),
    "none.zip": (b"", "no dump and no memory image"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(_REFUSED))
def test_what_is_no_target_is_one_line_and_exit_3(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, expected = _REFUSED[name]
    path = tmp_path / name
    path.write_bytes(data)
    if not data:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "no dump")
            for member in ("a.dmp", "b.dmp") if name == "two.zip" else ():
                archive.writestr(member, b"PAGEDU64" + bytes(0x100))
    assert main(["triage", "-q", str(path), "-o", str(tmp_path / "out")]) == 3
    printed = capsys.readouterr()
    assert expected in printed.err and printed.err.count("\n") == 1 and not printed.out
    assert not (tmp_path / "out").exists()


def test_a_bomb_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from volplugins.packed import single
    from volplugins.packed.compression import Caps

    path = tmp_path / "bomb.raw.gz"
    path.write_bytes(gzip.compress(bytes(64 << 20), 9))
    monkeypatch.setattr(single.plain_file.__wrapped__, "__defaults__", (Caps(1 << 30, 100, 1 << 20),))  # type: ignore[attr-defined]
    assert main(["triage", "-q", str(path)]) == 3
    assert "grows past" in capsys.readouterr().err


def test_64_gib_of_zeros_take_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "zeros.raw"
    with path.open("wb") as file:
        file.truncate(64 << 30)
    if path.stat().st_blocks:
        pytest.skip("this file system keeps no holes")
    start = time.monotonic()
    assert main(["triage", "-q", str(path)]) == 3
    assert time.monotonic() - start < 20
    assert "processor start block: none below 1 MiB" in capsys.readouterr().err


def test_a_cut_image_says_so(image: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.raw"
    path.write_bytes(image.read_bytes()[:-0x800])
    result = run_triage(path, None, TriageOptions(), silent)
    assert any("cut short" in note["text"] for note in result.summary["notes"]) and result.faults


def test_redacted_summaries_hold_no_place(image: Path, tmp_path: Path) -> None:
    packed = tmp_path / "SECRETNAME" / "mem.raw.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(image.read_bytes(), 1))
    summary = run_triage(packed, None, TriageOptions(redact=True), silent).summary
    assert "SECRETNAME" not in json.dumps(summary) and summary["target"]["format"] == "raw"
