"""Edits of written images, in place: cut short, and headers that say what is not so."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from volplugins.lab.writers.elf_core import ELF_HEADER, PROGRAM_HEADER, PT_LOAD
from volplugins.lab.writers.plain_images import LIME_HEADER
from volplugins.lab.writers.snappy import IDENTIFIER

_FAR, _HUGE = 1 << 62, (1 << 64) - 0x1000
_PHDR_OFFSET, _PHDR_COUNT = 0x20, 0x38
_PAST_END = 1 << 30
_AVML_HEADER_SIZE, _CHUNK_HEADER = 32, 4


def cut(path: Path) -> None:
    """The file ends in its middle, and not at the border of a page."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 - 0x123)


def _lime_headers(path: Path) -> Iterator[tuple[int, list[int]]]:
    """Offset and fields of every header."""
    at, size = 0, path.stat().st_size
    with path.open("rb") as file:
        while at < size:
            file.seek(at)
            fields = list(LIME_HEADER.unpack(file.read(LIME_HEADER.size)))
            yield at, fields
            at += LIME_HEADER.size + fields[3] + 1 - fields[2]


def _replace(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def lime_overlap(path: Path) -> None:
    """The last run is said to begin in the middle of the one before; its length stays."""
    (_, before), (at, last) = list(_lime_headers(path))[-2:]
    distance = last[2] - (before[2] + before[3] + 1) // 2 // 0x1000 * 0x1000
    _replace(path, at, LIME_HEADER.pack(last[0], last[1], last[2] - distance, last[3] - distance, last[4]))


def lime_past_end(path: Path) -> None:
    """The last run is said to be a gigabyte longer than the file."""
    at, last = list(_lime_headers(path))[-1]
    _replace(path, at, LIME_HEADER.pack(last[0], last[1], last[2], last[3] + _PAST_END, last[4]))


def lime_bad_magic_later(path: Path) -> None:
    """The first header is good, the second one is none."""
    at, _ = list(_lime_headers(path))[1]
    _replace(path, at, b"\xde\xad\xbe\xef")


def elf_hostile_headers(path: Path) -> None:
    """The table of segments, moved to the end of the file, goes on with segments that lie outside of any file.

    The good ones come first and are as they were: no page is lost.
    """
    with path.open("rb") as file:
        count = ELF_HEADER.unpack(file.read(ELF_HEADER.size))[10]
        table = file.read(PROGRAM_HEADER.size * count)
    kind, _, offset, _, address, size, _, _ = PROGRAM_HEADER.unpack_from(table, PROGRAM_HEADER.size * (count - 1))
    half, above = size // 2 // 0x1000 * 0x1000, address + size
    hostile = (
        (kind, 0, offset, 0, address + half, size - half, size - half, 0),  # over the middle of the last one
        (PT_LOAD, 0, _FAR, 0, above, 0x1000, 0x1000, 0),
        (PT_LOAD, 0, offset, 0, above + 0x1000, _FAR, _FAR, 0),
        (PT_LOAD, 0, _HUGE, 0, _HUGE, _HUGE, _HUGE, 0),
        (PT_LOAD, 0, offset, 0, above, 0, 0x1000, 0),
        (0x7FFFFFFF, 0, _HUGE, _HUGE, _HUGE, _HUGE, _HUGE, _HUGE),
    )
    end = path.stat().st_size
    _replace(path, end, table + b"".join(PROGRAM_HEADER.pack(*each) for each in hostile))
    _replace(path, _PHDR_OFFSET, struct.pack("<Q", end))
    _replace(path, _PHDR_COUNT, struct.pack("<H", count + len(hostile)))


def avml_bad_chunk(path: Path) -> None:
    """What one chunk in the middle of the first block holds is no snappy; its length is right."""
    with path.open("rb") as file:
        data = file.read()
    chunks = list(_chunks(data, _AVML_HEADER_SIZE + len(IDENTIFIER)))
    at, size = chunks[len(chunks) // 2]
    _replace(path, at + _CHUNK_HEADER + 4, b"\xff" * (size - 4))


def _chunks(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Offset and size of each chunk of a stream, up to the eight bytes that say how long it was."""
    start = _AVML_HEADER_SIZE
    while struct.unpack_from("<Q", data, at)[0] != at - start:
        size = int.from_bytes(data[at + 1 : at + _CHUNK_HEADER], "little")
        yield at, size
        at += _CHUNK_HEADER + size
