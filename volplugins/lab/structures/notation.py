"""Structures of a Windows build, parsed from the lab's compact tables (the other files of this room).

Notation, one structure per entry: ``name size [union]: member offset type; ...``. Types: ``u8 i16 u32 u64`` and the
like, ``*T`` a pointer, ``[n]T`` an array, ``T:p:n`` a bit field of n bits at bit p, ``enum E``, or a structure.
An enumeration is ``enum name base: constant=value ...``. Continuation lines are indented.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

_SCALARS = {
    "u8": 1, "i8": 1, "bool": 1, "u16": 2, "i16": 2, "wchar": 2, "u32": 4, "i32": 4, "int": 4, "uint": 4, "float": 4,
    "u64": 8, "i64": 8, "double": 8, "void": 0,
}  # fmt: skip
_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class Member:
    """A member: offset in bytes and type in the tables' notation."""

    offset: int
    type: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member is: offset and size in bytes; position and length in bits where it is a bit field, else zeros."""

    offset: int
    size: int
    position: int
    length: int


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure or union: size in bytes and members by name."""

    name: str
    size: int
    union: bool
    members: dict[str, Member]


@dataclass(frozen=True, slots=True)
class Enumeration:
    """An enumeration: its base type and constants."""

    name: str
    base: str
    constants: dict[str, int]


@dataclass(frozen=True, slots=True)
class Structures:
    """All structures of one build; ``bits`` is 32 or 64."""

    bits: int
    types: dict[str, Structure]
    enums: dict[str, Enumeration]
    _places: dict[tuple[str, str], Place] = field(default_factory=dict, compare=False, repr=False)

    def has(self, name: str, member: str = "") -> bool:
        """Whether the build has the structure, and the member where one is named."""
        return name in self.types and (not member or member in self.types[name].members)

    def size(self, name: str) -> int:
        """Size of a structure in bytes."""
        return self.types[name].size

    def locate(self, name: str, path: str) -> Member:
        """Offset and type of a member by path, such as ``Pcb.Header.Type`` or ``WaitBlock[1].Object``."""
        offset, kind = 0, name
        for part in path.split("."):
            step = _STEP.fullmatch(part)
            if step is None:
                raise KeyError(f"{name}.{path}")
            member = self.types[kind].members[step[1]]
            offset, kind = offset + member.offset, member.type
            if step[2]:
                kind = kind.partition("]")[2]
                offset += int(step[2]) * self.size_of(kind)
        return Member(offset, kind)

    def place(self, name: str, path: str) -> Place:
        """Where a member is, by path; worked out once for each."""
        found = self._places.get((name, path))
        if found is None:
            found = self._places[name, path] = self._place(self.locate(name, path))
        return found

    def _place(self, member: Member) -> Place:
        bits = member.type.split(":") if member.type.count(":") == 2 else ("", "0", "0")
        return Place(member.offset, self.size_of(member.type), int(bits[1]), int(bits[2]))

    def offset(self, name: str, path: str) -> int:
        """Offset of a member by path, in bytes."""
        return self.place(name, path).offset

    def size_of(self, kind: str) -> int:
        """Size of a type in the tables' notation, in bytes."""
        if kind.startswith("["):
            count, _, rest = kind[1:].partition("]")
            return int(count) * self.size_of(rest)
        if kind.startswith("*"):
            return self.bits // 8
        if kind.startswith("enum "):
            return _SCALARS[self.enums[kind[5:]].base]
        kind = kind.partition(":")[0]
        return _SCALARS[kind] if kind in _SCALARS else self.types[kind].size


class Record:
    """The bytes of one structure while it is being filled in."""

    def __init__(self, structures: Structures, name: str, size: int = 0) -> None:
        self.structures = structures
        self.name = name
        self.data = bytearray(max(size, structures.size(name)))

    def set(self, path: str, value: int | bytes) -> Record:
        """Store a number (little endian, cut to the member's size) or raw bytes at a member."""
        place = self.structures.place(self.name, path)
        start, size = place.offset, place.size
        if isinstance(value, bytes):
            self.data[start : start + len(value)] = value
        elif place.length:
            mask = (1 << place.length) - 1
            old = int.from_bytes(self.data[start : start + size], "little")
            new = old & ~(mask << place.position) | (value & mask) << place.position
            self.data[start : start + size] = new.to_bytes(size, "little")
        else:
            self.data[start : start + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
        return self

    def fill(self, **members: int | bytes) -> Record:
        """Store several top-level members that the build has; others are passed over."""
        for name, value in members.items():
            if self.structures.has(self.name, name):
                self.set(name, value)
        return self

    def offset(self, path: str) -> int:
        """Offset of a member, in bytes."""
        return self.structures.offset(self.name, path)


@lru_cache(maxsize=8)
def parse_structures(table: str, bits: int) -> Structures:
    """Parse a table in this module's notation."""
    types: dict[str, Structure] = {}
    enums: dict[str, Enumeration] = {}
    for entry in re.sub(r"\n +", " ", table.strip()).split("\n"):
        head, _, body = entry.partition(":")
        words = head.split()
        if words[0] == "enum":
            pairs = (item.split("=") for item in body.split())
            enums[words[1]] = Enumeration(words[1], words[2], {key: int(value) for key, value in pairs})
        else:
            members = dict(_member(item) for item in body.split(";") if item.strip())
            types[words[0]] = Structure(words[0], int(words[1], 16), "union" in words[2:], members)
    return Structures(bits, types, enums)


def _member(item: str) -> tuple[str, Member]:
    name, offset, kind = item.strip().split(" ", 2)
    return name, Member(int(offset, 16), kind)
