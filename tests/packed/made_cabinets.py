"""Cabinets written for the tests: stored or by MSZIP; layout by [MS-CAB]."""

from __future__ import annotations

import struct
import zlib

_BLOCK = 0x8000


def cabinet(*members: tuple[str, bytes], method: int = 1, folder_each: bool = False) -> bytes:
    """Members in one folder, or each in its own. Method 0 stores, 1 is MSZIP, others are only called so."""
    groups = [[member] for member in members] if folder_each else [list(members)]
    folders, files = [], []
    for number, group in enumerate(groups):
        plain = b"".join(data for _, data in group)
        folders.append(_blocks(plain, method))
        offset = 0
        for name, data in group:
            files.append(struct.pack("<IIHHHH", len(data), offset, number, 0, 0, 0x20) + name.encode() + b"\0")
            offset += len(data)
    at = 36 + 8 * len(folders) + sum(map(len, files))
    table = b""
    for blocks in folders:
        table += struct.pack("<IHH", at, len(blocks), method)
        at += sum(map(len, blocks))
    head = struct.pack(
        "<4sIIIIIBBHHHHH", b"MSCF", 0, at, 0, 36 + 8 * len(folders), 0, 3, 1, len(folders), len(files), 0, 0, 0
    )
    return b"".join([head, table, *files, *(block for blocks in folders for block in blocks)])


def _blocks(plain: bytes, method: int) -> list[bytes]:
    made, before = [], b""
    for at in range(0, len(plain), _BLOCK):
        data = plain[at : at + _BLOCK]
        packed = data
        if method == 1:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15, 8, 0, before) if before else zlib.compressobj(9, 8, -15)
            packed = b"CK" + packer.compress(data) + packer.flush()
        before = data
        made.append(struct.pack("<IHH", 0, len(packed), len(data)) + packed)
    return made
