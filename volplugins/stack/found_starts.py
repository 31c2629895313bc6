"""Where functions of x86 code start, by the code itself: what calls lead to, prologs, and what follows padding.

For images without symbols and without unwind data. A call's target counts where the byte before it ends something or a
second call leads there, since any byte may read as E8. Encodings: Intel SDM volume 2; ``mov edi, edi`` before a prolog
makes room for hot patches (Microsoft's /hotpatch).
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import numpy.typing as npt

from volplugins.image.image_view import ImageView
from volplugins.memory.reader import PAGE_SIZE

MOST_CODE = 256 << 20  # bytes of code looked at in one image
REACH = 0x4000  # no start this far below an address says anything about it
_CALL = 5
_PROLOG = b"\x8b\xff\x55\x8b\xec"
_ENDS = (0xCC, 0x90, 0xC3)  # int 3 and nop as padding, ret
_RET_N = 0xC2
Starts = list[int]


def found_starts(view: ImageView, ranges: tuple[tuple[int, int], ...]) -> Starts:
    """Ascending relative virtual addresses at which functions start, as far as code can tell.

    Args:
        ranges: relative virtual addresses of the executable sections: first and first above.
    """
    found: set[int] = set()
    room = MOST_CODE
    for start, end in ranges:
        size = min(end, view.size) - start
        size = min(size, room)
        if size > 0:
            room -= size
            found.update(_in_section(view, start, size))
    return sorted(found)


def start_below(starts: Starts, rva: int) -> int | None:
    """The nearest start at or below ``rva``, or None."""
    place = bisect_right(starts, rva) - 1
    return starts[place] if place >= 0 and rva - starts[place] < REACH else None


def _in_section(view: ImageView, start: int, size: int) -> set[int]:
    data, present = view.read_sparse(start, size)
    if not present.any():
        return set()
    code = np.frombuffer(data, dtype=np.uint8)
    targets, calls = _call_targets(code, size)
    found = {start + at for at, count in zip(targets, calls, strict=True) if count > 1 or _begins(data, at)}
    at = data.find(_PROLOG)
    while at >= 0:
        found.add(start + at)
        at = data.find(_PROLOG, at + len(_PROLOG))
    return found


def _call_targets(code: npt.NDArray[np.uint8], size: int) -> tuple[list[int], list[int]]:
    """Offsets in the section that direct calls of the same section lead to, and how many calls do."""
    at = np.flatnonzero(code[: max(size - _CALL + 1, 0)] == 0xE8).astype(np.int64)
    if not len(at):
        return [], []
    words = sum(code[at + 1 + place].astype(np.int64) << (8 * place) for place in range(4))
    targets = at + _CALL + np.where(words >= 1 << 31, words - (1 << 32), words)
    found, calls = np.unique(targets[(targets >= 0) & (targets < size)], return_counts=True)
    return found.tolist(), calls.tolist()


def _begins(data: bytes, at: int) -> bool:
    """Whether what lies before ``at`` has ended: padding, a return, or the beginning of a page that is not there."""
    if at == 0 or data[at - 1] in _ENDS:
        return True
    return (at >= 3 and data[at - 3] == _RET_N) or (at % PAGE_SIZE == 0 and not data[at - 1])
