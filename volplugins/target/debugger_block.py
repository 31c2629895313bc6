"""The debugger data block in the kernel's own data: in clear, or encoded as 64-bit Windows 8 and later keep it.

The encoding of each word e is: v = rol(e ^ KiWaitNever, KiWaitNever & 0xFF); v = bswap(v ^ (&KdpDataBlockEncoded | …));
plain = v ^ KiWaitAlways (volatility 2's win8_kdbg). All three values are the same for every word. So for any two words
plain1 ^ plain2 = bswap(rol(e1 ^ e2, n)) with one unknown, the rotation n of 64: two words known in plain (the
tag with a size, and the kernel's base) find block and rotation, and every other word follows from them. No symbol and
no signature of code is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from volplugins.image.headers import ImageHeaders
from volplugins.kernel.debugger_data import OWNER_TAG
from volplugins.memory.reader import MemoryReader
from volplugins.target.kernel_data import OVERLAP, SearchLimit, data_pieces
from volplugins.target.search_log import SearchLog

_TAG, _BASE = 0x10, 0x18  # offsets of OwnerTag with Size, and of KernBase
_SIZES = range(0x290, 0x500, 8)  # what the block's size has been, with room for what is to come
_U = np.uint64
_Words = npt.NDArray[np.uint64]


class DebuggerBlock(NamedTuple):
    """The block: where it lies, its bytes in clear, and how it was had."""

    address: int
    data: bytes
    how: str


class BlockSearch(NamedTuple):
    """What a search came to: the block, or None; ``cut``: why the search ended early, empty where it did not."""

    block: DebuggerBlock | None
    cut: str = ""


def find_block(memory: MemoryReader, kernel: ImageHeaders, log: SearchLog) -> BlockSearch:
    """The block of this kernel, where one of its data sections holds one that fits.

    Args:
        log: gives the search as long as it gave that for the kernel, and is told where that is too short.
    """
    log.next_part()
    limit = SearchLimit(log)
    keys = _keys(kernel.base) if kernel.bits == 64 else {}
    for start, data in data_pieces(memory, kernel, limit):
        found = _in_clear(start, data, kernel, limit) or _encoded(start, data, kernel, keys, limit)
        if found is not None:
            return BlockSearch(found)
        if limit.cut:
            break
    return BlockSearch(None, limit.cut)


def _in_clear(start: int, data: bytes, kernel: ImageHeaders, limit: SearchLimit) -> DebuggerBlock | None:
    mask = (1 << kernel.bits) - 1
    at = data.find(OWNER_TAG)
    while at >= 0 and limit.takes_hit():
        first = at - _TAG
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        base = int.from_bytes(data[first + _BASE : first + _BASE + 8], "little") & mask
        whole = _SIZES.start - 0x100 <= size <= min(OVERLAP, len(data) - first)
        if first >= 0 and base == kernel.base and whole:
            return DebuggerBlock(start + first, data[first : first + size], "in clear in the kernel's data")
        at = data.find(OWNER_TAG, at + 1)
    return None


def _encoded(
    start: int, data: bytes, kernel: ImageHeaders, wanted: dict[int, tuple[int, int]], limit: SearchLimit
) -> DebuggerBlock | None:
    words = np.frombuffer(data, "<u8", len(data) // 8)
    for first, size, turn in _hits(words, wanted):
        if not limit.takes_hit():
            return None
        block = words[first : first + size // 8]
        if len(block) * 8 < size:
            continue
        plain = _decoded(block, turn, kernel.base)
        if _tag_word(size) == int(plain[_TAG // 8]) and _plausible(plain, kernel):
            how = "encoded in the kernel's data; decoded by its tag and the kernel's base"
            return DebuggerBlock(start + first * 8, plain.tobytes(), how)
    return None


def _keys(base: int) -> dict[int, tuple[int, int]]:
    """Size and rotation by how the encoded words of tag and base differ."""
    return {
        _rotated_right(_swapped(_tag_word(size) ^ base), turn): (size, turn) for size in _SIZES for turn in range(64)
    }


def _hits(words: _Words, wanted: dict[int, tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Where two words differ as those of tag and base: index of the block's first word, its size, the rotation."""
    if len(words) < 8 or not wanted:
        return
    pairs = words[_TAG // 8 : -1] ^ words[_BASE // 8 :]
    keys = np.array(sorted(wanted), dtype=_U)
    places = np.clip(np.searchsorted(keys, pairs), 0, len(keys) - 1)
    for first in np.flatnonzero(keys[places] == pairs):
        yield int(first), *wanted[int(pairs[first])]


def _decoded(block: _Words, turn: int, base: int) -> _Words:
    """Every word by its difference from that of KernBase."""
    unlike = block ^ block[_BASE // 8]
    if turn:
        unlike = (unlike << _U(turn)) | (unlike >> _U(64 - turn))
    plain: _Words = unlike.byteswap() ^ _U(base)
    return plain


def _plausible(plain: _Words, kernel: ImageHeaders) -> bool:
    """Whether the list heads lie in the kernel's image, as those of every build do."""
    heads = [int(plain[at // 8]) for at in (0x48, 0x50)]
    return all(0 < head - kernel.base < kernel.size_of_image for head in heads)


def _tag_word(size: int) -> int:
    return int.from_bytes(OWNER_TAG, "little") | size << 32


def _swapped(value: int) -> int:
    return int.from_bytes(value.to_bytes(8, "little"), "big")


def _rotated_right(value: int, turn: int) -> int:
    return (value >> turn | value << (64 - turn)) & 0xFFFF_FFFF_FFFF_FFFF if turn else value
