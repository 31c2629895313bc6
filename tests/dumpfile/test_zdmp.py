"""Packed dumps (``.zdmp``): the plain dump's bytes at every place; damage is named and costs what it must."""

from __future__ import annotations

import random
import struct
import time
import zlib
from pathlib import Path

import pytest

from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.errors import DamagedDump, DumpError, EncryptedDump, TruncatedDump, UnsupportedDumpType
from volplugins.dumpfile.lznt1_chunks import CHUNK, chunk_offsets, unpacked_chunk
from volplugins.dumpfile.source import BytesSource, FileSource
from volplugins.dumpfile.zdmp import ZdmpSource, plain_source
from volplugins.lab.damage.zdmp import ZDMP_DEFECTS, damage_zdmp
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.lab.writers.lznt1 import packed_chunk, plain_chunk
from volplugins.lab.writers.zdmp import write_zdmp

# the example of [MS-XCA] 3.3
_TUNE = (
    "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F#"
)
_TUNE += " G A A G F# E D D E F# E D D"
_PACKED_TUNE = bytes.fromhex(
    "38b08846232000204720410010a24701a045204400084501507900c045200524138805b4024a44ef0358028c0916014845"
    "00be009e000401189000"
)
_REFUSED = {
    "cut-header": TruncatedDump, "no-block": DamagedDump, "bad-block-size": DamagedDump,
    "huge-block-size": DamagedDump, "no-plain-size": DamagedDump, "encrypted": EncryptedDump,
    "unknown-format": UnsupportedDumpType,
}  # fmt: skip
_BLOCK = 0x10000


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(build("win10-x64", "notmyfault"), "bitmap-kernel", tmp_path_factory.mktemp("plain") / "MEMORY.DMP")


@pytest.fixture
def packed(plain: Path, tmp_path: Path) -> Path:
    return write_zdmp(plain, tmp_path / "m.zdmp", _BLOCK)


def test_the_published_example_is_unpacked() -> None:
    assert unpacked_chunk(_PACKED_TUNE).rstrip(b"\0").decode() == _TUNE


def test_the_labs_chunks_are_unpacked() -> None:
    chance = random.Random(1)
    pages = [bytes(CHUNK), chance.randbytes(CHUNK), b"ab" * (CHUNK // 2), bytes(range(256)) * 16]
    pages.append(b"".join(chance.choice((b"over", b"and", b"again")) for _ in range(2000))[:CHUNK])
    for page in pages:
        assert unpacked_chunk(packed_chunk(page)) == unpacked_chunk(plain_chunk(page)) == page
    assert len(packed_chunk(pages[2])) < CHUNK // 8


def test_all_bytes_are_those_of_the_plain_dump(plain: Path, packed: Path) -> None:
    data, source = plain.read_bytes(), plain_source(FileSource(packed))
    assert isinstance(source, ZdmpSource) and source.size == len(data)
    assert source.read(0, len(data) + 1) == data
    chance = random.Random(2)
    for _ in range(200):
        at, size = chance.randrange(len(data)), chance.randrange(1, 3 * _BLOCK)
        assert source.read(at, size) == data[at : at + size]
    assert not source.read(len(data), 1) and not source.read(-1, 1)


def test_the_dump_in_it_is_opened_and_says_so(plain: Path, packed: Path) -> None:
    found, told = open_dump(FileSource(packed)), open_dump(FileSource(plain))
    assert found.header == told.header and found.completeness == told.completeness
    assert [note.field for note in found.notes if note not in told.notes] == ["ZDMP"]


def test_checksums_of_plain_bytes_are_known_for_what_they_are(plain: Path, tmp_path: Path) -> None:
    source = ZdmpSource(FileSource(write_zdmp(plain, tmp_path / "m.zdmp", _BLOCK, crc_of_plain=True)))
    assert [note.severity for note in source.notes] == ["info", "info"]
    assert source.read(0, source.size) == plain.read_bytes()


@pytest.mark.parametrize("defect", sorted(_REFUSED))
def test_what_cannot_be_read_is_refused_by_name(packed: Path, defect: str) -> None:
    damage_zdmp(defect, packed)
    with pytest.raises(_REFUSED[defect], match="ZDMP"):
        open_dump(FileSource(packed))


@pytest.mark.parametrize("defect", sorted(set(ZDMP_DEFECTS) - set(_REFUSED)))
def test_damage_costs_no_more_than_it_hits(plain: Path, packed: Path, defect: str) -> None:
    damage_zdmp(defect, packed)
    data, source = plain.read_bytes(), ZdmpSource(FileSource(packed))
    assert any(note.severity == "fault" for note in source.notes)
    here = [source.read(at, CHUNK) for at in range(0, len(data), CHUNK)]
    wrong = [at for at, page in enumerate(here) if page and page != data[at * CHUNK : at * CHUNK + CHUNK]]
    lost = sum(not page for page in here)
    if defect in ("bad-crc", "bad-stored-size", "no-stored-size", "stored-size-too-small", "no-block-magic"):
        assert not wrong and not lost  # the checksum proves what the header should say
    elif defect == "garbled-chunk":
        assert 0 < len(wrong) + lost <= _BLOCK // CHUNK
    elif defect != "huge-plain-size":
        assert not wrong and lost and source.size < len(data)
    open_dump(FileSource(packed))


def test_hostile_blocks_cost_little_time() -> None:
    head = struct.pack("<4sIQIHH", b"ZDMP", 100, 1 << 50, 0x1000, 1, 2).ljust(0x1000, b"\0")
    for block in (struct.pack("<4sII", b"ZBLK", 0, 0), struct.pack("<4sII", b"ZBLK", 1, 0) + b"\0"):
        start = time.monotonic()
        try:
            source = ZdmpSource(BytesSource(head + block * 300_000))
            assert len(source.read(0, 0x5000)) <= 0x5000 and source.size <= 300_000 * CHUNK
            assert len(source.notes) < 40
        except DamagedDump as error:
            assert block[4:8] == bytes(4), error
        assert time.monotonic() - start < 10


def test_noise_in_blocks_raises_nothing() -> None:
    chance = random.Random(3)
    for _ in range(300):
        noise = bytearray(chance.randbytes(chance.randrange(2, 0x1000)))
        noise[1] = 0xB0 | noise[1] & 0xF
        assert len(unpacked_chunk(bytes(noise))) in (0, CHUNK)
        assert list(chunk_offsets(noise, 16))[-1] <= len(noise)
        head = struct.pack("<4sIQIHH", b"ZDMP", 100, 0x8000, 0x8000, 1, 2).ljust(0x1000, b"\0")
        block = struct.pack("<4sII", b"ZBLK", len(noise), zlib.crc32(noise)) + noise
        try:
            ZdmpSource(BytesSource(head + block)).read(0, 0x8000)
        except DumpError as error:
            assert "ZDMP" in str(error)
