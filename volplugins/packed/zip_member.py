"""A member of a zip as a stream of bytes."""

from __future__ import annotations

import bz2
import struct
import zlib
from collections.abc import Iterator
from typing import IO

from volplugins.packed.errors import UnpackError
from volplugins.packed.zip_directory import ZipEntry

STORED, DEFLATE, BZIP2 = 0, 8, 12
METHODS = (STORED, DEFLATE, BZIP2)
_LOCAL = struct.Struct("<4s22xHH")
_RAW = -15  # zlib: no header, no check


def member_chunks(file: IO[bytes], entry: ZipEntry, most: int) -> Iterator[bytes]:
    """The member's bytes, in pieces of at most ``most``; the last one only where the checksum agrees.

    Raises:
        UnpackError: encrypted, of a method that is not read here, or damaged.
        EOFError, zlib.error, OSError: damaged, or the file cannot be read.
    """
    if entry.encrypted:
        raise UnpackError("zip: the member is encrypted")
    if entry.method not in METHODS:
        raise UnpackError(f"zip: method {entry.method} is not read here; unpack it first")
    crc = 0
    for chunk in _unpacked(_packed(file, entry, most), entry.method, most):
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if crc != entry.crc:
        raise UnpackError("zip: damaged: the member's checksum is another")


def _packed(file: IO[bytes], entry: ZipEntry, most: int) -> Iterator[bytes]:
    """The bytes as they lie in the file; several members may be read in turns."""
    file.seek(entry.header)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        raise UnpackError("zip: damaged: the member's header is none")
    _, name, extra = _LOCAL.unpack(head)
    at, left = entry.header + _LOCAL.size + name + extra, entry.packed
    while left:
        file.seek(at)
        chunk = file.read(min(left, most))
        if not chunk:
            raise EOFError("the file ends within a member")
        at, left = at + len(chunk), left - len(chunk)
        yield chunk


def _unpacked(packed: Iterator[bytes], method: int, most: int) -> Iterator[bytes]:
    if method == STORED:
        yield from packed
    elif method == DEFLATE:
        yield from _deflated(packed, most)
    else:
        yield from _bzip2(packed, most)


def _deflated(packed: Iterator[bytes], most: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_RAW)
    for data in packed:
        left = data
        while left and not unpacker.eof:
            if chunk := unpacker.decompress(left, most):
                yield chunk
            left = unpacker.unconsumed_tail
        if unpacker.eof:
            return
    while not unpacker.eof:  # what zlib holds back comes by asking for it
        chunk = unpacker.decompress(b"", most)
        if not chunk:
            raise EOFError("the file ends within a member")
        yield chunk


def _bzip2(packed: Iterator[bytes], most: int) -> Iterator[bytes]:
    unpacker = bz2.BZ2Decompressor()
    while not unpacker.eof:
        data = next(packed, b"") if unpacker.needs_input else b""
        if not data and unpacker.needs_input:
            raise EOFError("the file ends within a member")
        if chunk := unpacker.decompress(data, most):
            yield chunk
