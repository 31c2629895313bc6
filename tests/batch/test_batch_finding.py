"""Which files are dumps; packed ones, bombs, links in circles, pipes."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.made_corpus import tiny
from volplugins.batch.errors import UseError
from volplugins.batch.finding import find
from volplugins.batch.identity import identify
from volplugins.lab.writers import write
from volplugins.packed.candidate import Candidate, candidate
from volplugins.packed.compression import CAPS, GZIP, XZ, ZIP, Caps, form_of
from volplugins.packed.errors import UnpackError
from volplugins.packed.unpacking import chunks

Batch = Callable[..., int]
MIB = 1 << 20


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return write(tiny(1), "full", tmp_path / "in" / "a.dmp")


def pack(dump: Path, form: str) -> Path:
    data = dump.read_bytes()
    path = dump.with_suffix(f".{form}")
    if form == ZIP:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("MEMORY.DMP", data)
    else:
        path.write_bytes(
            gzip.compress(data) if form == GZIP else lzma.compress(data[:5000]) + lzma.compress(data[5000:])
        )
    return path


@pytest.mark.parametrize("form", [GZIP, XZ, ZIP])
def test_packed_it_is_the_same_dump(dump: Path, form: str) -> None:
    path = pack(dump, form)
    found = find([str(path.parent)])
    assert [one.form for one in found.candidates] == ["plain", form]
    identities = [identify(one, CAPS) for one in found.candidates]
    assert {one.sha256 for one in identities} == {hashlib.sha256(dump.read_bytes()).hexdigest()}
    assert {one.size for one in identities} == {dump.stat().st_size}


@pytest.mark.parametrize("form", [GZIP, XZ, ZIP])
def test_a_bomb_ends_at_its_limit(dump: Path, form: str) -> None:
    with dump.open("r+b") as file:
        file.truncate(64 * MIB)
    path = pack(dump, form)
    (one,) = find([str(path)]).candidates
    taken = 0
    with pytest.raises(UnpackError, match="grows past 8 MiB"):
        for chunk in chunks(one, Caps(most=8 * MIB)):
            taken += len(chunk)
    assert taken <= 9 * MIB
    assert identify(one, Caps(ratio=10, free=4 * MIB)).reason == (
        f"{form}: grows past 4 MiB, the limit for a file of its size"
    )
    assert identify(one, CAPS).sha256 is not None


def test_a_bomb_is_a_row(batch: Batch, tmp_path: Path, dump: Path) -> None:
    with dump.open("r+b") as file:
        file.truncate(64 * MIB)
    bomb = pack(dump, ZIP)
    assert batch(bomb, caps=Caps(most=8 * MIB)) == 3
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert (row["status"], row["sha256"], row["path"]) == ("cannot-open", None, f"{bomb}!MEMORY.DMP")
    assert "grows past 8 MiB" in row["reason"]
    assert batch(bomb, retry=True) in (0, 1)
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert row["sha256"] and row["path"] == f"{bomb}!MEMORY.DMP" and not (tmp_path / "out" / ".scratch").exists()


@pytest.mark.parametrize("form", [GZIP, XZ, ZIP])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_packing_is_a_reason(dump: Path, form: str, damage: str) -> None:
    path = pack(dump, form)
    data = bytearray(path.read_bytes())
    data = data[: len(data) // 2] if damage == "cut" else data[:-40] + bytes(40)
    path.write_bytes(data)
    found = find([str(path)])
    reasons = [identify(one, CAPS).reason for one in found.candidates] + [reason for _, reason in found.problems]
    assert len(reasons) == 1 and reasons[0].startswith(f"{form}: "), reasons


def test_an_encrypted_member_is_a_reason(dump: Path) -> None:
    path = pack(dump, ZIP)
    data = bytearray(path.read_bytes())
    (one,) = find([str(path)]).candidates
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + flags] |= 1
    path.write_bytes(data)
    assert identify(one, CAPS).reason == "zip: the member is encrypted"
    assert [identify(each, CAPS).reason for each in find([str(path.parent)]).candidates][1:] == [
        "zip: the member is encrypted"
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no dump")
    assert find([str(path)]).problems == [(str(path), "zip: no dump in it")]


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
def test_links_in_circles_and_pipes(dump: Path) -> None:
    folder = dump.parent
    (folder / "circle").symlink_to(folder)
    (folder / "deep").mkdir()
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "nowhere").symlink_to(folder / "missing")
    (folder / "self").symlink_to(folder / "self")
    os.mkfifo(folder / "pipe")
    found = find([str(folder), str(folder)])
    assert [one.path for one in found.candidates] == [str(dump)]
    assert found.problems == []
    named = find([str(folder / "pipe"), str(folder / "missing")])
    assert [reason for _, reason in named.problems] == ["is a device, pipe or socket", "No such file or directory"]


def test_what_is_named_is_tried_and_the_rest_must_look_like_a_dump(batch: Batch, tmp_path: Path, dump: Path) -> None:
    text = dump.with_name("notes.txt")
    text.write_text("no dump")
    assert [one.path for one in find([str(dump.parent)]).candidates] == [str(dump)]
    garbage = dump.with_name("garbage.DMP")
    garbage.write_bytes(b"nothing that a dump starts with")
    assert [one.path for one in find([str(dump.parent)]).candidates] == [str(dump), str(garbage)]
    assert batch(text) == 3
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert row["status"] == "cannot-open" and row["reason"].startswith("not a Windows kernel crash dump")


def test_the_results_are_not_searched(batch: Batch, tmp_path: Path, dump: Path) -> None:
    inside = dump.parent / "results"
    batch(dump.parent, output="in/results")
    write(tiny(2), "full", inside / "dumps" / "x.dmp")
    (inside / "more").mkdir()
    other = write(tiny(3), "full", inside / "more" / "x.dmp")
    batch(dump.parent, output="in/results")
    assert {row["path"] for row in contents.tables(inside)["dumps"]} == {str(dump), str(other)}


def test_nothing_is_written_beside_a_dump(batch: Batch, tmp_path: Path, dump: Path) -> None:
    inside = dump.parent / "results"
    inside.mkdir()
    beside = write(tiny(2), "full", inside / "x.dmp")
    for paths, output in ((dump.parent, "in/results"), (beside, "in/results"), (dump, "in"), (dump.parent, "in")):
        with pytest.raises(UseError):
            batch(paths, output=output)
    assert not list((tmp_path / "in").rglob("*.html"))
    os.rename(dump.parent, tmp_path / "dumps")  # where DIR/dumps would be
    with pytest.raises(UseError, match="is no corpus"):
        batch(tmp_path / "dumps", output="")
    assert {path.name for path in (tmp_path / "dumps").iterdir()} == {"a.dmp", "results"}


@pytest.mark.parametrize("name", ["dumps/0123456789abcdef/notes.txt", ".scratch/x", "index.html", "rows.jsonl"])
def test_somebody_elses_files_are_left_alone(batch: Batch, tmp_path: Path, dump: Path, name: str) -> None:
    own = tmp_path / "out" / name
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(UseError, match="is no corpus"):
        batch(dump)
    assert own.read_text() == "mine" and not (tmp_path / "out" / "corpus.sqlite").exists()


def test_somebody_elses_database_is_left_alone(batch: Batch, tmp_path: Path, dump: Path) -> None:
    import sqlite3

    (tmp_path / "out").mkdir()
    with sqlite3.connect(tmp_path / "out" / "corpus.sqlite") as connection:
        connection.execute("CREATE TABLE mine (x)")
    before = (tmp_path / "out" / "corpus.sqlite").read_bytes()
    with pytest.raises(UseError, match="of something else"):
        batch(dump)
    assert (tmp_path / "out" / "corpus.sqlite").read_bytes() == before


def test_a_corpus_is_redacted_from_the_first_run_on_or_not_at_all(batch: Batch, dump: Path) -> None:
    batch(dump)
    with pytest.raises(UseError, match="begun without --redact"):
        batch(dump, redact=True)
    batch(dump, output="other", redact=True)
    with pytest.raises(UseError, match="begun with --redact"):
        batch(dump, output="other")


@pytest.mark.parametrize("size", [200, 300])
def test_a_small_packed_dump_that_is_cut_is_found(dump: Path, size: int) -> None:
    for form in (GZIP, XZ):
        path = pack(dump, form)
        path.write_bytes(path.read_bytes()[:size])
        assert [one.form for one in find([str(dump.parent)]).candidates][1:] == [form]
        assert "ends within" in identify(find([str(path)]).candidates[0], CAPS).reason
        path.unlink()


def test_what_follows_a_gzip_file_is_passed_over(dump: Path) -> None:
    path, wanted = pack(dump, GZIP), hashlib.sha256(dump.read_bytes()).hexdigest()
    whole = path.read_bytes()
    path.write_bytes(whole + b"something else")
    assert identify(find([str(path)]).candidates[0], CAPS).sha256 == wanted
    path.write_bytes(gzip.compress(dump.read_bytes()[:5000]) + gzip.compress(dump.read_bytes()[5000:]) + bytes(7))
    assert identify(find([str(path)]).candidates[0], CAPS).sha256 == wanted
    path.write_bytes(whole[:-8] + bytes(8))
    assert identify(find([str(path)]).candidates[0], CAPS).reason.startswith("gzip: damaged")


def test_members_that_cannot_be_read_are_named(tmp_path: Path, dump: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("memory", dump.read_bytes())
    (one,) = find([str(path)]).candidates
    assert identify(one, CAPS).reason == "zip: method 14 is not read here; unpack it first"
    path.write_bytes(path.read_bytes()[:-30])
    assert [reason.partition(":")[0] for _, reason in find([str(tmp_path)]).problems] == ["zip"]


def test_a_changed_file_is_another_dump(batch: Batch, tmp_path: Path, dump: Path) -> None:
    batch(dump)
    write(tiny(2), "full", dump)
    os.utime(dump, ns=(1, 1))
    batch(dump)
    tables = contents.tables(tmp_path / "out")
    assert len(tables["dumps"]) == 2 and len(tables["paths"]) == 1


def test_the_key_follows_place_size_time_and_header(dump: Path) -> None:
    def key(path: Path) -> str:
        return made(path).key

    def made(path: Path) -> Candidate:
        return candidate(str(path), path.stat(), path.read_bytes()[:0x2000])

    first = key(dump)
    assert key(dump) == first
    os.utime(dump, ns=(5, 5))
    second = key(dump)
    data = bytearray(dump.read_bytes())
    data[0x100] ^= 1
    dump.write_bytes(data)
    os.utime(dump, ns=(5, 5))
    assert len({first, second, key(dump)}) == 3


def test_names_that_are_no_text(batch: Batch, tmp_path: Path, dump: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("file names are bytes on Linux alone")
    os.rename(dump, os.fsencode(dump.parent) + b"/\xff\n[red].dmp")
    batch(dump.parent)
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert row["path"].endswith("\\xff\n[red].dmp") and row["sha256"]


def test_forms() -> None:
    assert [form_of(head) for head in (b"PAGEDU64", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"PK\3\4", b"")] == [
        "plain", GZIP, XZ, ZIP, "plain",
    ]  # fmt: skip
