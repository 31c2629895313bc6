"""Headers of pool blocks: the size of each block is in its own header and, as PreviousSize, in the next one's.

Layout: _POOL_HEADER of the public symbol tables, the same from Windows XP to 11 for blocks below a page: x64 one byte
each for PreviousSize, PoolIndex, BlockSize and PoolType, in units of 16 bytes; x86 nine, seven, nine and seven bits, in
units of 8. The tag follows.
"""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError

_UNIT = {64: 16, 32: 8}
_BITS = {64: 8, 32: 9}
_PAGE = 0x1000


def flipped_block_size(memory: MemoryReader, block: int, bits: int) -> str:
    """In words, which bit of the block's size is wrong: with it flipped, the next block fits. Empty where none is."""
    found = _header(memory, block, bits)
    if found is None:
        return ""
    _, size = found
    unit = _UNIT[bits]
    following = _header(memory, block + size * unit, bits) if size else None
    if following is not None and following[0] == size:
        return ""  # it fits as it is
    for bit in range(_BITS[bits]):
        right = size ^ (1 << bit)
        if not 0 < right * unit <= _PAGE - block % _PAGE:
            continue
        following = _header(memory, block + right * unit, bits)
        if following is not None and following[0] == right:
            return (f"the pool block at {block:#x} says that it has {size:#x} units of {unit} bytes; with bit {bit} "
                    f"flipped, {right:#x}, it fits what the block behind it remembers")  # fmt: skip
    return ""


def _header(memory: MemoryReader, address: int, bits: int) -> tuple[int, int] | None:
    """PreviousSize and BlockSize; None where no header can be read, or its tag is no text."""
    try:
        data = memory.read(address, 8)
    except ReadError:
        return None
    if not all(0x20 <= byte & 0x7F < 0x7F for byte in data[4:8]):
        return None
    if bits == 64:
        return data[0], data[2]
    word = int.from_bytes(data[:4], "little")
    return word & 0x1FF, word >> 16 & 0x1FF
