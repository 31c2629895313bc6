"""ELF cores of virtual machines: QEMU's dump-guest-memory, libvirt, VirtualBox.

Layout: the System V ABI (ELF64 headers; ELF32 ones, which QEMU writes of a small guest outside of long mode). Each
PT_LOAD is a range of physical memory; the notes hold registers.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource
from volplugins.imagefile.elf_notes import processors_of
from volplugins.imagefile.memory_image import MemoryImage, Segment, image_of_segments

MAGIC = b"\x7fELF"
_CLASS32, _CLASS64, _LITTLE = 1, 2, 1
_LOAD, _NOTE = 1, 4
_CORE = 4  # e_type
_EXTENDED = 0xFFFF  # e_phnum: the true count is in the first section header's sh_info
_MOST_HEADERS = 1 << 16
_HIGHEST = 1 << 52
_LARGEST_NOTES = 1 << 24  # bytes of all notes together
_MOST_PROCESSORS = 4096


class _Load(NamedTuple):
    """A PT_LOAD: offset in the file, physical address, bytes in the file and in memory."""

    offset: int
    physical: int
    in_file: int
    in_memory: int


class _Class(NamedTuple):
    """Where one of the two classes has what: offset and form in the file header, and its program headers."""

    offsets: int  # e_phoff and e_shoff
    words: str
    counts: int  # e_phentsize and e_phnum
    section_info: int  # sh_info of a section header
    header: struct.Struct
    order: tuple[int, int, int, int, int]  # of type, offset, physical address, size in the file and in memory


# type, flags, offset, vaddr, paddr, filesz, memsz, align; of class 32 type, offset, vaddr, paddr, filesz, memsz, …
_CLASSES = {
    _CLASS64: _Class(0x20, "<QQ", 0x36, 0x2C, struct.Struct("<IIQQQQQQ"), (0, 2, 4, 5, 6)),
    _CLASS32: _Class(0x1C, "<II", 0x2A, 0x1C, struct.Struct("<8I"), (0, 1, 3, 4, 5)),
}


def open_elf_core(source: ByteSource) -> MemoryImage | None:
    """The image; None where the file is no little-endian ELF file with a range of memory in it."""
    head = source.read(0, 64)
    if len(head) < 64 or head[:4] != MAGIC or head[4] not in _CLASSES or head[5] != _LITTLE:
        return None
    notes: list[Note] = []
    loads: list[_Load] = []
    texts: list[bytes] = []
    room = _LARGEST_NOTES
    for kind, offset, physical, in_file, in_memory in _program_headers(source, head, notes):
        if kind == _NOTE:
            texts.append(source.read(offset, min(in_file, room)))
            room -= len(texts[-1])
        elif kind == _LOAD:
            loads.append(_Load(offset, physical, in_file, in_memory))
    segments = _segments(source, loads, notes)
    if not segments:
        return None
    kind = int.from_bytes(head[0x10:0x12], "little")
    if kind != _CORE:
        notes.insert(0, Note("e_type", f"an ELF file of type {kind}, a program's, and no core"))
    if room <= 0:
        notes.append(Note("PT_NOTE", f"of the notes the first {_LARGEST_NOTES} bytes are read"))
    processors = list(islice((state for data in texts for state in processors_of(data)), _MOST_PROCESSORS))
    return image_of_segments(source, "ELF core", segments, notes, processors)


def _program_headers(source: ByteSource, head: bytes, notes: list[Note]) -> Iterator[tuple[int, int, int, int, int]]:
    """Type, file offset, physical address, size in the file and in memory of each program header."""
    shape = _CLASSES[head[4]]
    start, sections = struct.unpack_from(shape.words, head, shape.offsets)
    size, count = struct.unpack_from("<HH", head, shape.counts)
    if count == _EXTENDED:
        found = source.read(sections + shape.section_info, 4)
        count = int.from_bytes(found, "little") if len(found) == 4 else count
    if size < shape.header.size:
        notes.append(Note("e_phentsize", f"{size} bytes are no program header"))
        return
    if count > _MOST_HEADERS:
        notes.append(Note("e_phnum", f"says {count}; {_MOST_HEADERS} are read"))
    for number in range(min(count, _MOST_HEADERS)):
        data = source.read(start + number * size, shape.header.size)
        if len(data) < shape.header.size:
            notes.append(Note("e_phnum", f"says {count}; the file ends inside program header {number}"))
            return
        values = shape.header.unpack(data)
        kind, offset, physical, in_file, in_memory = (values[place] for place in shape.order)
        yield kind, offset, physical, in_file, in_memory


def _segments(source: ByteSource, loads: list[_Load], notes: list[Note]) -> list[Segment]:
    """The ranges of memory that are in the file."""
    offsets = sorted({load.offset for load in loads if load.in_file})
    found = (_segment(source.size, load, offsets, notes) for load in loads)
    return [each for each in found if each is not None]


def _segment(size: int, load: _Load, offsets: list[int], notes: list[Note]) -> Segment | None:
    """The range of a PT_LOAD; one that ends past the file has no bytes where another begins.

    Args:
        size: of the file; ``offsets``: of all ranges in the file, ascending.
    """
    offset, physical, in_file, in_memory = load
    where = f"PT_LOAD of {physical:#x}"
    if not in_file:
        if in_memory:
            notes.append(Note("program header", f"{where}: none of its {in_memory} bytes are in the file", "info"))
        return None
    if in_file > in_memory > 0:
        text = f"{where}: {in_file} bytes in the file for {in_memory} in memory; those beyond are left out"
        notes.append(Note("program header", text))
        in_file = in_memory
    if offset + in_file > size:
        lost = offset + in_file - max(size, offset)
        notes.append(Note("program header", f"{where}: {lost} of {in_file} bytes lie past the end of the file"))
        after = bisect_right(offsets, offset)
        in_file = min(in_file, offsets[after] - offset) if after < len(offsets) else in_file
    if physical + in_file > _HIGHEST or offset >= _HIGHEST:
        text = f"{where}: {load.in_file:#x} bytes at offset {offset:#x} are no range of memory"
        notes.append(Note("program header", text))
        return None
    if load.in_file < in_memory:
        notes.append(Note("program header", f"{where}: {load.in_file} of {in_memory} bytes are in the file", "info"))
    return Segment(physical, in_file, offset)


def is_core(source: ByteSource) -> bool:
    """Whether a file calls itself an ELF core, whatever it holds (Xen's keeps memory in sections)."""
    head = source.read(0, 0x12)
    return head[:4] == MAGIC and int.from_bytes(head[0x10:0x12], "little") == _CORE
