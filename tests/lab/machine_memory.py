"""Small readers over a snapshot for tests: virtual memory by its page map, and a page-table walk of its own."""

from __future__ import annotations

from functools import lru_cache

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build

_X64, _PAE, _X86 = ((39, 9), (30, 9), (21, 9), (12, 9)), ((30, 2), (21, 9), (12, 9)), ((22, 10), (12, 10))


@lru_cache(maxsize=128)
def made(machine: str, fault: str = "driver-read", base: int = 0, host: int = 0) -> Snapshot:
    """A snapshot, made once per test run; tests do not change it."""
    return build(machine, fault, base, host)


def kernel_bytes(snapshot: Snapshot, address: int, size: int) -> bytes:
    """Bytes at a kernel address, through ``snapshot.virtual``."""
    parts = []
    while size > 0:
        start = address & 0xFFF
        take = min(size, 0x1000 - start)
        page = snapshot.pages.get(snapshot.virtual[address - start], bytes(0x1000))
        parts.append(page[start : start + take])
        address, size = address + take, size - take
    return b"".join(parts)


def pointer(snapshot: Snapshot, address: int) -> int:
    """A pointer at a kernel address."""
    return int.from_bytes(kernel_bytes(snapshot, address, snapshot.bits // 8), "little")


def lowest_entry(snapshot: Snapshot, directory: int, address: int) -> int:
    """The entry of the lowest table, or the one of a large page; 0 where a table on the way is absent."""
    levels = _X64 if snapshot.bits == 64 else _PAE if snapshot.pae else _X86
    width = 4 if levels is _X86 else 8
    table, entry = directory & ~0xFFF if snapshot.bits == 64 else directory, 0
    for depth, (shift, bits) in enumerate(levels):
        at = table + ((address >> shift) & ((1 << bits) - 1)) * width
        page = snapshot.pages.get(at >> 12, bytes(0x1000))
        entry = int.from_bytes(page[at & 0xFFF : (at & 0xFFF) + width], "little")
        if depth == len(levels) - 1 or (entry & 0x81 == 0x81 and (levels, depth) != (_PAE, 0)):
            return entry
        if not entry & 1:
            return 0
        table = entry & 0xFFFFFFFFFF000
    return entry


def user_bytes(snapshot: Snapshot, directory: int, address: int, size: int) -> bytes:
    """Bytes at a user address within one page."""
    at = translate(snapshot, directory, address)
    assert at is not None
    return snapshot.pages.get(at >> 12, bytes(0x1000))[at & 0xFFF : (at & 0xFFF) + size]


def translate(snapshot: Snapshot, directory: int, address: int) -> int | None:
    """Physical address behind a virtual one by walking the page tables; None where an entry is not present."""
    levels = _X64 if snapshot.bits == 64 else _PAE if snapshot.pae else _X86
    width = 4 if levels is _X86 else 8
    table = directory & ~0xFFF if snapshot.bits == 64 else directory
    for depth, (shift, bits) in enumerate(levels):
        at = table + ((address >> shift) & ((1 << bits) - 1)) * width
        page = snapshot.pages.get(at >> 12, bytes(0x1000))
        entry = int.from_bytes(page[at & 0xFFF : (at & 0xFFF) + width], "little")
        if not entry & 1:
            return None
        top_of_pae = levels is _PAE and depth == 0
        frame = entry & 0xFFFFFFFFFF000
        if entry & 0x80 and not top_of_pae and depth < len(levels) - 1:
            return (frame & ~((1 << shift) - 1)) | address & ((1 << shift) - 1)
        table = frame
    return table | address & 0xFFF
