"""A small reader of the I/O system's structures in a snapshot, by the offsets of the public symbol tables."""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab.machine_memory import kernel_bytes, pointer
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot


class Reader:
    """Structures in a snapshot's memory by the offsets of the public symbol tables."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.layouts = PROFILES[snapshot.machine].structures
        self.width = snapshot.bits // 8
        self.symbols = snapshot.truth["symbols"]["nt"]
        self.base = next(each["base"] for each in snapshot.truth["modules"] if each["name"] == "nt")

    def pointer(self, at: int, structure: str = "", path: str = "") -> int:
        return pointer(self.snapshot, at + (self.layouts.offset(structure, path) if path else 0))

    def number(self, at: int, structure: str, path: str) -> int:
        member = self.layouts.locate(structure, path)
        data = kernel_bytes(self.snapshot, at + member.offset, self.layouts.size_of(member.type))
        value = int.from_bytes(data, "little")
        if member.type.count(":") == 2:
            _, position, length = member.type.split(":")
            return value >> int(position) & ((1 << int(length)) - 1)
        return value

    def text(self, at: int) -> str:
        length = int.from_bytes(kernel_bytes(self.snapshot, at, 2), "little")
        return kernel_bytes(self.snapshot, self.pointer(at + self.width), length).decode("utf-16-le") if length else ""

    def variable(self, name: str) -> int:
        return self.pointer(self.base + self.symbols[name])

    def linked(self, head: int) -> list[int]:
        """The entries of a circular list, forwards; it is the same backwards."""
        forwards, at = [], self.pointer(head)
        while at != head:
            assert self.pointer(self.pointer(at) + self.width) == at
            forwards.append(at)
            at = self.pointer(at)
        return forwards

    def header(self, body: int) -> tuple[str, str, int]:
        """Type, name and directory of an object, as its header says."""
        header = body - self.layouts.offset("_OBJECT_HEADER", "Body")
        if self.layouts.has("_OBJECT_HEADER", "TypeIndex"):
            index = self.number(header, "_OBJECT_HEADER", "TypeIndex")
            if "ObHeaderCookie" in self.symbols:
                index ^= (self.variable("ObHeaderCookie") & 0xFF) ^ (header >> 8 & 0xFF)
            kind = self.pointer(self.base + self.symbols["ObTypeIndexTable"] + index * self.width)
            mask = self.number(header, "_OBJECT_HEADER", "InfoMask")
            creator = self.layouts.size("_OBJECT_HEADER_CREATOR_INFO") if mask & 1 else 0
            back = creator + self.layouts.size("_OBJECT_HEADER_NAME_INFO") if mask & 2 else 0
        else:
            kind = self.pointer(header, "_OBJECT_HEADER", "Type")
            back = self.number(header, "_OBJECT_HEADER", "NameInfoOffset")
        info = header - back
        kind_name = self.text(kind + self.layouts.offset("_OBJECT_TYPE", "Name"))
        if not back:
            return kind_name, "", 0
        name = self.text(info + self.layouts.offset("_OBJECT_HEADER_NAME_INFO", "Name"))
        return kind_name, name, self.pointer(info, "_OBJECT_HEADER_NAME_INFO", "Directory")

    def directory(self, at: int) -> Iterator[tuple[int, int]]:
        """(bucket, object) of a directory's entries."""
        table = self.layouts.offset("_OBJECT_DIRECTORY", "HashBuckets")
        for bucket in range(37):
            entry = self.pointer(at + table + bucket * self.width)
            while entry:
                yield bucket, self.pointer(entry, "_OBJECT_DIRECTORY_ENTRY", "Object")
                entry = self.pointer(entry, "_OBJECT_DIRECTORY_ENTRY", "ChainLink")

    def objects(self, at: int, path: str = "") -> Iterator[tuple[str, str, int]]:
        """(path, type, address) of everything below a directory."""
        for bucket, body in self.directory(at):
            kind, name, directory = self.header(body)
            assert directory == at
            assert bucket == bucket_of(name)
            yield f"{path}\\{name}", kind, body
            if kind == "Directory":
                yield from self.objects(body, f"{path}\\{name}")


def bucket_of(name: str) -> int:
    value = 0
    for letter in name.upper():
        value = (value * 3 + value // 2 + ord(letter)) % (1 << 32)
    return value % 37
