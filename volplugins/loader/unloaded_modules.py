"""The kernel's record of unloaded drivers (MmUnloadedDrivers): a ring of fifty entries.

Entry layout: UNICODE_STRING Name, StartAddress, EndAddress, CurrentTime (observation; the same in volatility3's
unloadedmodules tables).
"""

from __future__ import annotations

from volplugins.loader.kernel_modules import Names
from volplugins.loader.module import Module
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

RING = 50


def read_unloaded_modules(memory: MemoryReader, pointer: int, bits: int) -> tuple[Module, ...]:
    """Modules of the ring whose address is stored at ``pointer`` (the symbol MmUnloadedDrivers), oldest slot first.

    Unreadable entries are left out; an unreadable ring gives none. A name that cannot be read costs the name alone.
    """
    width = bits // 8
    entry_size = 0x28 if bits == 64 else 0x18
    try:
        ring = int.from_bytes(memory.read(pointer, width), "little")
    except ReadError:
        return ()
    modules, names = [], Names(memory)
    for slot in range(RING if ring else 0):
        module = _entry(memory, names, ring + slot * entry_size, entry_size, width)
        if module is not None:
            modules.append(module)
    return tuple(modules)


def _entry(memory: MemoryReader, names: Names, address: int, entry_size: int, width: int) -> Module | None:
    try:
        data = memory.read(address, entry_size)
    except ReadError:
        return None
    start = int.from_bytes(data[2 * width : 3 * width], "little")
    end = int.from_bytes(data[3 * width : 4 * width], "little")
    if not start or end <= start:
        return None
    name, note = "", ""
    try:
        name = names.text(data[: 2 * width])
    except ReadError as error:
        if start % PAGE_SIZE or start >> (8 * width - 1) != 1:
            return None
        note = f"Name unreadable ({error.reason})"
    when = int.from_bytes(data[4 * width : 4 * width + 8], "little")
    return Module(start, end - start, name, "", None, None, "unloaded", address, note, when)
