"""Where functions of x86 code start, by the code itself: what calls lead to, prologs, and what follows padding.

For images without symbols and without unwind data. A call's target counts where the byte before it ends something or a
second call leads there, since any byte may read as E8. Encodings: Intel SDM volume 2; ``mov edi, edi`` before a prolog
makes room for hot patches (Microsoft's /hotpatch).

A section's size is what a header says: code is gone through in pieces, twice, and what is kept of it is bounded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.image.image_view import ImageView
from volplugins.memory.reader import PAGE_SIZE
from volplugins.stack.call_targets import CALL, CallTargets

MOST_CODE = 256 << 20  # bytes of code looked at in one image
MOST_STARTS = 1 << 20  # kept of one image: functions have 256 bytes and more on average
_MOST_TARGETS = 2 * MOST_STARTS  # of the calls of one section, of which many are none: memory, whatever room is left
REACH = 0x4000  # no start this far below an address says anything about it
_PIECE = 1 << 20  # bytes of code held at a time
_LEAD = 3  # bytes before a start that may end what lies before it
_PROLOG = b"\x8b\xff\x55\x8b\xec"
_ENDS = (0xCC, 0x90, 0xC3)  # int 3 and nop as padding, ret
_RET_N = 0xC2
_Code = npt.NDArray[np.uint8]
_Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FoundStarts:
    """Where functions of an image start.

    Attributes:
        rvas: ascending relative virtual addresses, 4 bytes each.
        unsearched: bytes of code that were not looked at, because there is too much of it or of functions in it; they
            need not be the last, because each section is searched as far as that is possible.
    """

    rvas: memoryview
    unsearched: int


def found_starts(view: ImageView, ranges: tuple[tuple[int, int], ...], most: int = MOST_STARTS) -> FoundStarts:
    """Where functions start, as far as code can tell.

    Args:
        ranges: relative virtual addresses of the executable sections: first and first above.
        most: how many starts there is room for; code behind them is not searched. Where the calls of a section lead
            to too many places, the rest of that section is not searched, and the next one is.
    """
    found: list[npt.NDArray[np.uint32]] = []
    room, unsearched = MOST_CODE, 0
    for start, end in ranges:
        whole = max(min(end, view.size) - start, 0)
        size = min(whole, room)
        room -= size
        section = _Section(view, start, size)
        section.search(most)
        found.append(section.found())
        most = max(most - len(found[-1]), 0)
        unsearched += whole - section.searched
    rvas = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.uint32)
    return FoundStarts(rvas.data, unsearched)


def start_below(starts: Sequence[int], rva: int) -> int | None:
    """The nearest of ascending ``starts`` at or below ``rva``, or None."""
    place = bisect_right(starts, rva) - 1
    return starts[place] if place >= 0 and rva - starts[place] < REACH else None


class _Section:
    """An executable section; offsets are from its start.

    Attributes:
        searched: bytes gone through so far.
    """

    def __init__(self, view: ImageView, start: int, size: int) -> None:
        self._view, self._start, self._size = view, start, size
        self._found: list[npt.NDArray[np.uint32]] = []
        self.searched = 0

    def found(self) -> npt.NDArray[np.uint32]:
        """Relative virtual addresses of what was found, ascending."""
        return np.concatenate(self._found) if self._found else np.zeros(0, dtype=np.uint32)

    def search(self, most: int) -> None:
        """Find up to ``most`` starts."""
        if most <= 0:
            return
        targets = CallTargets(self._size)
        there: set[int] = set()
        for low in range(0, self._size, _PIECE):
            code, present = self._read(low, low + min(_PIECE, self._size - low) + CALL - 1)
            if present:
                there.add(low)
                targets.add(code, low)
            self.searched = min(low + _PIECE, self._size)
            if len(targets) > _MOST_TARGETS:
                break
        places, often = targets.merged()
        for low in range(0, self.searched, _PIECE):
            if most <= 0:
                self.searched = low
                return
            first, above = np.searchsorted(places, (low, low + _PIECE))
            if first == above and low not in there:
                continue
            found = self._in_piece(low, places[first:above].astype(np.int64), often[first:above])
            self._found.append(found[:most])
            if len(found) > most:
                self.searched = int(found[most]) - self._start
                return
            most -= len(found)

    def _read(self, low: int, high: int) -> tuple[_Code, bool]:
        """What there is of the bytes from ``low`` to ``high``, zeros where missing; whether anything is."""
        data, present = self._view.read_sparse(self._start + low, min(high, self._size) - low)
        return np.frombuffer(data, dtype=np.uint8), bool(present.any())

    def _in_piece(self, low: int, targets: _Places, often: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint32]:
        """Starts in the piece at ``low``: of the targets of calls, and prologs."""
        lead = min(low, _LEAD)
        code, _ = self._read(low - lead, low + _PIECE + len(_PROLOG) - 1)
        at = targets - (low - lead)
        called = at[often | _begin(code, at, low == 0)]
        prologs = _prologs(code)
        prologs = prologs[(prologs >= lead) & (prologs < lead + _PIECE)]
        return (np.union1d(called, prologs) + (self._start + low - lead)).astype(np.uint32)


def _begin(code: _Code, at: _Places, first: bool) -> npt.NDArray[np.bool_]:
    """Whether what lies before each place has ended: padding, a return, or a page that is not there.

    Args:
        first: whether ``code`` begins where the section does.
    """
    before = code[np.maximum(at - 1, 0)]
    further = np.where(at >= _LEAD, code[np.maximum(at - _LEAD, 0)], 0)
    lead = 0 if first else _LEAD
    ended: npt.NDArray[np.bool_] = (
        np.isin(before, _ENDS) | (further == _RET_N) | (((at - lead) % PAGE_SIZE == 0) & (before == 0))
    )
    return ended | (at == 0) if first else ended


def _prologs(code: _Code) -> _Places:
    """Where a prolog is whole in ``code``."""
    at = np.flatnonzero(code[: max(len(code) - len(_PROLOG) + 1, 0)] == _PROLOG[0]).astype(np.int64)
    for place, byte in enumerate(_PROLOG[1:], 1):
        at = at[code[at + place] == byte]
    return at
