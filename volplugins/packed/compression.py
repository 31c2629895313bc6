"""Compressed dumps: .gz and .xz as streams of bytes; how far anything packed may grow."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

PLAIN, GZIP, XZ, ZIP, CAB = "plain", "gzip", "xz", "zip", "cab"
REFUSED = "refused"  # what cannot be looked into; Candidate.reason says why
_MAGIC = ((b"\x1f\x8b\x08", GZIP), (b"\xfd7zXZ\0", XZ), (b"PK\x03\x04", ZIP), (b"MSCF", CAB))
# archives that are not read here, by how they start; a tar has its magic behind its first name
_UNREAD = (
    (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar"), (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
)  # fmt: skip
_TAR_AT, _TAR = 257, b"ustar"
CHUNK = 1 << 20
_GZIP_BITS = 31  # zlib: a gzip header, and the check that ends it
_XZ_MEMORY = 512 << 20  # xz -9 needs 65 MiB; a hostile header may ask for 4 GiB
#: How many bytes of a start tell what it is.
START = 512


@dataclass(frozen=True, slots=True)
class Caps:
    """How far a compressed file may grow, in bytes: ``most``; and past ``free``, ``ratio`` times its own size."""

    most: int = 256 << 30
    ratio: int = 300
    free: int = 1 << 30

    def limit(self, compressed: int) -> int:
        """The limit for a file of this size."""
        return min(self.most, max(self.free, self.ratio * compressed))


CAPS = Caps()


class Source(Protocol):
    """What is read from: a file, or a stream made one."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...  # pragma: no cover - a protocol has no body


def form_of(head: bytes) -> str:
    """How a file that starts so is compressed, or ``plain``."""
    return next((form for magic, form in _MAGIC if head.startswith(magic)), PLAIN)


def unread_archive(head: bytes) -> str:
    """The name of an archive's form that is not read here; empty for anything else."""
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "tar"
    return next((name for magic, name in _UNREAD if head.startswith(magic)), "")


def gzip_chunks(file: Source, most: int = CHUNK) -> Iterator[bytes]:
    """Every member of the file; what follows the last one is passed over, as gzip itself does.

    A member's header may be of any length (a name, a comment): it is read through.

    Raises:
        zlib.error, EOFError: damaged.
    """
    data = _at_least(file, b"", len(_MAGIC[0][0]), most)
    while data.startswith(_MAGIC[0][0]):
        unpacker = zlib.decompressobj(_GZIP_BITS)
        while not unpacker.eof:
            chunk = unpacker.decompress(data, most)
            if chunk:
                yield chunk
            data = unpacker.unconsumed_tail
            if not data and not unpacker.eof:
                data = file.read(most)
                if not data:
                    raise EOFError("the file ends within a member")
        data = _at_least(file, unpacker.unused_data, len(_MAGIC[0][0]), most)


def _at_least(file: Source, data: bytes, size: int, most: int) -> bytes:
    """``data`` and what follows it, until there are so many bytes or the file ends."""
    while len(data) < size and (more := file.read(most)):
        data += more
    return data


def xz_chunks(file: Source, most: int = CHUNK) -> Iterator[bytes]:
    """Every stream of the file, with a limit on memory, which lzma.open does not take.

    Raises:
        lzma.LZMAError, EOFError: damaged.
    """
    data = file.read(most)
    while data:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
        while not unpacker.eof:
            chunk = unpacker.decompress(data, most)
            if chunk:
                yield chunk
            data = file.read(most) if unpacker.needs_input and not unpacker.eof else b""
            if not data and unpacker.needs_input and not unpacker.eof:
                raise EOFError("the file ends within a stream")
        data = (unpacker.unused_data or file.read(most)).lstrip(b"\0")  # streams may be padded
