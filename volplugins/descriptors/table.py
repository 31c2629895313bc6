"""Descriptor tables as they lie in memory: GDT, LDT and IDT, entry by entry, whatever their registers say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from volplugins.descriptors.descriptor import LONG_MODE, Descriptor, decode_descriptor, is_canonical, is_long_system
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

LARGEST_LIMIT = 0xFFFF  # the register has sixteen bits
VECTORS = 256
_ADDRESSES = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class TableRegister:
    """Where a table is: what GDTR, IDTR or an LDT's descriptor say.

    Attributes:
        base: linear address; limit: last byte, relative to it.
        notes: where both are from, and what is odd about them.
    """

    base: int
    limit: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Attributes:
        index: number of the entry: of the eight bytes in a GDT or LDT, of the vector in an IDT.
        descriptor: None where it cannot be read; ``note`` says why, ``last`` up to which entry.
    """

    index: int
    descriptor: Descriptor | None
    note: str = ""
    last: int = 0


@dataclass(slots=True)
class _Bytes:
    """A table's bytes, a page at a time; what cannot be read is known by its page."""

    memory: MemoryReader
    base: int
    end: int
    _pages: dict[int, bytes | str] = field(default_factory=dict)

    def at(self, offset: int, size: int) -> bytes | str:
        """The bytes there, fewer at the table's end; the reason where they cannot be read."""
        found = b""
        while size > 0 and offset < self.end:
            start = (self.base + offset) & (PAGE_SIZE - 1)
            take = min(size, PAGE_SIZE - start, self.end - offset)
            page = self._page(self.base + offset - start)
            part = page[start : start + take] if isinstance(page, bytes) else self._part(offset, take)
            if isinstance(part, str):
                return part
            found += part
            offset, size = offset + take, size - take
        return found

    def _part(self, offset: int, size: int) -> bytes | str:
        """A part of a page that is not there as a whole: small dumps hold pieces of any length."""
        try:
            return self.memory.read((self.base + offset) & _ADDRESSES, size)
        except ReadError as error:
            return error.reason

    def _page(self, page: int) -> bytes | str:
        if page not in self._pages:
            try:
                self._pages[page] = self.memory.read(page & _ADDRESSES, PAGE_SIZE)
            except ReadError as error:
                self._pages[page] = error.reason
        return self._pages[page]


def read_segments(memory: MemoryReader, table: TableRegister, virtual_bits: int) -> Iterator[Entry]:
    """The entries of a GDT or LDT that are not zero, in order; entries that cannot be read once per stretch.

    Args:
        virtual_bits: 32 outside of long mode, else 48 or 57.
    """
    data, offset = _Bytes(memory, table.base, min(table.limit, LARGEST_LIMIT) + 1), 0
    while offset + 8 <= data.end:
        first = data.at(offset, 8)
        if isinstance(first, str):
            stretch = _unread(data, offset, 8, first)
            yield stretch
            offset = 8 * (stretch.last + 1)
            continue
        wide = is_long_system(int.from_bytes(first, "little"), virtual_bits)
        whole = data.at(offset, 16) if wide else first
        if isinstance(whole, str):
            yield Entry(offset // 8, None, f"its upper half cannot be read: {whole}", offset // 8)
        elif any(first):
            yield Entry(offset // 8, decode_descriptor(whole, virtual_bits))
        offset += 16 if wide else 8


def read_gates(memory: MemoryReader, table: TableRegister, virtual_bits: int) -> Iterator[Entry]:
    """The entries of an IDT that are not zero, 256 at most; entries that cannot be read once per stretch."""
    size = 16 if virtual_bits >= LONG_MODE else 8
    data, offset = _Bytes(memory, table.base, min(table.limit + 1, VECTORS * size)), 0
    while offset + size <= data.end:
        found = data.at(offset, size)
        if isinstance(found, str):
            stretch = _unread(data, offset, size, found)
            yield stretch
            offset = size * (stretch.last + 1)
            continue
        if any(found):
            yield Entry(offset // size, decode_descriptor(found, virtual_bits))
        offset += size


def _unread(data: _Bytes, offset: int, size: int, reason: str) -> Entry:
    """The stretch of entries from ``offset`` on that the same reason keeps from being read."""
    first = last = offset // size
    while (last + 2) * size <= data.end and data.at((last + 1) * size, size) == reason:
        last += 1
    return Entry(first, None, reason, last)


def register_notes(table: TableRegister, virtual_bits: int, size: int) -> list[str]:
    """What is wrong with a table's register.

    Args:
        size: bytes of an entry: 8, or 16 in an IDT of long mode.
    """
    notes = []
    if virtual_bits >= LONG_MODE and not is_canonical(table.base, virtual_bits):
        notes.append("the base is not canonical")
    if not table.base:
        notes.append("the base is null")
    if (table.limit + 1) % size:
        notes.append(f"the limit {table.limit:#x} ends within an entry")
    if table.limit > LARGEST_LIMIT:
        notes.append(f"a limit of {table.limit:#x} is cut to sixteen bits")
    return notes
