"""Compressed dumps: .gz, .xz and members of .zip as streams of bytes, which end where a bomb would begin."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from volplugins.batch.errors import UnpackError

PLAIN, GZIP, XZ, ZIP = "plain", "gzip", "xz", "zip"
_MAGIC = ((b"\x1f\x8b\x08", GZIP), (b"\xfd7zXZ\0", XZ), (b"PK\x03\x04", ZIP))
_CHUNK = 1 << 20
_GZIP_BITS = 31  # zlib: a gzip header, and the check that ends it
_XZ_MEMORY = 512 << 20  # xz -9 needs 65 MiB; a hostile header may ask for 4 GiB
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_DAMAGE = (EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile, NotImplementedError, ValueError)


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


def form_of(head: bytes) -> str:
    """How a file that starts so is compressed, or ``plain``."""
    return next((form for magic, form in _MAGIC if head.startswith(magic)), PLAIN)


def start_of(head: bytes, form: str) -> bytes:
    """The first 8 bytes of what a file that starts with ``head`` holds, unpacked; fewer where that cannot be told."""
    try:
        if form == GZIP:
            return zlib.decompressobj(_GZIP_BITS).decompress(head, 8)
        if form == XZ:
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY).decompress(head, 8)
    except (zlib.error, lzma.LZMAError):
        return b""
    return head[:8]


def chunks(path: Path, form: str, member: str, caps: Caps) -> Iterator[bytes]:
    """The dump's bytes, piece by piece, out of whatever they are packed in.

    Raises:
        UnpackError: the packing is damaged, encrypted, of an unknown method, or grows past the limit.
        OSError: the file cannot be read.
    """
    if form == PLAIN:
        yield from _plain(path)
        return
    total, limit = 0, caps.limit(path.stat().st_size)
    try:
        for chunk in _packed(path, form, member):
            total += len(chunk)
            if total > limit:
                raise UnpackError(f"{form}: grows past {limit >> 20} MiB, the limit for a file of its size")
            yield chunk
    except _DAMAGE as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise UnpackError(f"{form}: damaged: {text.replace(repr(member), 'the member')}") from None


def _plain(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _packed(path: Path, form: str, member: str) -> Iterator[bytes]:
    if form == XZ:
        with path.open("rb") as file:
            yield from _xz(file)
    elif form == GZIP:
        with path.open("rb") as file:
            yield from _gzip(file)
    else:
        with zipfile.ZipFile(path) as archive:
            yield from _zip(archive, member)


def _zip(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    try:
        info = archive.getinfo(member)
    except KeyError:
        raise UnpackError("zip: the member is not there any more") from None
    if info.flag_bits & 1:
        raise UnpackError("zip: the member is encrypted")
    if info.compress_type not in _ZIP_METHODS:
        raise UnpackError(f"zip: method {info.compress_type} is not read here; unpack it first")
    with archive.open(info) as unpacked:
        while chunk := unpacked.read(_CHUNK):
            yield chunk


def _gzip(file: IO[bytes]) -> Iterator[bytes]:
    """Every member of the file; what follows the last one is passed over, as gzip itself does."""
    data = file.read(_CHUNK)
    while data.startswith(_MAGIC[0][0]):
        unpacker = zlib.decompressobj(_GZIP_BITS)
        while not unpacker.eof:
            chunk = unpacker.decompress(data, _CHUNK)
            if chunk:
                yield chunk
            data = unpacker.unconsumed_tail
            if not data and not unpacker.eof:
                data = file.read(_CHUNK)
                if not data:
                    raise EOFError("the file ends within a member")
        data = unpacker.unused_data
        if len(data) < len(_MAGIC[0][0]):
            data += file.read(_CHUNK)


def _xz(file: IO[bytes]) -> Iterator[bytes]:
    """Every stream of the file, with a limit on memory, which lzma.open does not take."""
    data = file.read(_CHUNK)
    while data:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
        while not unpacker.eof:
            chunk = unpacker.decompress(data, _CHUNK)
            if chunk:
                yield chunk
            data = file.read(_CHUNK) if unpacker.needs_input else b""
            if not data and unpacker.needs_input:
                raise EOFError("the file ends within a stream")
        data = (unpacker.unused_data or file.read(_CHUNK)).lstrip(b"\0")  # streams may be padded


def members(path: Path, most: int) -> list[tuple[str, bytes | None]]:
    """Names of a zip's first ``most`` files, each with its first 8 bytes; None where these cannot be read.

    Raises:
        UnpackError: the archive is damaged.
        OSError: it cannot be read.
    """
    found = []
    try:
        with closing(zipfile.ZipFile(path)) as archive:
            for info in archive.infolist()[:most]:
                if not info.is_dir():
                    found.append((info.filename, _start(archive, info)))
    except _DAMAGE as error:
        raise UnpackError(f"zip: damaged: {' '.join(str(error).split())}") from None
    return found


def _start(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    """A member's first bytes; None where it cannot be opened."""
    if info.compress_type not in _ZIP_METHODS:
        return None
    try:
        with archive.open(info) as unpacked:
            return unpacked.read(8)
    except (*_DAMAGE, RuntimeError):
        return None
