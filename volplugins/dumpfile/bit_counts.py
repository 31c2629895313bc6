"""How many bits are set in each word of a bitmap: numpy's own function since 2.0, additions before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_PAIRS, _FOURS, _BYTES = (np.uint64(mask) for mask in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F))
_EACH_BYTE = np.uint64(0x0101010101010101)
_AT_ONCE = 1 << 16  # words: the work fits a processor's cache
_COUNT = getattr(np, "bitwise_count", None)


def as_words(bitmap: bytes) -> Words:
    """The bitmap as 64-bit words, lowest PFN in the lowest bit, zeros behind its end."""
    return np.frombuffer(bitmap.ljust(-(-len(bitmap) // 8) * 8, b"\0"), dtype="<u8").astype(np.uint64, copy=False)


def bits_set(words: Words) -> npt.NDArray[np.int64]:
    """How many bits are set in each word."""
    counts = np.empty(len(words), dtype=np.int64)
    if _COUNT is not None:
        counts[:] = _COUNT(words)
        return counts
    for start in range(0, len(words), _AT_ONCE):
        counts[start : start + _AT_ONCE] = _added_up(words[start : start + _AT_ONCE])
    return counts


def _added_up(words: Words) -> Words:
    """The sums of pairs, fours and bytes of bits, in place of the bits themselves; then of the bytes."""
    one, two, four, last = (np.uint64(shift) for shift in (1, 2, 4, 56))
    words = words - (words >> one & _PAIRS)
    words = (words & _FOURS) + (words >> two & _FOURS)
    words = words + (words >> four) & _BYTES
    sums: Words = words * _EACH_BYTE >> last
    return sums
