"""Layouts of structures, and structures read with one read and decoded from their layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from volplugins.memory.reader import MemoryReader


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
    """One structure of the dump: its address, its bytes, its layout."""

    address: int
    data: bytes
    layout: Layout

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
