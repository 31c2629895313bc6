"""ELF cores of virtual machines: QEMU's dump-guest-memory, libvirt, VirtualBox.

Layout: the System V ABI (ELF64 headers). Each PT_LOAD is a range of physical memory; the notes hold registers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource
from volplugins.imagefile.elf_notes import processors_of
from volplugins.imagefile.memory_image import MemoryImage, Segment, image_of_segments

MAGIC = b"\x7fELF"
_CLASS64, _LITTLE = 2, 1
_LOAD, _NOTE = 1, 4
_CORE = 4  # e_type
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")  # type, flags, offset, vaddr, paddr, filesz, memsz, align
_EXTENDED = 0xFFFF  # e_phnum: the true count is in the first section header's sh_info
_MOST_HEADERS = 1 << 16
_HIGHEST = 1 << 52
_LARGEST_NOTES = 1 << 24


def open_elf_core(source: ByteSource) -> MemoryImage | None:
    """The image; None where the file is no 64-bit little-endian ELF file with a range of memory in it."""
    head = source.read(0, 64)
    if len(head) < 64 or head[:4] != MAGIC or head[4] != _CLASS64 or head[5] != _LITTLE:
        return None
    notes: list[Note] = []
    segments, texts = [], []
    for kind, offset, physical, in_file, in_memory in _program_headers(source, head, notes):
        if kind == _NOTE:
            texts.append(source.read(offset, min(in_file, _LARGEST_NOTES)))
        elif kind == _LOAD and in_file:
            segment = _segment(source, offset, physical, in_file, in_memory, notes)
            segments += [segment] if segment is not None else []
    if not segments:
        return None
    kind = int.from_bytes(head[0x10:0x12], "little")
    if kind != _CORE:
        notes.insert(0, Note("e_type", f"an ELF file of type {kind}, a program's, and no core"))
    processors = [state for data in texts for state in processors_of(data)]
    return image_of_segments(source, "ELF core", segments, notes, processors)


def _program_headers(source: ByteSource, head: bytes, notes: list[Note]) -> Iterator[tuple[int, int, int, int, int]]:
    """Type, file offset, physical address, size in the file and in memory of each program header."""
    start, sections = struct.unpack_from("<QQ", head, 0x20)
    size, count = struct.unpack_from("<HH", head, 0x36)
    if count == _EXTENDED:
        found = source.read(sections + 0x2C, 4)
        count = int.from_bytes(found, "little") if len(found) == 4 else count
    if size < _PROGRAM_HEADER.size:
        notes.append(Note("e_phentsize", f"{size} bytes are no program header"))
        return
    if count > _MOST_HEADERS:
        notes.append(Note("e_phnum", f"says {count}; {_MOST_HEADERS} are read"))
    for number in range(min(count, _MOST_HEADERS)):
        data = source.read(start + number * size, _PROGRAM_HEADER.size)
        if len(data) < _PROGRAM_HEADER.size:
            notes.append(Note("e_phnum", f"says {count}; the file ends inside program header {number}"))
            return
        kind, _, offset, _, physical, in_file, in_memory, _ = _PROGRAM_HEADER.unpack(data)
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
