"""Cabinets (MSCF): their members, and a member's bytes where they are stored or packed by MSZIP.

Layout: [MS-CAB] 2 and [MS-MCI] (MSZIP: deflate by blocks, each of which may refer to the 32 KiB before it). Whoever
packed with LZX or Quantum is told to use ``expand`` or ``cabextract``: Python has no reader of those that is kept up.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from volplugins.packed.errors import UnpackError

_HEADER = struct.Struct("<4s4xI4xI4xBBHHHHH")  # magic, size, first file, version, folders, files, flags, set, number
_FOLDER, _FILE, _DATA = struct.Struct("<IHH"), struct.Struct("<IIHHHH"), struct.Struct("<IHH")
_HAS_PREVIOUS, _HAS_NEXT, _HAS_RESERVE = 1, 2, 4
_STORED, _MSZIP = 0, 1
_METHODS = {2: "Quantum", 3: "LZX"}
_UTF8 = 0x80
_SPLIT = 0xFFFD  # folder numbers from here on: the member goes on in another cabinet
_LONGEST_NAME = 256
_BLOCK = 0x8000
_RAW = -15


@dataclass(frozen=True, slots=True)
class CabinetEntry:
    """A member: its number, name, size in bytes, folder, and where in the folder's bytes it begins."""

    at: int
    name: str
    size: int
    folder: int
    offset: int


class Cabinet:
    """A cabinet whose members can be listed and read.

    Raises:
        UnpackError: it is damaged.
        OSError: it cannot be read.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        head = self._read(0, _HEADER.size)
        _, _, first, _, _, folders, self._count, flags, _, _ = _HEADER.unpack(head)
        self.split = bool(flags & (_HAS_PREVIOUS | _HAS_NEXT))
        at, of_folder, self._of_data = _HEADER.size, 0, 0
        if flags & _HAS_RESERVE:
            size, of_folder, self._of_data = struct.unpack("<HBB", self._read(at, 4))
            at += 4 + size
        for _ in range(2 * bool(flags & _HAS_PREVIOUS) + 2 * bool(flags & _HAS_NEXT)):
            at += len(self._text(at)) + 1
        step = _FOLDER.size + of_folder
        self._folders = [_FOLDER.unpack(self._read(at + step * number, _FOLDER.size)) for number in range(folders)]
        self._first = first

    def entries(self) -> Iterator[CabinetEntry]:
        """Every member in order.

        Raises:
            UnpackError: a record is damaged; what was before it was given.
        """
        at = self._first
        for number in range(self._count):
            size, offset, folder, _, _, attributes = _FILE.unpack(self._read(at, _FILE.size))
            name = self._text(at + _FILE.size)
            at += _FILE.size + len(name) + 1
            text = name.decode("utf-8" if attributes & _UTF8 else "cp437", "backslashreplace")
            yield CabinetEntry(number, text.replace("\\", "/"), size, folder, offset)

    def entry(self, at: int) -> CabinetEntry:
        """The member of this number.

        Raises:
            UnpackError: there is none any more.
        """
        found = next((each for each in self.entries() if each.at == at), None)
        if found is None:
            raise UnpackError("cab: the member is not there any more")
        return found

    def chunks(self, entry: CabinetEntry) -> Iterator[bytes]:
        """The member's bytes.

        Raises:
            UnpackError: it is in another cabinet too, packed by a method that is not read here, or damaged.
            zlib.error: damaged.
        """
        if entry.folder >= _SPLIT:
            raise UnpackError(
                "cab: the member goes on in another cabinet of its set: unpack it with expand or cabextract"
            )
        if entry.folder >= len(self._folders):
            raise UnpackError("cab: damaged: the member is in a folder that is not there")
        skip, left = entry.offset, entry.size
        for block in self._blocks(*self._folders[entry.folder]):
            data = block[skip : skip + left]
            skip -= min(skip, len(block))
            left -= len(data)
            if data:
                yield data
            if not left:
                return
        if left:
            raise UnpackError("cab: damaged: the folder ends within the member")

    def _blocks(self, at: int, count: int, method: int) -> Iterator[bytes]:
        """A folder's bytes, block by block."""
        kind = method & 0xF
        if kind not in (_STORED, _MSZIP):
            name = _METHODS.get(kind, f"method {kind}")
            raise UnpackError(f"cab: packed by {name}, which is not read here: unpack it with expand or cabextract")
        before = b""
        for _ in range(count):
            _, packed, size = _DATA.unpack(self._read(at, _DATA.size))
            data = self._read(at + _DATA.size + self._of_data, packed)
            at += _DATA.size + self._of_data + packed
            if kind == _MSZIP:
                data = before = _inflated(data, before)
            if len(data) != size or size > _BLOCK:
                raise UnpackError("cab: damaged: a block has another size than it says")
            yield data

    def _text(self, at: int) -> bytes:
        self._file.seek(at)
        text, end, _ = self._file.read(_LONGEST_NAME + 1).partition(b"\0")
        if not end:
            raise UnpackError("cab: damaged: a name has no end")
        return text

    def _read(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        data = self._file.read(size)
        if len(data) < size:
            raise UnpackError("cab: damaged: the file ends within a record")
        return data


def _inflated(data: bytes, before: bytes) -> bytes:
    if not data.startswith(b"CK"):
        raise UnpackError("cab: damaged: a block of MSZIP does not begin as one")
    unpacker = zlib.decompressobj(_RAW, before) if before else zlib.decompressobj(_RAW)
    return unpacker.decompress(data[2:], _BLOCK + 1)
