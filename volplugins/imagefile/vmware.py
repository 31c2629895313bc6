"""VMware: a .vmem file of plain memory, and a .vmss or .vmsn beside it that says where its pieces lie.

Layout of the sidecar, as volatility3's reader and public descriptions have it: groups by name; in each, tags with a
name, up to three indices and a value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import PAGE_SIZE
from volplugins.dumpfile.source import ByteSource
from volplugins.imagefile.memory_image import MemoryImage, Segment, image_of_segments
from volplugins.imagefile.processor_state import ProcessorState, TableRegisters

MAGICS = (b"\xd0\xbe\xd2\xbe", b"\xd1\xba\xd1\xba", b"\xd2\xbe\xd2\xbe", b"\xd3\xbe\xd3\xbe")
_GROUP = struct.Struct("<64sQQ")  # name, place of its tags, size
_MOST_GROUPS, _MOST_TAGS = 1024, 1 << 16
_LONG = (62, 63)  # sizes that mean: the size follows
_HOLE = 0xC000_0000  # the usual start of the hole below 4 GiB
_GIB4 = 1 << 32
_FS, _GS = 4, 5  # in the order of segment registers
_REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", *(f"r{number}" for number in range(8, 16)))


class _Entry(NamedTuple):
    """A tag by name and indices, where its data lie and how many bytes they are; ``long``: they are no number."""

    tag: tuple[str, tuple[int, ...]]
    offset: int
    size: int
    long: bool


Tags = Mapping[tuple[str, tuple[int, ...]], int]


def open_vmem(source: ByteSource, sidecar: ByteSource | None) -> MemoryImage:
    """The image.

    Args:
        sidecar: the .vmss or .vmsn; without it memory is taken as it lies, the hole below 4 GiB closed up where the
            file is larger than 3 GiB.
    """
    notes: list[Note] = []
    if sidecar is None:
        notes.append(
            Note("sidecar", "no .vmss or .vmsn lies beside the .vmem: where its pieces belong is a guess", "info")
        )
        return image_of_segments(source, "VMware vmem", _guessed(source.size), notes)
    groups = _groups(sidecar, notes)
    tags = dict(_tags(sidecar, groups, "memory", notes))
    told = list(_regions(tags, notes))
    segments = told or _guessed(source.size)
    if not told:
        notes.append(Note("sidecar", "it tells of no regions: where the pieces belong is a guess", "info"))
    beyond = [each for each in segments if each.offset + each.size > source.size]
    if beyond:
        text = f"{len(beyond)} of its {len(segments)} regions end past the .vmem: it may be another machine's"
        notes.append(Note("sidecar", text))
    processors = tuple(_processors(dict(_tags(sidecar, groups, "cpu", notes))))
    return image_of_segments(source, "VMware vmem with its state", segments, notes, processors, end=source.size)


def _guessed(size: int) -> list[Segment]:
    if size <= _HOLE:
        return [Segment(0, size, 0)]
    return [Segment(0, _HOLE, 0), Segment(_GIB4, size - _HOLE, _HOLE)]


def _groups(sidecar: ByteSource, notes: list[Note]) -> dict[str, int]:
    head = sidecar.read(0, 12)
    if head[:4] not in MAGICS or len(head) < 12:
        notes.append(Note("sidecar", f"it starts with {head[:4].hex(' ')}: no VMware state file"))
        return {}
    count = min(int.from_bytes(head[8:12], "little"), _MOST_GROUPS)
    found = {}
    for number in range(count):
        data = sidecar.read(12 + number * _GROUP.size, _GROUP.size)
        if len(data) < _GROUP.size:
            notes.append(Note("sidecar", f"it ends inside group {number} of {count}"))
            break
        name, place, _ = _GROUP.unpack(data)
        found[name.split(b"\0", 1)[0].decode("latin-1")] = place
    return found


def memory_inside(source: ByteSource) -> int:
    """How many bytes of memory a state file holds itself, as the tag Memory says; 0 where the memory is beside it."""
    notes: list[Note] = []
    entries = _entries(source, _groups(source, notes), "memory", notes)
    memory = (each for each in entries if each.long and each.tag[0] == "Memory" and each.offset < source.size)
    return sum(min(each.size, source.size - each.offset) for each in memory)


def _tags(
    sidecar: ByteSource, groups: Mapping[str, int], group: str, notes: list[Note]
) -> Iterator[tuple[tuple[str, tuple[int, ...]], int]]:
    """The tags of a group that hold a number; longer data are skipped."""
    for each in _entries(sidecar, groups, group, notes):
        if not each.long:
            yield each.tag, int.from_bytes(sidecar.read(each.offset, min(each.size, 8)), "little")


def _entries(sidecar: ByteSource, groups: Mapping[str, int], group: str, notes: list[Note]) -> Iterator[_Entry]:
    """The tags of a group, with where their data lie."""
    at = groups.get(group)
    wide = 4 if sidecar.read(0, 1) == b"\xd0" else 8
    for _ in range(_MOST_TAGS if at is not None else 0):
        assert at is not None
        head = sidecar.read(at, 2)
        if len(head) < 2:
            notes.append(Note("sidecar", f"it ends inside the group {group}"))
            return
        flags, name_size = head
        if not flags and not name_size:
            return
        name = sidecar.read(at + 2, name_size).decode("latin-1")
        count = flags >> 6 & 3
        at += 2 + name_size
        raw = sidecar.read(at, 4 * count)
        if len(raw) < 4 * count:
            notes.append(Note("sidecar", f"it ends inside the group {group}"))
            return
        indices = struct.unpack(f"<{count}I", raw)
        at += 4 * count
        size = flags & 0x3F
        long = size in _LONG
        if long:  # its size in the file and in memory, then how many bytes of padding come before it
            padding = int.from_bytes(sidecar.read(at + 2 * wide, 2), "little")
            size = int.from_bytes(sidecar.read(at, wide), "little")
            at += 2 * wide + 2 + padding
        yield _Entry((name, indices), at, size, long)
        at += size
    if at is not None:
        notes.append(Note("sidecar", f"of the group {group} the first {_MOST_TAGS} tags are read"))


def _regions(tags: Tags, notes: list[Note]) -> Iterator[Segment]:
    for number in range(min(tags.get(("regionsCount", ()), 0), _MOST_GROUPS)):
        where = [tags.get((name, (number,))) for name in ("regionPPN", "regionPageNum", "regionSize")]
        if None in where:
            notes.append(Note("sidecar", f"region {number} is not told of whole and is left out"))
            continue
        physical, offset, size = ((each or 0) * PAGE_SIZE for each in where)
        if (physical | offset | size) >> 52:
            notes.append(Note("sidecar", f"region {number} ({physical:#x}, {size:#x} bytes) is no range of memory"))
            continue
        yield Segment(physical, size, offset)


def _processors(tags: Tags) -> Iterator[ProcessorState]:
    """Registers by processor, as far as the state file names them."""
    for number in range(1024):
        cr3 = tags.get(("CR64", (number, 3)), tags.get(("CR", (number, 3))))
        if cr3 is None:
            return
        registers = {name: tags[name, (number,)] for name in _REGISTERS if (name, (number,)) in tags}
        ip = tags.get(("rip", (number,)), tags.get(("eip", (number,))))
        registers |= {"rip": ip} if ip is not None else {}
        cr4 = tags.get(("CR64", (number, 4)), tags.get(("CR", (number, 4))))
        tables = TableRegisters(_table(tags, "GDTR", number), _table(tags, "IDTR", number))
        fs, gs = (tags.get(("S.base64", (number, index))) for index in (_FS, _GS))
        yield ProcessorState(number, registers, cr3, cr4, gs, None, fs, None, f"VMware state, processor {number}",
                             tables if any((*tables.gdt, *tables.idt)) else None)  # fmt: skip


def _table(tags: Tags, name: str, number: int) -> tuple[int, int]:
    """Base and limit of a table's register, which is saved in three parts: limit, lower and upper half of the base."""
    limit, low, high = (tags.get((name, (number, part)), 0) for part in range(3))
    return (low & 0xFFFF_FFFF | (high & 0xFFFF_FFFF) << 32, limit & 0xFFFF) if low or high else (0, 0)
