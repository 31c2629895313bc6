"""A dump's bytes out of whatever it is packed in: one archive within another, each layer bounded."""

from __future__ import annotations

import lzma
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from volplugins.packed.cabinet import Cabinet
from volplugins.packed.candidate import Candidate, Step
from volplugins.packed.compression import CAB, CHUNK, GZIP, REFUSED, ZIP, Caps, gzip_chunks, xz_chunks
from volplugins.packed.errors import UnpackError
from volplugins.packed.zip_directory import ZipDirectory
from volplugins.packed.zip_member import member_chunks

DAMAGE = (EOFError, lzma.LZMAError, zlib.error, ValueError)
_RESERVE = 64 << 20  # bytes of the disk that an archive within an archive leaves free


def chunks(one: Candidate, caps: Caps, scratch: str | None = None) -> Iterator[bytes]:
    """The dump's bytes, piece by piece.

    Args:
        scratch: where archives within archives lie while they are read; the system's own folder by default.

    Raises:
        UnpackError: the packing is damaged, encrypted, of an unknown method, or grows past the limit.
        OSError: the file cannot be read.
    """
    if one.form == REFUSED:
        raise UnpackError(one.reason)
    with Path(one.path).open("rb") as file:
        yield from unpacked(file, one.steps, caps.limit(one.size), scratch)


def unpacked(
    file: IO[bytes], steps: Sequence[Step], limit: int, scratch: str | None, most: int = CHUNK,
    directory: ZipDirectory | None = None,
) -> Iterator[bytes]:  # fmt: skip
    """The bytes that these steps lead to, in pieces of at most ``most``; no layer may grow past ``limit``.

    Args:
        directory: the file's own, where it is a zip and has been opened.

    Raises:
        UnpackError, OSError: as above.
    """
    form = steps[-1][0] if steps else ""
    try:
        with ExitStack() as stack:
            data: Iterator[bytes] | None = None
            for form, at in steps:
                if form in (ZIP, CAB):
                    inside = file if data is None else stack.enter_context(spooled(data, scratch))
                if form == CAB:
                    cabinet = Cabinet(inside)
                    entry = cabinet.entry(at)
                    if entry.offset > limit:  # what lies before it is unpacked too
                        raise UnpackError(f"cab: begins past {limit >> 20} MiB, the limit for a file of its size")
                    data = cabinet.chunks(entry)
                elif form == ZIP:
                    listed = directory if data is None and directory else ZipDirectory(inside)
                    data = member_chunks(inside, listed.entry(at), most)
                else:
                    source = _from_start(file) if data is None else _Stream(data)
                    data = (gzip_chunks if form == GZIP else xz_chunks)(source, most)
                data = _limited(data, form, limit)
            yield from _pieces(_from_start(file), most) if data is None else data
    except DAMAGE as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise UnpackError(f"{form}: damaged: {text}") from None


def spooled(data: Iterator[bytes], scratch: str | None) -> IO[bytes]:
    """An archive that was packed, as a file that can be searched; it is gone when it is closed.

    Raises:
        UnpackError: the disk has no room for it.
    """
    file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - the caller closes it
    try:
        for chunk in data:
            if shutil.disk_usage(scratch or tempfile.gettempdir()).free < _RESERVE:
                raise UnpackError("zip: an archive within it is larger than the disk has room for; unpack it first")
            file.write(chunk)
        file.flush()
    except BaseException:
        file.close()
        raise
    return file


def _from_start(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    return file


def _pieces(file: IO[bytes], most: int) -> Iterator[bytes]:
    while chunk := file.read(most):
        yield chunk


def _limited(data: Iterator[bytes], form: str, limit: int) -> Iterator[bytes]:
    total = 0
    for chunk in data:
        total += len(chunk)
        if total > limit:
            raise UnpackError(f"{form}: grows past {limit >> 20} MiB, the limit for a file of its size")
        yield chunk


class _Stream:
    """Pieces, read as a file is."""

    def __init__(self, data: Iterator[bytes]) -> None:
        self._data, self._left = data, b""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        left = self._left or next(self._data, b"")
        self._left = left[size:]
        return left[:size]
