"""``.zdmp``: a dump packed block by block, as DumpIt packs it; layout by public descriptions."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from volplugins.lab.writers.lznt1 import CHUNK, packed_chunk, plain_chunk

HEADER, BLOCK = struct.Struct("<4sIQIHH"), struct.Struct("<4sII")
FIRST_BLOCK = 0x1000
BLOCK_SIZE = 0x200000
_VERSION, _COMPRESSED, _LZNT1 = 100, 1, 2
_MATCHED = 16  # one page in so many is searched for what repeats: the writer is slow


def write_zdmp(dump: Path, path: Path, block_size: int = BLOCK_SIZE, crc_of_plain: bool = False) -> Path:
    """Pack a dump that was written; what does not get shorter is stored as it is.

    Args:
        block_size: bytes of the dump in a block, whole pages.
        crc_of_plain: take the checksum of a block's plain bytes, not of those stored.

    Raises:
        OSError: as opening, reading and writing files raise it.
    """
    with dump.open("rb") as plain, path.open("wb") as out:
        size = dump.stat().st_size
        head = HEADER.pack(b"ZDMP", _VERSION, size, block_size, _COMPRESSED, _LZNT1)
        out.write(head.ljust(FIRST_BLOCK, b"\0"))
        while data := plain.read(block_size):
            stored = _packed(data)
            if len(stored) >= len(data):
                stored = data
            crc = zlib.crc32(data if crc_of_plain else stored)
            out.write(BLOCK.pack(b"ZBLK", len(stored), crc) + stored)
    return path


def _packed(data: bytes) -> bytes:
    parts = []
    for number, at in enumerate(range(0, len(data), CHUNK)):
        page = data[at : at + CHUNK]
        worth_it = number % _MATCHED == 0 or len(set(page)) <= 2
        parts.append(packed_chunk(page) if worth_it else plain_chunk(page))
    return b"".join(parts)
