"""Kernel pool of a made-up machine: blocks with pool headers, and executive objects with their headers."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.lab.machine.address_space import AddressSpace
from volplugins.lab.structures.notation import Record, Structures

PAGE = 0x1000


@dataclass(slots=True)
class Pool:
    """Hands out blocks from a range of nonpaged pool; nothing is ever freed.

    Attributes:
        object_types: name of an object type to the address of its _OBJECT_TYPE (Windows XP keeps it in the header).
        type_indexes: name of an object type to its index in ObTypeIndexTable.
        protected: whether tags of executive objects have their highest bit set, as before Windows 8.
        cookie: ObHeaderCookie, with which Windows 10 hides the type index; zero before.
    """

    space: AddressSpace
    structures: Structures
    next: int
    end: int
    cookie: int = 0
    object_types: dict[str, int] = field(default_factory=dict)
    type_indexes: dict[str, int] = field(default_factory=dict)
    protected: bool = False

    def allocate(self, size: int, tag: str) -> int:
        """Address of a fresh block of ``size`` bytes; what exceeds a page is page-aligned and has no header."""
        unit = self.structures.size("_POOL_HEADER")
        whole = (size + 2 * unit - 1) // unit * unit
        if whole > PAGE - unit:
            return self._big(size)
        if self.next % PAGE + whole > PAGE:
            self.next = (self.next + PAGE - 1) & -PAGE
        start = self.next
        self.next += whole
        self.space.map(start, whole, "data")
        self._header(start, whole // unit, tag)
        return start + unit

    def store(self, data: bytes | bytearray, tag: str) -> int:
        """A block that holds ``data``."""
        address = self.allocate(len(data), tag)
        self.space.write(address, bytes(data))
        return address

    def text(self, value: str, tag: str = "Name") -> bytes:
        """A _UNICODE_STRING, its buffer in the pool."""
        data = value.encode("utf-16-le")
        width = self.structures.bits // 8
        head = len(data).to_bytes(2, "little") + (len(data) + 2).to_bytes(2, "little") + bytes(width - 4)
        return head + self.store(data + b"\0\0", tag).to_bytes(width, "little")

    def allocate_object(self, size: int, tag: str, kind: str, name: str = "") -> int:
        """Address of an executive object's body, with its object header (name and quota information) before it."""
        body = self.structures.offset("_OBJECT_HEADER", "Body")
        quota = self._quota_size()
        named = self.structures.size("_OBJECT_HEADER_NAME_INFO") if name else 0
        block = self.allocate(size + body + quota + named, self._object_tag(tag))
        header = Record(self.structures, "_OBJECT_HEADER")
        header.fill(PointerCount=3, HandleCount=1, NameInfoOffset=named)
        at = block + quota + named
        if named:
            record = Record(self.structures, "_OBJECT_HEADER_NAME_INFO").set("Name", self.text(name))
            self.space.write(block + quota, bytes(record.data))
        if self.structures.has("_OBJECT_HEADER", "TypeIndex"):
            hidden = self.type_indexes[kind] ^ self.cookie ^ ((at >> 8) & 0xFF if self.cookie else 0)
            header.fill(TypeIndex=hidden, InfoMask=(8 if quota else 0) | (2 if named else 0))
        else:
            header.fill(Type=self.object_types.get(kind, 0))
        self.space.write(at, bytes(header.data[:body]))
        return at + body

    def set_directory(self, body: int, directory: int) -> None:
        """Let the name of a named object say which directory it is in; ``body`` is the object's address."""
        record = self.structures.size("_OBJECT_HEADER_NAME_INFO")
        at = body - self.structures.offset("_OBJECT_HEADER", "Body") - record
        at += self.structures.offset("_OBJECT_HEADER_NAME_INFO", "Directory")
        self.space.write(at, directory.to_bytes(self.structures.bits // 8, "little"))

    def _object_tag(self, tag: str) -> str:
        return tag[:3] + chr(ord(tag[3]) | 0x80) if self.protected else tag

    def _quota_size(self) -> int:
        name = "_OBJECT_HEADER_QUOTA_INFO"
        return self.structures.size(name) if self.structures.has(name) else 0

    def _big(self, size: int) -> int:
        start = (self.next + PAGE - 1) & -PAGE
        self.next = (start + size + PAGE - 1) & -PAGE
        self.space.map(start, size, "data")
        return start

    def _header(self, address: int, units: int, tag: str) -> None:
        header = Record(self.structures, "_POOL_HEADER")
        # nonpaged: 2 since Vista, 1 before (the stored value is the pool type plus one on Windows XP)
        vista = self.structures.has("_OBJECT_HEADER", "TypeIndex")
        header.fill(BlockSize=units, PoolType=2 if vista else 1, PoolTag=tag.encode("latin-1"))
        self.space.write(address, bytes(header.data))
