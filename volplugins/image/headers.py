"""PE headers as they lie in memory. Layouts: Microsoft's "PE Format" page; PE32 and PE32+ differ in widths alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from volplugins.image.image_view import ImageView
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

LARGEST_IMAGE = 1 << 31
MAX_SECTIONS = 96  # the loader's own limit
DIRECTORIES = 16
DIRECTORY_EXPORT, DIRECTORY_RESOURCE, DIRECTORY_EXCEPTION, DIRECTORY_DEBUG = 0, 2, 3, 6

# the furthest that headers can reach: e_lfanew, PE and optional headers, 96 section headers
_HEADER_REACH = 0x3000
_USUAL_REACH = 0x400  # two units of a file's alignment
_FILE_HEADER = 24  # with the PE signature
_SECTION_HEADER = 40
# in the optional header: ends of SizeOfImage, of CheckSum, and of the fields that PE32 and PE32+ have alike
_SIZES_END, _CHECKSUM_END, _WINDOWS_FIELDS = 60, 68, 70
_MAGIC_BITS = {0x10B: 32, 0x20B: 64}
# IMAGE_FILE_MACHINE_*: used only where the optional header, which says it surely, is missing
_MACHINE_BITS = {0x14C: 32, 0x1C0: 32, 0x1C4: 32, 0x8664: 64, 0xAA64: 64, 0x200: 64}
# offset of NumberOfRvaAndSizes in the optional header; the directories follow it
_DIRECTORY_COUNT = {32: 92, 64: 108}


@dataclass(frozen=True, slots=True)
class Section:
    """One section header: name, RVA and size in memory (bytes), IMAGE_SCN_* bits."""

    name: str
    rva: int
    virtual_size: int
    characteristics: int

    @property
    def executable(self) -> bool:
        """Whether the section holds code (IMAGE_SCN_MEM_EXECUTE)."""
        return bool(self.characteristics & 0x20000000)

    @property
    def passing(self) -> bool:
        """Whether code here may be overwritten or given back: IMAGE_SCN_MEM_WRITE, IMAGE_SCN_MEM_DISCARDABLE."""
        return bool(self.characteristics & 0x82000000)


@dataclass(frozen=True, slots=True)
class ImageHeaders:
    """What an image's headers say; members that lie in a missing page are zero or empty, and ``notes`` says so.

    Attributes:
        base: load address the headers were read at.
        machine: IMAGE_FILE_MACHINE_* number.
        bits: 32 (PE32) or 64 (PE32+).
        timestamp: TimeDateStamp; on reproducible builds a hash, not a time.
        size_of_image: bytes in memory; worked out from the sections where the field makes no sense, and without
            sections what could be read.
        checksum: as in the optional header; None where memory ends before it.
        entry_point, subsystem: as in the optional header; the entry point is an RVA.
        sections: in header order.
        directories: sixteen pairs of (RVA, size in bytes); (0, 0) where absent.
        notes: what was missing or odd.
        missing_sections: section headers that could not be read.
        stated_size: SizeOfImage as it is there; None where memory ends before it.
        cut: whether memory ends inside the optional header, so that nobody can tell what its directories are.
    """

    base: int
    machine: int
    bits: int
    timestamp: int
    size_of_image: int
    checksum: int | None
    entry_point: int
    subsystem: int
    sections: tuple[Section, ...]
    directories: tuple[tuple[int, int], ...]
    notes: tuple[str, ...]
    missing_sections: int = 0
    stated_size: int | None = None
    cut: bool = False

    def section_at(self, rva: int) -> Section | None:
        """The section that holds ``rva``, or None."""
        return next((s for s in self.sections if s.rva <= rva < s.rva + max(s.virtual_size, 1)), None)

    def view(self, memory: MemoryReader) -> ImageView:
        """Reads of this image by RVA."""
        return ImageView(memory, self.base, self.size_of_image)


def read_headers(memory: MemoryReader, base: int) -> ImageHeaders | None:
    """Headers of the image loaded at ``base``; None where its first page is absent or holds no PE image."""
    data = _readable_start(memory, base)
    if data[:2] != b"MZ" or len(data) < 0x40:
        return None
    (pe,) = struct.unpack_from("<I", data, 0x3C)
    if not 0 < pe < PAGE_SIZE or data[pe : pe + 4] != b"PE\0\0" or len(data) < pe + _FILE_HEADER:
        return None
    return _decode(base, data, pe)


def _readable_start(memory: MemoryReader, base: int) -> bytes:
    """The header's bytes up to the first missing one; where all is usual, no more of them than linkers write."""
    head = _read_or_nothing(memory, base, _USUAL_REACH)
    if 0 < _usual_end(head) <= len(head):
        return head
    parts: list[bytes] = []
    for at in range(0, _HEADER_REACH, PAGE_SIZE):
        try:
            parts.append(memory.read(base + at, PAGE_SIZE))
        except ReadError as error:
            good = error.address - base - at
            if 0 < good < PAGE_SIZE:
                parts.append(_read_or_nothing(memory, base + at, good))
            break
    return b"".join(parts)


