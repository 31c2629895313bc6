"""AVML's snappy streams, taken apart by a reader of the test's own: contents, checksums, both kinds of chunk."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from tests.lab.machine_memory import made
from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers import write
from volplugins.lab.writers.crc32c import masked_crc, page_remainders
from volplugins.lab.writers.live_memory import live_memory
from volplugins.lab.writers.snappy import compress, frame


def unpacked(block: bytes) -> bytes:
    """One snappy block in plain."""
    size = shift = at = 0
    while True:
        size |= (block[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not block[at - 1] & 0x80:
            break
    out = bytearray()
    while at < len(block):
        tag = block[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(block[at : at + extra], "little")
                at += extra
            out += block[at : at + length + 1]
            at += length + 1
            continue
        assert tag & 3 == 2  # the lab makes no other copies
        length, distance = (tag >> 2) + 1, int.from_bytes(block[at : at + 2], "little")
        at += 2
        for _ in range(length):
            out.append(out[-distance])
    assert len(out) == size
    return bytes(out)


def _slow_crc(data: bytes) -> int:
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    crc = state ^ 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_the_checksum_is_crc_32c() -> None:
    page = random.Random("page").randbytes(PAGE)
    assert _slow_crc(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF
    remainders = page_remainders([page, bytes(PAGE)])
    assert remainders[1] == 0
    assert masked_crc([remainders[0], 0, remainders[0]]) == _slow_crc(page + bytes(PAGE) + page)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 60, 61, 64, 65, 66, 129, 0x10000])
def test_what_was_compressed_comes_back(size: int) -> None:
    noise = random.Random(size).randbytes(size)
    for data in (bytes(size), noise, noise[: size // 2] + bytes(size - size // 2), bytes(size // 2) + noise):
        assert unpacked(compress(data[:0x10000])) == data[:0x10000]
    assert len(compress(bytes(0x10000))) < 0x1000


def _chunks(data: bytes, at: int) -> list[tuple[int, int, bytes]]:
    """Type, checksum and contents of every chunk of the stream behind a header, up to the next one."""
    found = []
    assert data[at : at + 10] == b"\xff\x06\0\0sNaPpY"
    start, at = at, at + 10
    while struct.unpack_from("<Q", data, at)[0] != at - start:
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "little")
        body = data[at + 8 : at + 4 + size]
        found.append((kind, struct.unpack_from("<I", data, at + 4)[0], body if kind else unpacked(body)))
        at += 4 + size
    return found


def test_blocks_hold_16_mib_at_most_and_all_of_memory(tmp_path: Path) -> None:
    snapshot = live_memory(made("xp-x86"))
    data = write(snapshot, "avml", tmp_path / "image.avml").read_bytes()
    at, total = 0, 0
    while at < len(data):
        magic, version, first, last, _ = struct.unpack_from("<IIQQQ", data, at)
        assert (magic, version) == (0x4C4D5641, 2) and last + 1 - first <= 1 << 24
        chunks = _chunks(data, at + 32)
        stream = b"".join(body for _, _, body in chunks)
        assert len(stream) == last + 1 - first and len(chunks[0][2]) == min(0x10000, len(stream))
        for index in range(len(stream) // PAGE):
            page = stream[index * PAGE : (index + 1) * PAGE]
            assert page == snapshot.pages.get(first // PAGE + index, bytes(PAGE))
        total += len(stream)
        at = data.find(struct.pack("<II", 0x4C4D5641, 2), at + 1)
        at = at if at > 0 else len(data)
    assert total == sum(count for _, count in snapshot.runs) * PAGE


def test_noise_is_kept_as_it_is() -> None:
    noise = random.Random("noise").randbytes(4 * PAGE)
    assert frame(noise, 7) == struct.pack("<II", 1 | (4 + len(noise)) << 8, 7) + noise
    assert frame(bytes(PAGE), 7)[0] == 0


def test_both_kinds_of_chunk_and_their_checksums(tmp_path: Path) -> None:
    noise = random.Random("noise")
    pages = {pfn: noise.randbytes(PAGE) for pfn in range(0x50, 0x60)}
    snapshot = Snapshot("tiny", 64, False, pages, [(0x50, 0x30)], set(), {}, bytes(0x4D0), b"")
    data = write(snapshot, "avml", tmp_path / "image.avml").read_bytes()
    chunks = _chunks(data, 32)
    assert [kind for kind, _, _ in chunks] == [1, 0, 0]
    assert [checksum for _, checksum, _ in chunks] == [_slow_crc(body) for _, _, body in chunks]
