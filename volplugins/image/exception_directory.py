"""The exception directory (.pdata) of an x64 image: which function an address lies in, by begin and end.

Format: Microsoft, "x64 exception handling": entries of BeginAddress, EndAddress and UnwindInfoAddress, ascending. Pages
of the table that are not in memory cost only their own entries.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.image.headers import DIRECTORY_EXCEPTION, ImageHeaders
from volplugins.image.image_view import ImageView

_ENTRY = 12
MAX_ENTRIES = 1 << 20


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """One entry; all three are relative virtual addresses, ``end`` is exclusive."""

    begin: int
    end: int
    unwind_info: int


class FunctionTable:
    """Looks functions up by relative virtual address.

    Attributes:
        count: entries that the directory says it has.
        readable: those that are in memory and make sense.
        left_out: further ones, which are not looked at because there are too many.
    """

    def __init__(self, data: bytes, present: npt.NDArray[np.bool_], left_out: int = 0) -> None:
        whole = len(data) // _ENTRY
        rows = np.frombuffer(data, "<u4", whole * 3).reshape(-1, 3)
        there = present[: whole * _ENTRY].reshape(-1, _ENTRY).all(axis=1)
        sound = there & (rows[:, 0] < rows[:, 1])
        self.count, self.left_out = whole, left_out
        self.readable = int(np.count_nonzero(sound))
        self._index: list[int] = np.flatnonzero(sound).tolist()
        kept = rows[sound]
        order = np.argsort(kept[:, 0], kind="stable")
        if not np.array_equal(order, np.arange(len(order))):
            kept = kept[order]  # a damaged table: what makes sense is used all the same
            self._index = np.asarray(self._index)[order].tolist()
        self._begin: list[int] = kept[:, 0].tolist()
        self._end: list[int] = kept[:, 1].tolist()
        self._info: list[int] = kept[:, 2].tolist()

    def find(self, rva: int) -> FunctionEntry | None:
        """The entry that holds ``rva``, or None: a leaf function, or an entry that is not in memory."""
        place = bisect_right(self._begin, rva) - 1
        if place < 0 or rva >= self._end[place]:
            return None
        return FunctionEntry(self._begin[place], self._end[place], self._info[place])

    def knows(self, rva: int) -> bool:
        """Whether ``find`` can be believed: no entry that might hold ``rva`` is missing."""
        place = bisect_right(self._begin, rva) - 1
        if place >= 0 and rva < self._end[place]:
            return True
        before = self._index[place] if place >= 0 else -1
        after = self._index[place + 1] if place + 1 < len(self._index) else self.count
        return after - before <= 1


def read_function_table(view: ImageView, headers: ImageHeaders) -> FunctionTable | None:
    """The table of an image; None where it has none."""
    rva, size = headers.directories[DIRECTORY_EXCEPTION]
    if not rva or size < _ENTRY:
        return None
    listed = min(size, max(view.size - rva, 0)) // _ENTRY
    count = min(listed, MAX_ENTRIES)
    if count <= 0:
        return None
    return FunctionTable(*view.read_sparse(rva, count * _ENTRY), listed - count)
