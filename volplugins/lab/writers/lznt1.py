"""A writer of LZNT1, by [MS-XCA] 2.5: chunks of 4 KiB, each a run of literals and copies, or plain."""

from __future__ import annotations

from functools import lru_cache

CHUNK = 0x1000
_SIGNATURE, _COMPRESSED = 0x3000, 0x8000
_SHORTEST = 3  # bytes of a copy
_GROUP = 8  # literals and copies below one byte of flags


def plain_chunk(page: bytes) -> bytes:
    """The page as a chunk that is not compressed."""
    return (_SIGNATURE | len(page) - 1).to_bytes(2, "little") + page


@lru_cache(maxsize=64)
def packed_chunk(page: bytes) -> bytes:
    """The page as a compressed chunk, or plain where that is no longer."""
    tokens, at = [], 0
    latest: dict[bytes, int] = {}
    while at < len(page):
        distance, length = _copy(page, at, latest)
        if length >= _SHORTEST:
            bits = _length_bits(at)
            tokens.append(((distance - 1) << bits | length - _SHORTEST).to_bytes(2, "little"))
        else:
            length = 1
            tokens.append(page[at : at + 1])
        for place in range(at, min(at + length, len(page) - _SHORTEST)):
            latest[page[place : place + _SHORTEST]] = place
        at += length
    data = b"".join(_grouped(tokens))
    if len(data) > CHUNK:
        return plain_chunk(page)
    return (_COMPRESSED | _SIGNATURE | len(data) - 1).to_bytes(2, "little") + data


def _length_bits(at: int) -> int:
    """How many of a copy's 16 bits are its length, at this place of the chunk."""
    bits = 12
    while (at - 1) >> (16 - bits):
        bits -= 1
    return bits


def _copy(page: bytes, at: int, latest: dict[bytes, int]) -> tuple[int, int]:
    """Distance and length of what repeats here; the copy may run into itself."""
    start = latest.get(page[at : at + _SHORTEST]) if at else None
    if start is None and at and page[at : at + _SHORTEST] == page[at - 1 : at] * _SHORTEST:
        start = at - 1
    if start is None:
        return 0, 0
    most = min((1 << _length_bits(at)) - 1 + _SHORTEST, len(page) - at)
    length = 0
    while length < most and page[start + length] == page[at + length]:
        length += 1
    return at - start, length


def _grouped(tokens: list[bytes]) -> list[bytes]:
    parts = []
    for first in range(0, len(tokens), _GROUP):
        group = tokens[first : first + _GROUP]
        parts.append(bytes([sum((len(token) == 2) << place for place, token in enumerate(group))]))
        parts += group
    return parts
