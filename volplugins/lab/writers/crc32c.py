"""CRC-32C (Castagnoli) of page-sized blocks, as the snappy framing format masks and stores it.

The polynomial: RFC 3720. A CRC is linear, so that of a chunk comes from those of its pages; all pages are worked on at
once, a byte position after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from volplugins.lab.machine.snapshot import PAGE

_POLYNOMIAL = 0x82F63B78
_ONES = 0xFFFFFFFF
_MASK_DELTA = 0xA282EAD8
_Words = NDArray[np.uint32]


@lru_cache(maxsize=1)
def _table() -> _Words:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(values & 1, values >> 1 ^ np.uint32(_POLYNOMIAL), values >> 1)
    return values.astype(np.uint32)


@lru_cache(maxsize=1)
def _over_a_page() -> list[list[int]]:
    """For each byte of a state: what every value of it becomes after a page of zeros."""
    state = (np.arange(256, dtype=np.uint32)[None, :] << np.array([0, 8, 16, 24], dtype=np.uint32)[:, None]).ravel()
    for _ in range(PAGE):
        state = _table()[state & 0xFF] ^ state >> 8
    return [[int(value) for value in row] for row in state.reshape(4, 256)]


def page_remainders(pages: Sequence[bytes]) -> list[int]:
    """The CRC register of each page from a register of zero, without the final inversion."""
    if not pages:
        return []
    columns = np.ascontiguousarray(np.frombuffer(b"".join(pages), dtype=np.uint8).reshape(len(pages), PAGE).T)
    state, table = np.zeros(len(pages), dtype=np.uint32), _table()
    for column in columns:
        state = table[(state ^ column) & 0xFF] ^ state >> 8
    return [int(value) for value in state]


def masked_crc(remainders: Iterable[int]) -> int:
    """The stored checksum of a chunk, from the remainders of its pages in order."""
    state, shift = _ONES, _over_a_page()
    for remainder in remainders:
        state = (
            shift[0][state & 0xFF] ^ shift[1][state >> 8 & 0xFF] ^ shift[2][state >> 16 & 0xFF] ^ shift[3][state >> 24]
        ) ^ remainder
    crc = state ^ _ONES
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _ONES
