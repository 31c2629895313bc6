"""The central directory of a zip, read record by record: what a hostile archive lists costs time, never memory.

Layout: PKWARE's APPNOTE.TXT 6.3, sections 4.3.12 to 4.3.16 and 4.5.3 (the sizes of Zip64).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from volplugins.packed.errors import UnpackError

_RECORD = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END, _END64 = struct.Struct("<4sHHHHIIH"), struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_SIGNATURES = (b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7")
_LONGEST_COMMENT = 0xFFFF
_ZIP64, _UNKNOWN32 = 1, 0xFFFFFFFF
_UTF8 = 0x800


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A file in a zip.

    Attributes:
        at: where its record of the directory lies, an offset in the file; header: where its local header lies.
        flags, method, crc, packed, size: as the directory has them; sizes in bytes.
    """

    at: int
    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    header: int

    @property
    def encrypted(self) -> bool:
        """Whether a password is needed."""
        return bool(self.flags & 1)

    @property
    def is_folder(self) -> bool:
        """Whether it stands for a folder."""
        return self.name.endswith("/")


class ZipDirectory:
    """The directory of a file that can be searched.

    Raises:
        UnpackError: the file has no directory.
        OSError: it cannot be read.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        size, start, end = _extent(file)
        if end - size < 0:
            raise UnpackError("zip: damaged: its directory is larger than the file")
        self._start, self._end = end - size, end
        self._shift = self._start - start  # of what precedes the archive in its file

    def entries(self) -> Iterator[ZipEntry]:
        """Every entry in order, whether or not another has its name.

        Raises:
            UnpackError: a record is damaged; what was before it was given.
        """
        at = self._start
        while at < self._end:
            entry, at = self._record(at)
            yield entry

    def entry(self, at: int) -> ZipEntry:
        """The entry whose record lies at an offset.

        Raises:
            UnpackError: there is none any more.
        """
        if not self._start <= at < self._end:
            raise UnpackError("zip: the member is not there any more")
        return self._record(at)[0]

    def _record(self, at: int) -> tuple[ZipEntry, int]:
        """The record at an offset, and where the next one begins."""
        self._file.seek(at)
        head = self._file.read(_RECORD.size)
        if len(head) < _RECORD.size or not head.startswith(_SIGNATURES[0]):
            raise UnpackError("zip: damaged: a record of its directory is none")
        _, _, _, flags, method, _, _, crc, packed, size, name, extra, comment, _, _, _, header = _RECORD.unpack(head)
        text = self._file.read(name)
        packed, size, header = _sizes64(self._file.read(extra), packed, size, header)
        entry = ZipEntry(at, _name(text, flags), flags, method, crc, packed, size, header + self._shift)
        return entry, at + _RECORD.size + name + extra + comment


def _name(text: bytes, flags: int) -> str:
    return text.decode("utf-8", "backslashreplace") if flags & _UTF8 else text.decode("cp437")


def _sizes64(extra: bytes, packed: int, size: int, header: int) -> tuple[int, int, int]:
    """The sizes that 32 bits do not hold are in a field of their own, in this order: size, packed, header."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _ZIP64:
            field = extra[at + 4 : at + 4 + length]
            numbers = iter(struct.unpack_from(f"<{len(field) // 8}Q", field))
            size, packed, header = (next(numbers, n) if n == _UNKNOWN32 else n for n in (size, packed, header))
            break
        at += 4 + length
    return packed, size, header


def _extent(file: IO[bytes]) -> tuple[int, int, int]:
    """Size of the directory, where it says that it starts, and where it ends."""
    end = file.seek(0, 2)
    tail_at = max(0, end - _END.size - _LONGEST_COMMENT)
    file.seek(tail_at)
    tail = file.read(_END.size + _LONGEST_COMMENT)
    found = tail.rfind(_SIGNATURES[1])
    if found < 0 or len(tail) - found < _END.size:
        raise UnpackError("zip: damaged: has no directory")
    *_, size, start, _ = _END.unpack_from(tail, found)
    at = tail_at + found
    return _extent64(file, at) or (size, start, at)


def _extent64(file: IO[bytes], end: int) -> tuple[int, int, int] | None:
    """The same of a Zip64, whose own end lies before; None where there is none."""
    if end < _LOCATOR.size + _END64.size:
        return None
    file.seek(end - _LOCATOR.size)
    if _LOCATOR.unpack(file.read(_LOCATOR.size))[0] != _SIGNATURES[3]:
        return None
    at = end - _LOCATOR.size - _END64.size
    file.seek(at)
    signature, *_, size, start = _END64.unpack(file.read(_END64.size))
    return (size, start, at) if signature == _SIGNATURES[2] else None
