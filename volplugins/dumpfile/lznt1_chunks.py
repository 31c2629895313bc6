"""LZNT1 data as chunks, each of which unpacks by itself to 4 KiB: one page costs one chunk, not its whole block.

Layout: [MS-XCA] 2.5. A chunk begins with 16 bits: size - 3, a signature of 3, whether it is compressed; 0 ends
the data.
"""

from __future__ import annotations

from array import array

from dissect.util.compression import lznt1

CHUNK = 0x1000
_HEADER = 2
_SIZE, _SIGNATURE, _SIGNED, _COMPRESSED = 0x0FFF, 0x7000, 0x3000, 0x8000


def chunk_offsets(data: bytes | memoryview, most: int) -> array[int]:
    """Where each chunk begins, and last where the data end; up to the first chunk that is none.

    Args:
        most: chunks that the data may unpack to.
    """
    found = array("I", [0])
    at = 0
    while at + _HEADER <= len(data) and len(found) <= most:
        header = data[at] | data[at + 1] << 8
        end = at + (header & _SIZE) + 3
        if not header or header & _SIGNATURE != _SIGNED or end > len(data):
            break
        found.append(end)
        at = end
    return found


def unpacked_chunk(data: bytes) -> bytes:
    """The 4 KiB of one chunk, zeros behind what it gives, as Windows fills it; empty where it is damaged."""
    if len(data) < _HEADER:
        return b""
    if not data[1] & _COMPRESSED >> 8:
        return data[_HEADER:].ljust(CHUNK, b"\0")[:CHUNK]
    try:
        unpacked: bytes = lznt1.decompress(data)
    except Exception:  # whatever the package raises for damaged data
        return b""
    return unpacked[:CHUNK].ljust(CHUNK, b"\0")