def _usual_end(data: bytes) -> int:
    """Where the last section header ends; 0 where a field on the way to it is odd or not there."""
    pe = _unsigned(data, 0x3C, 4)
    optional = pe + _FILE_HEADER
    count, size = _unsigned(data, pe + 6, 2), _unsigned(data, pe + 20, 2)
    if count > MAX_SECTIONS or not 0 < _unsigned(data, optional + 56, 4) <= LARGEST_IMAGE:
        return 0
    return optional + size + count * _SECTION_HEADER


def _read_or_nothing(memory: MemoryReader, address: int, size: int) -> bytes:
    try:
        return memory.read(address, size)
    except ReadError:
        return b""


def _decode(base: int, data: bytes, pe: int) -> ImageHeaders:
    notes: list[str] = []
    machine, section_count, timestamp = struct.unpack_from("<HHI", data, pe + 4)
    (optional_size,) = struct.unpack_from("<H", data, pe + 20)
    optional = data[pe + _FILE_HEADER : pe + _FILE_HEADER + optional_size]
    bits = _bits(machine, optional, notes)
    entry_point = _unsigned(optional, 16, 4)
    size_of_image, checksum, subsystem = (_unsigned(optional, at, size) for at, size in ((56, 4), (64, 4), (68, 2)))
    stated = size_of_image if len(optional) >= _SIZES_END else None
    if len(optional) < _WINDOWS_FIELDS:
        notes.append("optional header cut short")
    sections = _sections(data, pe + _FILE_HEADER + optional_size, section_count, notes)
    if not 0 < size_of_image <= LARGEST_IMAGE:
        wrong = "is cut off" if stated is None else f"{size_of_image:#x} makes no sense"
        ends = [end for end in (s.rva + s.virtual_size for s in sections) if end <= LARGEST_IMAGE]
        notes.append(f"SizeOfImage {wrong}{'; size taken from the sections' if ends else ''}")
        size_of_image = max(ends, default=min(len(data), PAGE_SIZE))
    return ImageHeaders(
        base=base,
        machine=machine,
        bits=bits,
        timestamp=timestamp,
        size_of_image=size_of_image,
        checksum=checksum if len(optional) >= _CHECKSUM_END else None,
        entry_point=entry_point,
        subsystem=subsystem,
        sections=sections,
        directories=_directories(optional, bits, size_of_image, notes),
        notes=tuple(notes),
        missing_sections=max(min(section_count, MAX_SECTIONS) - len(sections), 0),
        stated_size=stated,
        cut=len(optional) < optional_size,
    )


def _unsigned(data: bytes, offset: int, size: int) -> int:
    """A little-endian number, zero where it is not whole."""
    piece = data[offset : offset + size]
    return int.from_bytes(piece, "little") if len(piece) == size else 0


def _bits(machine: int, optional: bytes, notes: list[str]) -> int:
    magic = _unsigned(optional, 0, 2)
    bits = _MAGIC_BITS.get(magic)
    if bits is None:
        bits = _MACHINE_BITS.get(machine, 64)
        notes.append(f"optional header magic {magic:#x} unknown; {bits} bits assumed from machine {machine:#x}")
    return bits


def _directories(optional: bytes, bits: int, size_of_image: int, notes: list[str]) -> tuple[tuple[int, int], ...]:
    at = _DIRECTORY_COUNT[bits]
    count = _unsigned(optional, at, 4)
    if count > DIRECTORIES:
        notes.append(f"NumberOfRvaAndSizes {count} cut to {DIRECTORIES}")
        count = DIRECTORIES
    pairs = []
    for index in range(DIRECTORIES):
        where = at + 4 + 8 * index
        pair = (_unsigned(optional, where, 4), _unsigned(optional, where + 4, 4)) if index < count else (0, 0)
        # directory 4 (certificates) is a file offset, never mapped
        if index != 4 and sum(pair) > size_of_image:
            notes.append(f"directory {index} ({pair[0]:#x}, {pair[1]:#x}) reaches past the image")
        pairs.append(pair)
    return tuple(pairs)


def _sections(data: bytes, start: int, count: int, notes: list[str]) -> tuple[Section, ...]:
    if count > MAX_SECTIONS:
        notes.append(f"NumberOfSections {count} cut to {MAX_SECTIONS}")
        count = MAX_SECTIONS
    readable = max(0, min(count, (len(data) - start) // _SECTION_HEADER))
    if readable < count:
        notes.append(f"{count - readable} of {count} section headers missing")
    return tuple(
        _section(data[at : at + _SECTION_HEADER]) for at in range(start, start + readable * _SECTION_HEADER, 40)
    )


def _section(header: bytes) -> Section:
    name = header[:8].split(b"\0", 1)[0].decode("ascii", "backslashreplace")
    virtual_size, rva = struct.unpack_from("<II", header, 8)
    (raw_size,) = struct.unpack_from("<I", header, 16)
    (characteristics,) = struct.unpack_from("<I", header, 36)
    # old linkers leave VirtualSize zero; the loader then maps the raw size
    return Section(name, rva, virtual_size or raw_size, characteristics)
