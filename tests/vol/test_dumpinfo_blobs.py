"""windows.kd.dumpinfo on tagged blobs: their rows, and the files that --save writes."""

import json
import os
import stat
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from volplugins.lab.machine.snapshot import Snapshot

BOOT, OTHER = UUID("f57308df-cc45-4e01-ad76-29a4ebb010ec"), UUID("12345678-9abc-def0-1234-56789abcdef0")
CRASHED = UUID("be84d651-a550-4367-8e63-ab792b631f94")
DATA = {"boot": bytes(4) + struct.pack("<IBBBB", 1, 0, 30, 1, 0), "one": b"one" * 7, "two": b"two" * 500_000}


def with_blobs(path: Path, target: Path, *blobs: tuple[UUID, bytes]) -> Path:
    """The small dump at ``path`` with these blobs behind it."""
    chain = b"DumpBlob" + struct.pack("<II", 16, 0)
    for tag, data in blobs:
        chain += struct.pack("<I16sIII", 32, tag.bytes_le, len(data), 0, 0) + data
    target.write_bytes(path.read_bytes() + chain)
    return target


@pytest.fixture
def dump(dumps: Callable[..., tuple[Path, Snapshot]], tmp_path: Path) -> Path:
    boot = struct.pack("<I", len(DATA["boot"])) + DATA["boot"][4:]
    text = struct.pack("<II", 1, 0) + "\\Device\\acme.exe\0".encode("utf-16-le")
    path = dumps("win10-x64", "driver-read", "triage")[0]
    blobs = ((BOOT, boot), (OTHER, DATA["one"]), (OTHER, DATA["two"]), (CRASHED, text))
    return with_blobs(path, tmp_path / "blobs.dmp", *blobs)


def test_rows_and_files(vol: Callable[..., subprocess.CompletedProcess[str]], dump: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    before = os.umask(0o022)
    try:
        done = vol(
            "-r", "jsonlines", "-o", str(folder), "-f", str(dump), "windows.kd.dumpinfo",
            "--save", str(OTHER).upper(), "0", "99", "no guid",
        )  # fmt: skip
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line)["row"] for line in done.stdout.splitlines() if line.startswith("{")]
    groups = [(row["Group"], row["Field"], row["Value"], row["Note"]) for row in rows]
    named = [row for row in groups if row[0] == "secondary" and row[1].isdigit()]
    assert [row[2] for row in named] == [f"{{{tag}}}" for tag in (BOOT, OTHER, OTHER, CRASHED)]
    assert named[0][3].startswith("black box: boot status data (BSD) (System Informer")
    assert named[1][3].startswith("unknown; 21 bytes at file offset 0x")
    facts = {(field, value) for group, field, value, _ in groups if group == "blackbox"}
    assert {("0 advanced boot menu timeout", "30"), ("3 text", "\\Device\\acme.exe")} <= facts
    saved = [row for row in groups if row[1].endswith("saved")]
    assert [(row[1], row[3]) for row in saved] == [
        ("1 saved", "21 bytes"), ("2 saved", "1500000 bytes"), ("0 saved", "12 bytes"),
    ]  # fmt: skip
    errors = [row[3] for row in groups if row[1] == "error"]
    assert errors == ["--save 99: no blob has this tag or number", "--save no guid: neither a GUID nor a number"]
    files = {path.name: path for path in folder.iterdir()}
    assert sorted(path.stat().st_size for path in files.values()) == [12, 21, 1_500_000]
    assert all(str(OTHER) in name or str(BOOT) in name for name in files)
    assert {path.read_bytes() for path in files.values()} >= {DATA["one"], DATA["two"]}
    if os.name != "nt":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}


def test_a_blob_that_the_file_ends_in_is_saved_as_far_as_it_goes(
    vol: Callable[..., subprocess.CompletedProcess[str]], dump: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.dmp"
    cut.write_bytes(dump.read_bytes()[:-10])
    done = vol("-r", "jsonlines", "-o", str(tmp_path), "-f", str(cut), "windows.kd.dumpinfo", "--save", str(CRASHED))
    rows = [json.loads(line)["row"] for line in done.stdout.splitlines() if line.startswith("{")]
    (saved,) = [row for row in rows if row["Field"] == "3 saved"]
    assert saved["Note"] == "32 bytes; the file ends inside it: 10 bytes are missing"


def test_a_dump_without_blobs(
    vol: Callable[..., subprocess.CompletedProcess[str]], dumps: Callable[..., tuple[Path, Snapshot]], tmp_path: Path
) -> None:
    path = dumps("win10-x64", "driver-read", "triage")[0]
    done = vol("-r", "jsonlines", "-o", str(tmp_path), "-f", str(path), "windows.kd.dumpinfo", "--save", str(OTHER))
    assert f"--save {OTHER}: no blob has this tag or number" in done.stdout
