"""The driver list of a small dump, its string pool, and the unloaded drivers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.lab.writers.kernel_memory import KernelMemory
from volplugins.lab.writers.triage_layout import LAYOUTS

_MOST_DRIVERS = 2048
_MOST_UNLOADED = 50  # the kernel's array has no more
_UNLOADED_CHARACTERS = 12

# KLDR_DATA_TABLE_ENTRY, alike from Windows XP to 11: DllBase, SizeOfImage, FullDllName.
_ENTRY = {64: (0x30, 0x40, 0x48), 32: (0x18, 0x20, 0x24)}
# In the image's own headers, from the NT headers on: TimeDateStamp and CheckSum.
_NT_HEADERS, _TIME_STAMP, _CHECK_SUM = 0x3C, 0x8, 0x58


@dataclass(frozen=True, slots=True)
class Driver:
    """A loaded kernel module: virtual addresses, size in bytes, and what its headers say."""

    name: str
    base: int
    size: int
    check_sum: int
    time_stamp: int


def loaded_drivers(memory: KernelMemory, head: int) -> Iterator[Driver]:
    """Walk PsLoadedModuleList from its head, in load order; stops at what is not mapped."""
    base_at, size_at, name_at = _ENTRY[memory.bits]
    entry = memory.number(head)
    for _ in range(_MOST_DRIVERS):
        if entry in (0, head):
            return
        base = memory.number(entry + base_at)
        nt = base + memory.number(base + _NT_HEADERS, 4)
        yield Driver(
            name=memory.text(entry + name_at),
            base=base,
            size=memory.number(entry + size_at, 4),
            check_sum=memory.number(nt + _CHECK_SUM, 4),
            time_stamp=memory.number(nt + _TIME_STAMP, 4),
        )
        entry = memory.number(entry)


def pack_strings(drivers: list[Driver], start: int) -> tuple[list[int], bytes]:
    """The string pool: a count of characters, the characters, a NUL each; and every name's offset in the file."""
    pool, offsets = bytearray(), []
    for driver in drivers:
        offsets.append(start + len(pool))
        characters = driver.name.encode("utf-16-le")
        pool += struct.pack("<I", len(characters) // 2) + characters + b"\0\0"
        pool += bytes(-len(pool) % 8)
    return offsets, bytes(pool)


def pack_drivers(drivers: list[Driver], name_offsets: list[int], bits: int) -> bytes:
    """The driver list. Windows fills in few members of each entry, and so does this."""
    layout = LAYOUTS[bits]
    packed = bytearray(len(drivers) * layout.driver_size)
    for index, (driver, name_offset) in enumerate(zip(drivers, name_offsets, strict=True)):
        values = {
            "DriverNameOffset": name_offset,
            "DllBase": driver.base,
            "SizeOfImage": driver.size,
            "CheckSum": driver.check_sum,
            "TimeDateStamp": driver.time_stamp,
        }
        for name, value in values.items():
            offset, size = layout.driver[name]
            start = index * layout.driver_size + offset
            packed[start : start + size] = value.to_bytes(size, "little")
    return bytes(packed)


def pack_unloaded(memory: KernelMemory, array_pointer: int) -> bytes:
    """DUMP_UNLOADED_DRIVERS: a count and the entries of the array that MmUnloadedDrivers points to."""
    bits, word = memory.bits, memory.word
    layout = LAYOUTS[bits]
    array = memory.number(array_pointer) if array_pointer else 0
    entries = []
    for index in range(_MOST_UNLOADED if array else 0):
        source = array + index * layout.kernel_unloaded_size
        if not (name := memory.text(source)[:_UNLOADED_CHARACTERS]):
            break
        entry = bytearray(layout.unloaded_size)
        characters = name.encode("utf-16-le")
        struct.pack_into("<HH", entry, 0, len(characters), len(characters))
        entry[layout.unloaded_name : layout.unloaded_name + len(characters)] = characters
        limits = memory.read(source + 2 * word, 2 * word) or bytes(2 * word)
        entry[layout.unloaded_range : layout.unloaded_range + 2 * word] = limits
        entries.append(bytes(entry))
    return len(entries).to_bytes(word, "little") + b"".join(entries)
