"""Layouts of structures, and structures read with one read and decoded from their layout."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the members of one structure are.

    Attributes:
        name: the structure's name, such as ``_EPROCESS``.
        size: bytes to read at once; at least up to the end of the last member used.
        members: offset and size in bytes by member name.
        source: where the layout is from, such as ``symbols`` or ``built-in 19041``.
        bits: bit fields by member name: offset and size in bytes of the word, lowest bit, width in bits.
    """

    name: str
    size: int
    members: Mapping[str, tuple[int, int]]
    source: str
    bits: Mapping[str, tuple[int, int, int, int]] = field(default_factory=dict)

    def has(self, member: str) -> bool:
        """Whether this layout knows ``member``."""
        return member in self.members or member in self.bits

    def offset(self, member: str) -> int:
        """Offset of ``member`` in bytes; KeyError where the layout lacks it."""
        return self.members[member][0]


@dataclass(frozen=True, slots=True)
class Structure:
    """One structure of the dump: its address, its bytes, its layout.

    ``absent`` says what of it could not be read, in words; its layout is without those members then.
    """

    address: int
    data: bytes
    layout: Layout
    absent: str = ""

    def unsigned(self, member: str) -> int:
        """Value of an integer, pointer or bit field member; KeyError where the layout lacks it."""
        if member in self.layout.bits:
            offset, size, lowest, width = self.layout.bits[member]
            word = int.from_bytes(self.data[offset : offset + size], "little")
            return word >> lowest & ((1 << width) - 1)
        offset, size = self.layout.members[member]
        return int.from_bytes(self.data[offset : offset + size], "little")

    def raw(self, member: str) -> bytes:
        """Bytes of a member."""
        offset, size = self.layout.members[member]
        return self.data[offset : offset + size]

    def get(self, member: str) -> int | None:
        """Value of an integer member, or None where this build has none."""
        return self.unsigned(member) if self.layout.has(member) else None


def read_structure(memory: MemoryReader, address: int, layout: Layout) -> Structure:
    """Read the structure at ``address`` with one read; raises ReadError."""
    return Structure(address, memory.read(address, layout.size), layout)


def read_present(memory: MemoryReader, address: int, layout: Layout) -> Structure:
    """What is there of the structure at ``address``: where a page of it is absent, the members of the others.

    Those of user heaps may lie across pages, of which a dump may lack one. Pool blocks of a page at most never do (see
    wdm.h, ExAllocatePool2), but a layout of another build may reach beyond. Raises ReadError where nothing can be read.
    """
    try:
        return read_structure(memory, address, layout)
    except ReadError as error:
        why = error
    data, gaps = _pieces(memory, address, layout.size)

    def held(at: int, size: int) -> bool:
        return all(at + size <= start or end <= at for start, end in gaps)

    members = {name: place for name, place in layout.members.items() if held(*place)}
    bits = {name: place for name, place in layout.bits.items() if held(*place[:2])}
    if not members and not bits:
        raise why
    absent = f"{why.address:#x} cannot be read ({why.reason})"
    return Structure(address, data, replace(layout, members=members, bits=bits), absent)


def _pieces(memory: MemoryReader, address: int, size: int) -> tuple[bytes, list[tuple[int, int]]]:
    """The bytes page by page, zeros where there are none, and the gaps as offsets (end exclusive)."""
    gaps: list[tuple[int, int]] = []
    data, at = bytearray(size), 0
    while at < size:
        end = min(size, at + PAGE_SIZE - (address + at) % PAGE_SIZE)
        try:
            data[at:end] = memory.read(address + at, end - at)
        except ReadError as error:
            good = error.address - address  # the first byte that is absent; what lies before it is there
            if at < good < end:
                data[at:good] = memory.read(address + at, good - at)
                at = good
            gaps.append((at, end))
        at = end
    return bytes(data), gaps


_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Decoder:
    """Takes many members of one layout out of its bytes in one step, for structures that come by the ten thousand.

    Args:
        names: the members, numbers of 1, 2, 4 or 8 bytes or bit fields; those that the layout lacks decode to None.
    """

    def __init__(self, layout: Layout, names: Sequence[str]) -> None:
        places = {name: _word(layout, name) for name in names if layout.has(name)}
        words = sorted({(at, size) for at, size, _, _ in places.values()})
        # members may overlap: each word is taken by an offset of its own
        self._words = [struct.Struct(f"<{_CODES[size]}") for _, size in words]
        self._offsets = [at for at, _ in words]
        number = {word: index for index, word in enumerate(words)}
        self._plan = [
            (number[places[name][:2]], places[name][2], (1 << places[name][3]) - 1) if name in places else None
            for name in names
        ]
        self._whole = _one_format(words)

    def values(self, data: bytes) -> list[int | None]:
        """The members in the order in which they were named."""
        if self._whole is not None:
            words = self._whole.unpack_from(data)
        else:
            words = tuple(word.unpack_from(data, at)[0] for word, at in zip(self._words, self._offsets, strict=True))
        return [None if step is None else words[step[0]] >> step[1] & step[2] for step in self._plan]


def _word(layout: Layout, name: str) -> tuple[int, int, int, int]:
    """Offset and size of the word that holds a member, its lowest bit there, its width."""
    if name in layout.bits:
        return layout.bits[name]
    at, size = layout.members[name]
    return at, size, 0, 8 * size


def _one_format(words: Sequence[tuple[int, int]]) -> struct.Struct | None:
    """One format for all words; None where two overlap."""
    text, end = "<", 0
    for at, size in words:
        if at < end:
            return None
        text += f"{at - end}x{_CODES[size]}"
        end = at + size
    return struct.Struct(text)
