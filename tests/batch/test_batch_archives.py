"""Archives lose nothing without a word: every member is read, or named in the results; and none costs memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import re
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.made_corpus import tiny
from volplugins.batch.finding import Found, find
from volplugins.batch.identity import identify
from volplugins.lab.writers import write
from volplugins.packed import archives
from volplugins.packed.compression import CAPS, Caps

Batch = Callable[..., int]
_PEAK = """
import sys
from volplugins.batch.finding import find
found = find(sys.argv[1:])
print(len(found.candidates), found.others, len(found.problems))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.fixture
def dumps(tmp_path: Path) -> list[bytes]:
    """Three that differ."""
    return [write(tiny(number), "full", tmp_path / f"{number}.tmp").read_bytes() for number in (1, 2, 3)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def digests(found: Found) -> list[str | None]:
    return [identify(one, CAPS).sha256 for one in found.candidates]


def sha(*data: bytes) -> list[str]:
    return [hashlib.sha256(each).hexdigest() for each in data]


def test_a_member_behind_thousands_of_others(folder: Path, dumps: list[bytes]) -> None:
    (folder / "a.zip").write_bytes(zipped(*((f"{n}.txt", b"no") for n in range(5000)), ("memory", dumps[0])))
    found = find([str(folder)])
    assert [one.label for one in found.candidates] == [f"{folder / 'a.zip'}!memory"]
    assert digests(found) == sha(dumps[0])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_two_rows(batch: Batch, tmp_path: Path, folder: Path, dumps: list[bytes]) -> None:
    (folder / "a.zip").write_bytes(zipped(("MEMORY.DMP", dumps[0]), ("MEMORY.DMP", dumps[1]), ("MEMORY.DMP", b"no")))
    found = find([str(folder)])
    assert [one.member for one in found.candidates] == ["MEMORY.DMP", "MEMORY.DMP#2", "MEMORY.DMP#3"]
    assert digests(found) == sha(dumps[0], dumps[1], b"no")
    for _ in range(2):
        batch(folder)
        rows = contents.tables(tmp_path / "out")["dumps"]
        assert {row["sha256"] for row in rows} == set(sha(dumps[0], dumps[1], b"no"))
        assert len({row["path"] for row in rows}) == 3


@pytest.mark.parametrize("flag", [8, 16, 4])
@pytest.mark.parametrize("length", [10_000, 3 << 20])
def test_a_long_gzip_header(folder: Path, dumps: list[bytes], flag: int, length: int) -> None:
    """A name, a comment, a field of extra bytes: the data begins behind what is read at first."""
    extra = min(length, 0xFFFF)
    more = struct.pack("<H", extra) + bytes(extra) if flag == 4 else b"n" * length + b"\0"
    packed = zlib.compressobj(wbits=-15)
    body = packed.compress(dumps[0]) + packed.flush()
    header = b"\x1f\x8b\x08" + bytes([flag]) + bytes(6)
    (folder / "a").write_bytes(header + more + body + struct.pack("<II", zlib.crc32(dumps[0]), len(dumps[0])))
    assert digests(find([str(folder)])) == sha(dumps[0])


def test_archives_within_archives_are_read(batch: Batch, tmp_path: Path, folder: Path, dumps: list[bytes]) -> None:
    inner = zipped(("deep/MEMORY.DMP", dumps[0]), ("x.txt", b"no"))
    stored = zipped(("two.gz", gzip.compress(dumps[1])), method=zipfile.ZIP_STORED)
    outer = zipped(("inner.zip", inner), ("stored.zip", stored), ("three.xz", lzma.compress(dumps[2])))
    (folder / "a.zip").write_bytes(outer)
    (folder / "b.gz").write_bytes(gzip.compress(lzma.compress(dumps[2])))
    (folder / "c.xz").write_bytes(lzma.compress(inner))
    found = find([str(folder)])
    assert [one.label.removeprefix(f"{folder}/") for one in found.candidates] == [
        "a.zip!inner.zip!deep/MEMORY.DMP", "a.zip!stored.zip!two.gz", "a.zip!three.xz", "b.gz", "c.xz!deep/MEMORY.DMP",
    ]  # fmt: skip
    assert digests(found) == sha(dumps[0], dumps[1], dumps[2], dumps[2], dumps[0])
    batch(folder)
    tables = contents.tables(tmp_path / "out")
    assert {row["sha256"] for row in tables["dumps"] if row["folder"]} == set(sha(*dumps))
    assert len(tables["paths"]) == 5


def test_what_is_not_read_is_named(batch: Batch, tmp_path: Path, folder: Path, dumps: list[bytes]) -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        member = tarfile.TarInfo("MEMORY.DMP")
        member.size = len(dumps[0])
        archive.addfile(member, io.BytesIO(dumps[0]))
    deep = dumps[0]
    for _ in range(6):
        deep = gzip.compress(deep)
    (folder / "a.tar.gz").write_bytes(gzip.compress(tar.getvalue()))
    (folder / "b.gz").write_bytes(deep)
    (folder / "c.zip").write_bytes(
        zipped(("x.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50)), ("bad.zip", b"PK\3\4" + bytes(99)))
    )
    assert batch(folder) == 3
    rows = contents.tables(tmp_path / "out")["dumps"]
    assert all(row["status"] == "cannot-open" and row["sha256"] is None for row in rows)
    reasons = {row["path"].removeprefix(f"{folder}/"): row["reason"] for row in rows}
    assert "not read here" in reasons["a.tar.gz"] and reasons["a.tar.gz"].startswith("tar: ")
    assert "more than 4 deep" in reasons["b.gz"]
    assert reasons["c.zip!x.7z"].startswith("7z: ")
    assert "has no directory" in reasons["c.zip!bad.zip!*"] and len(rows) == 4
    assert batch(folder) == 3, "a second run finds them known"
    assert contents.tables(tmp_path / "out")["dumps"] == rows


def test_archives_that_unpack_to_too_much_are_named(
    folder: Path, dumps: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "CAPS", Caps(most=8 << 20))
    bomb = zipped(("zeros", bytes(6 << 20)), method=zipfile.ZIP_STORED)
    (folder / "a.zip").write_bytes(zipped(("1.zip", bomb), ("2.zip", bomb), ("MEMORY.DMP", dumps[0])))
    found = find([str(folder)])
    assert [one.member for one in found.candidates] == ["2.zip", "MEMORY.DMP"]
    assert "grow past 8 MiB together" in found.candidates[0].reason
    assert digests(found)[1:] == sha(dumps[0])


def test_rows_of_one_archive_are_limited_and_the_rest_counted(
    batch: Batch, tmp_path: Path, folder: Path, dumps: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_MOST_NAMED", 10)
    members = ((f"{n}.dmp", b"no %d" % n) for n in range(25))
    (folder / "a.zip").write_bytes(zipped(*members, ("memory", dumps[0])))
    batch(folder)
    rows = contents.tables(tmp_path / "out")["dumps"]
    assert len(rows) == 12 and [row["sha256"] for row in rows if row["folder"]] == sha(dumps[0])
    (rest,) = (row for row in rows if row["path"].endswith("!*"))
    assert rest["reason"] == "15 more members that may be dumps are left out; unpack it first"


def test_a_damaged_directory_costs_what_is_behind_the_damage(folder: Path, dumps: list[bytes]) -> None:
    data = bytearray(zipped(("a.dmp", dumps[0]), ("b.dmp", dumps[1])))
    data[data.rindex(b"PK\1\2")] = 0
    (folder / "a.zip").write_bytes(data)
    found = find([str(folder)])
    assert [one.member for one in found.candidates] == ["*", "a.dmp"]
    assert found.candidates[0].reason == "zip: damaged: a record of its directory is none"


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_zip_of_very_many_entries_costs_no_memory(folder: Path) -> None:
    """300,000 empty files, and a dump's worth of names: zipfile would take 150 MB for them."""
    count, out, directory = 300_000, bytearray(), bytearray()
    for number in range(count):
        name = b"%06d" % number
        directory += struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 6, 0, 0, 0, 0, 0, len(out)
        )
        directory += name
        out += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 6, 0) + name
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), len(out))
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(out) + len(directory), 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path = folder / "many.zip"
    path.write_bytes(out + directory + end64 + locator + end)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.infolist()) == count
    small = folder / "small.zip"
    small.write_bytes(zipped(("x", b"no")))
    peaks = []
    for each in (small, path):
        done = subprocess.run([sys.executable, "-c", _PEAK, str(each)], capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout.split()[-1]))
        assert done.stdout.split()[0] == "0"
    assert peaks[1] - peaks[0] < 4096, peaks


