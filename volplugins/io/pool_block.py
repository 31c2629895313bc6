"""The header of a pool block: its tag, and whether the block is free.

Requests of the I/O manager have the tag `Irp ` (pooltag.txt of the Debugging Tools). PoolType is zero in the header of
a free block in every build (POOL_HEADER of public symbol tables).
"""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError

REQUEST_TAG = "Irp "
POOL_HEADER = {64: 16, 32: 8}  # bytes; blocks are aligned so
_PAGE = 0x1000


def block_of(header: bytes, bits: int) -> tuple[str, bool]:
    """The tag (empty: this is no pool header) and whether the block is free, from the header's bytes."""
    kind = header[3] if bits == 64 else header[3] >> 1
    tag = header[4:8]
    if not all(0x20 <= each < 0x7F for each in tag):
        return "", False
    return tag.decode("ascii"), kind == 0


def block_before(memory: MemoryReader, address: int, bits: int) -> tuple[str, bool]:
    """The same of the block whose body is at ``address``; nothing where that begins a page, or cannot be read."""
    size = POOL_HEADER[bits]
    if address & (_PAGE - 1) < size:
        return "", False
    try:
        return block_of(memory.read(address - size, size), bits)
    except ReadError:
        return "", False
