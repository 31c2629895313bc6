"""A written complete dump read back with nothing but its own bytes: header, runs, page tables.

Offsets: Microsoft's public metadata for DUMP_HEADER64 and DUMP_HEADER32; page tables: Intel SDM volume 3A, chapter 4.
"""

from __future__ import annotations

import struct
from pathlib import Path

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers import write

_X64, _PAE, _X86 = ((39, 9), (30, 9), (21, 9), (12, 9)), ((30, 2), (21, 9), (12, 9)), ((22, 10), (12, 10))


class DumpBytes:
    """A complete dump's virtual memory as its own page tables give it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.wide = data[4:8] == b"DU64"
        self.word = 8 if self.wide else 4
        self.code, *self.parameters = self._bugcheck()
        self.context = data[0x348:] if self.wide else data[0x320:]
        directory, block, self._start = (0x10, 0x88, 0x2000) if self.wide else (0x10, 0x64, 0x1000)
        self._directory = self._integer(directory)
        self._levels = _X64 if self.wide else _PAE if data[0x5C] else _X86
        self._offsets: dict[int, int] = {}
        at, pages = block + 2 * self.word, 0
        for _ in range(struct.unpack_from("<I", data, block)[0]):
            base, count = self._integer(at), self._integer(at + self.word)
            for number in range(count):
                self._offsets[base + number] = self._start + 0x1000 * (pages + number)
            at, pages = at + 2 * self.word, pages + count

    def _bugcheck(self) -> tuple[int, ...]:
        return struct.unpack_from("<I4x4Q" if self.wide else "<5I", self._data, 0x38 if self.wide else 0x28)

    def _integer(self, offset: int) -> int:
        return int.from_bytes(self._data[offset : offset + self.word], "little")

    def _physical(self, address: int, size: int) -> bytes:
        at = self._offsets[address >> 12] + (address & 0xFFF)
        return self._data[at : at + size]

    def _translate(self, address: int) -> int | None:
        width = 4 if self._levels is _X86 else 8
        table = self._directory & ~(0xFFF if self._levels is not _PAE else 0x1F)
        for depth, (shift, bits) in enumerate(self._levels):
            at = table + (address >> shift & ((1 << bits) - 1)) * width
            entry = int.from_bytes(self._physical(at, width), "little")
            if not entry & 1:
                return None
            table = entry & 0xFFFFFFFFFF000
            last = depth == len(self._levels) - 1
            if not last and entry & 0x80 and not (self._levels is _PAE and depth == 0):
                return table & ~((1 << shift) - 1) | address & ((1 << shift) - 1)
        return table | address & 0xFFF

    def entry(self, address: int) -> int:
        """The lowest page-table entry of an address."""
        width = 4 if self._levels is _X86 else 8
        table = self._directory & ~(0xFFF if self._levels is not _PAE else 0x1F)
        entry = 0
        for shift, bits in self._levels:
            at = table + (address >> shift & ((1 << bits) - 1)) * width
            entry = int.from_bytes(self._physical(at, width), "little")
            table = entry & 0xFFFFFFFFFF000
        return entry

    def is_mapped(self, address: int) -> bool:
        """Whether the page tables lead anywhere."""
        return self._translate(address) is not None

    def read(self, address: int, size: int) -> bytes:
        """Bytes at a virtual address within one page."""
        at = self._translate(address)
        assert at is not None, hex(address)
        return self._physical(at, size)

    def pointer(self, address: int) -> int:
        """A pointer at a virtual address."""
        return int.from_bytes(self.read(address, self.word), "little")

    def number(self, address: int, size: int) -> int:
        """An unsigned integer at a virtual address."""
        return int.from_bytes(self.read(address, size), "little")


def full_dump(snapshot: Snapshot, folder: Path) -> DumpBytes:
    """The snapshot written as a complete dump, and that dump's bytes."""
    path = write(snapshot, "full", folder / "full.dmp")
    data = path.read_bytes()
    path.unlink()
    return DumpBytes(data)
