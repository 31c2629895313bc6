"""A PE image in a file: its identity, and its bytes laid out as the loader would lay them.

Layout: Microsoft's "PE Format". Files are as hostile as dumps: sections must follow one another as the loader demands,
so that what is copied is never more than the image is long.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from volplugins.image.headers import MAX_SECTIONS
from volplugins.memory.reader import PAGE_SIZE

LARGEST_FILE = 1 << 28
_HEADER_REACH = 0x3000  # e_lfanew below a page, the headers, 96 section headers
_FILE_HEADER, _SECTION_HEADER = 24, 40
_MAGICS = (0x10B, 0x20B)
_SECTOR = 0x200  # the loader rounds a section's place in the file down to it


class NoImage(Exception):
    """The file is no PE image, or not a whole one; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class FileSection:
    """A section: RVA, and place and size in the file, in bytes."""

    rva: int
    place: int
    size: int


@dataclass(frozen=True, slots=True)
class PeFile:
    """What a file's headers say.

    Attributes:
        timestamp, size_of_image: what a symbol server files it by.
        headers: bytes of headers, which come first in memory too.
        sections: those with bytes in the file, by RVA.
    """

    path: Path
    timestamp: int
    size_of_image: int
    headers: int
    sections: tuple[FileSection, ...]

    @property
    def length(self) -> int:
        """Bytes that the file must have."""
        return max((each.place + each.size for each in self.sections), default=self.headers)


def read_pe_file(path: Path) -> PeFile:
    """The headers of a file.

    Raises:
        NoImage: it is none, larger than 256 MiB or cut short.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise NoImage("larger than 256 MiB")
    with path.open("rb") as file:
        data = file.read(_HEADER_REACH)
    try:
        found = _decode(path, data)
    except struct.error:
        raise NoImage("its headers are cut short") from None
    if found.length > size:
        raise NoImage(f"cut short: {size} of {found.length} bytes")
    return found


def laid_out(image: PeFile) -> bytes:
    """The image as it lies in memory before relocation, SizeOfImage bytes.

    Raises:
        OSError: the file cannot be read.
    """
    memory = bytearray(image.size_of_image)
    with image.path.open("rb") as file:
        for rva, place, size in ((0, 0, image.headers), *((s.rva, s.place, s.size) for s in image.sections)):
            file.seek(place)
            piece = file.read(size)
            memory[rva : rva + len(piece)] = piece
    return bytes(memory)


def _decode(path: Path, data: bytes) -> PeFile:
    if data[:2] != b"MZ":
        raise NoImage("is no PE image")
    (pe,) = struct.unpack_from("<I", data, 0x3C)
    if not 0 < pe < PAGE_SIZE or data[pe : pe + 4] != b"PE\0\0":
        raise NoImage("is no PE image")
    count, timestamp, optional_size = struct.unpack_from("<HI8xH", data, pe + 6)
    optional = pe + _FILE_HEADER
    magic, alignment, size_of_image, headers = struct.unpack_from("<H34xI16xII", data, optional)
    if magic not in _MAGICS:
        raise NoImage("is no PE image of 32 or 64 bits")
    if count > MAX_SECTIONS or not 0 < size_of_image <= LARGEST_FILE or headers > size_of_image:
        raise NoImage("its headers make no sense")
    start = optional + optional_size
    rows = [struct.unpack_from("<8xIIII", data, start + each * _SECTION_HEADER) for each in range(count)]
    mask = -_SECTOR if alignment >= _SECTOR else -1  # drivers of Windows XP have no gaps in their files
    rows = [(virtual_size, rva, raw_size, place & mask) for virtual_size, rva, raw_size, place in rows]
    return PeFile(path, timestamp, size_of_image, headers, tuple(_sections(rows, headers, size_of_image)))


def _sections(rows: list[tuple[int, int, int, int]], headers: int, size_of_image: int) -> list[FileSection]:
    """Sections with bytes in the file; each must lie behind the one before it, and within the image."""
    found, end = [], headers
    for virtual_size, rva, raw_size, place in rows:
        pages = -(-(virtual_size or raw_size) // PAGE_SIZE) * PAGE_SIZE
        size = min(raw_size, pages, size_of_image - rva) if place else 0
        if rva < end or rva >= size_of_image:
            raise NoImage("its sections lie one over another, or outside of the image")
        end = rva + max(virtual_size, size)
        if size > 0:
            found.append(FileSection(rva, place, size))
    return found
