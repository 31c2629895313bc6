"""Members of large structures, each read by itself: a page that is absent costs what lies in it alone."""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout


def read_word(memory: MemoryReader, address: int, size: int) -> int | None:
    """The number of ``size`` bytes there; None where it cannot be read."""
    try:
        return int.from_bytes(memory.read(address, size), "little")
    except ReadError:
        return None


def read_member(memory: MemoryReader, address: int, layout: Layout, name: str, size: int = 0) -> int | None:
    """A member of the structure at ``address``; None where the layout lacks it or it cannot be read.

    Args:
        size: how many of its bytes are read; 0: all.
    """
    if name in layout.bits:
        at, length, lowest, width = layout.bits[name]
        word = read_word(memory, address + at, length)
        return None if word is None else word >> lowest & ((1 << width) - 1)
    if name not in layout.members:
        return None
    at, length = layout.members[name]
    return read_word(memory, address + at, min(size or length, length))


def is_kernel_address(address: int | None, bits: int) -> bool:
    """Whether a pointer leads into the kernel's half of the address space."""
    return address is not None and address >> (bits - 1) == 1
