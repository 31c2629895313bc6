"""Snappy's block format, by hand: runs of one byte become copies of the byte before them, all else is literal.

Source: google/snappy, format_description.txt and framing_format.txt.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

COMPRESSED, PLAIN, IDENTIFIER = 0x00, 0x01, b"\xff\x06\0\0sNaPpY"
LARGEST_CHUNK = 0x10000
_SHORTEST_RUN, _LONGEST_COPY = 16, 64
_LONGEST_SHORT_LITERAL = 60


def compress(data: bytes) -> bytes:
    """One block; at most LARGEST_CHUNK bytes."""
    parts = [_varint(len(data))]
    done = 0
    for start, end in _runs(data):
        parts.append(_literal(data[done : start + 1]))
        left = end - start - 1
        parts.append(_copy(_LONGEST_COPY) * (left // _LONGEST_COPY) + _copy(left % _LONGEST_COPY))
        done = end
    parts.append(_literal(data[done:]))
    return b"".join(parts)


def frame(data: bytes, checksum: int) -> bytes:
    """A chunk of the framing format: compressed where that saves an eighth, else as it is."""
    packed = compress(data)
    kind, body = (COMPRESSED, packed) if len(packed) < len(data) - len(data) // 8 else (PLAIN, data)
    return struct.pack("<II", kind | (len(body) + 4) << 8, checksum) + body


def _runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Where one byte is repeated often enough: (start, end)."""
    content = np.frombuffer(data, dtype=np.uint8)
    edges = [0, *(np.flatnonzero(content[1:] != content[:-1]) + 1).tolist(), len(data)]
    borders = np.array(edges)
    for index in np.flatnonzero(np.diff(borders) >= _SHORTEST_RUN).tolist():
        yield edges[index], edges[index + 1]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _literal(data: bytes) -> bytes:
    """Lengths up to 60 are in the tag, longer ones in the two bytes behind it."""
    if not data:
        return b""
    size = len(data) - 1
    return (bytes((size << 2,)) if size < _LONGEST_SHORT_LITERAL else struct.pack("<BH", 61 << 2, size)) + data


def _copy(length: int) -> bytes:
    """The byte before, ``length`` times: a copy with a distance of two bytes."""
    return struct.pack("<BH", (length - 1) << 2 | 2, 1) if length else b""
