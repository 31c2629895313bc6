"""ELF cores of virtual machines: QEMU's dump-guest-memory, libvirt, VirtualBox.

Layout: the System V ABI (ELF64 headers; ELF32 ones, which QEMU writes of a small guest outside of long mode). Each
PT_LOAD is a range of physical memory; the notes hold registers.
"""

from __future__ import annotations

import struct
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
    segments: list[Segment] = []
    texts: list[bytes] = []
    room = _LARGEST_NOTES
    for kind, offset, physical, in_file, in_memory in _program_headers(source, head, notes):
        if kind == _NOTE:
            texts.append(source.read(offset, min(in_file, room)))
            room -= len(texts[-1])
        elif kind == _LOAD and in_file:
            segment = _segment(source, offset, physical, in_file, in_memory, notes)
            segments += [segment] if segment is not None else []
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


def _segment(
    source: ByteSource, offset: int, physical: int, in_file: int, in_memory: int, notes: list[Note]
) -> Segment | None:
    where = f"PT_LOAD of {physical:#x}"
    if physical + in_file > _HIGHEST or offset >= _HIGHEST:
        notes.append(
            Note("program header", f"{where}: {in_file:#x} bytes at offset {offset:#x} are no range of memory")
        )
        return None
    if in_file < in_memory:
        notes.append(Note("program header", f"{where}: {in_file} of {in_memory} bytes are in the file", "info"))
    if offset + in_file > source.size:
        lost = offset + in_file - max(source.size, offset)
        notes.append(Note("program header", f"{where}: {lost} of {in_file} bytes lie past the end of the file"))
    return Segment(physical, in_file, offset)


def is_core(source: ByteSource) -> bool:
    """Whether a file calls itself an ELF core, whatever it holds (Xen's keeps memory in sections)."""
    head = source.read(0, 0x12)
    return head[:4] == MAGIC and int.from_bytes(head[0x10:0x12], "little") == _CORE