def test_a_zip_of_the_64_bit_kind_and_one_behind_something_else(folder: Path, dumps: list[bytes]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("MEMORY.DMP", "w", force_zip64=True) as member:
        member.write(dumps[0])
    (folder / "a.zip").write_bytes(b"PK\3\4 something else" + out.getvalue())
    assert digests(find([str(folder)])) == sha(dumps[0])


def test_dumps_are_told_apart_by_the_whole_digest(
    batch: Batch, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With names of one digit some of twenty dumps share theirs; each is a row and a folder all the same."""
    monkeypatch.setattr("volplugins.batch.corpus.DIGITS", 1)
    monkeypatch.setattr("volplugins.batch.corpus_folder.FOLDER_NAME", re.compile("[0-9a-f]{1}([0-9a-f]{63})?"))
    for number in range(20):
        write(tiny(number), "full", folder / f"{number}.dmp")
    batch(folder, workers=2)
    rows = contents.tables(tmp_path / "out")["dumps"]
    assert len({row["sha256"] for row in rows}) == len(rows) == 20
    assert all(row["id"] in (row["sha256"][:1], row["sha256"]) for row in rows)
    assert {len(row["id"]) for row in rows} == {1, 64}
    assert all((tmp_path / "out" / row["folder"] / "batch.json").is_file() for row in rows)
    before = contents.tables(tmp_path / "out")
    batch(folder, workers=2, rehash=True)
    assert contents.tables(tmp_path / "out") == before
