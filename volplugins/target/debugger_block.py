"""The debugger data block in the kernel's own data: in clear, or encoded as 64-bit Windows 8 and later keep it.

The encoding of each word e is: v = rol(e ^ KiWaitNever, KiWaitNever & 0xFF); v = bswap(v ^ (&KdpDataBlockEncoded | …));
plain = v ^ KiWaitAlways (volatility 2's win8_kdbg). All three values are the same for every word. So for any two words
plain1 ^ plain2 = bswap(rol(e1 ^ e2, n)) with one unknown, the rotation n of 64: two words known in plain (the
tag with a size, and the kernel's base) find block and rotation, and every other word follows from them. No symbol and
no signature of code is needed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from volplugins.image.headers import ImageHeaders
from volplugins.kernel.debugger_data import OWNER_TAG
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

_TAG, _BASE = 0x10, 0x18  # offsets of OwnerTag with Size, and of KernBase
_SIZES = range(0x290, 0x500, 8)  # what the block's size has been, with room for what is to come
_MOST_DATA = 64 << 20  # of one section
_U = np.uint64
_Words = npt.NDArray[np.uint64]


class DebuggerBlock(NamedTuple):
    """The block: where it lies, its bytes in clear, and how it was had."""

    address: int
    data: bytes
    how: str


def find_block(memory: MemoryReader, kernel: ImageHeaders) -> DebuggerBlock | None:
    """The block of this kernel; None where none of its data sections holds one that fits."""
    found = None
    for start, data in _sections(memory, kernel):
        found = _in_clear(start, data, kernel) or (_encoded(start, data, kernel) if kernel.bits == 64 else None)
        if found is not None:
            break
    return found


def _sections(memory: MemoryReader, kernel: ImageHeaders) -> Iterator[tuple[int, bytes]]:
    """Sections of data, those that may be written first; pages that are not there are zeros."""
    parts = [each for each in kernel.sections if not each.executable and each.virtual_size]
    parts.sort(key=lambda each: not each.passing)
    for part in parts or ():
        size = min(part.virtual_size, _MOST_DATA, max(kernel.size_of_image - part.rva, 0))
        yield kernel.base + part.rva, _padded(memory, kernel.base + part.rva, size)
    if not parts:
        yield kernel.base, _padded(memory, kernel.base, min(kernel.size_of_image, _MOST_DATA))


def _padded(memory: MemoryReader, start: int, size: int) -> bytes:
    data = bytearray(size)
    at = 0
    while at < size:
        step = min(PAGE_SIZE - (start + at) % PAGE_SIZE, size - at)
        with contextlib.suppress(ReadError):
            data[at : at + step] = memory.read(start + at, step)
        at += step
    return bytes(data)


def _in_clear(start: int, data: bytes, kernel: ImageHeaders) -> DebuggerBlock | None:
    mask = (1 << kernel.bits) - 1
    at = data.find(OWNER_TAG)
    while at >= 0:
        first = at - _TAG
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        base = int.from_bytes(data[first + _BASE : first + _BASE + 8], "little") & mask
        if first >= 0 and base == kernel.base and size >= _SIZES.start - 0x100 and first + size <= len(data):
            return DebuggerBlock(start + first, data[first : first + size], "in clear in the kernel's data")
        at = data.find(OWNER_TAG, at + 1)
    return None


def _encoded(start: int, data: bytes, kernel: ImageHeaders) -> DebuggerBlock | None:
    words = np.frombuffer(data, "<u8", len(data) // 8)
    if len(words) < 8:
        return None
    pairs = words[_TAG // 8 : -1] ^ words[_BASE // 8 :]
    wanted = {
        _rotated_right(_swapped(_tag_word(size) ^ kernel.base), turn): (size, turn)
        for size in _SIZES
        for turn in range(64)
    }
    keys = np.array(sorted(wanted), dtype=_U)
    places = np.clip(np.searchsorted(keys, pairs), 0, len(keys) - 1)
    for first in np.flatnonzero(keys[places] == pairs).tolist():
        size, turn = wanted[int(pairs[first])]
        block = words[first : first + size // 8]
        if len(block) * 8 < size:
            continue
        plain = _decoded(block, turn, kernel.base)
        if _tag_word(size) == int(plain[_TAG // 8]) and _plausible(plain, kernel):
            how = "encoded in the kernel's data; decoded by its tag and the kernel's base"
            return DebuggerBlock(start + first * 8, plain.tobytes(), how)
    return None


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
