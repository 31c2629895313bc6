"""Layouts of structures, and structures read with one read and decoded from their layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the members of one structure are.

    Attributes:
        name: the structure's name, such as ``_EPROCESS``.
        size: bytes to read at once; at least up to the end of the last member used.
        members: offset and size in bytes by member name.
        source: where the layout is from, such as ``symbols`` or ``built-in 19041``.
    """

    name: str
    size: int
    members: Mapping[str, tuple[int, int]]
    source: str

    def has(self, member: str) -> bool:
        """Whether this layout knows ``member``."""
        return member in self.members

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
        """Value of an integer or pointer member; KeyError where the layout lacks it."""
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
