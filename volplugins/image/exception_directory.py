"""The exception directory (.pdata) of an x64 image: which function an address lies in, by begin and end.

Format: Microsoft, "x64 exception handling": entries of BeginAddress, EndAddress and UnwindInfoAddress, ascending. Pages
of the table that are not in memory cost only their own entries.
"""

from __future__ import annotations

from bisect import bisect_right
from copy import copy
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

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
    """Looks functions up by relative virtual address; an entry takes 12 bytes, or 16 in a damaged table.

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
        index = np.flatnonzero(sound)
        order = np.argsort(rows[index, 0], kind="stable")  # a damaged table: what makes sense is used all the same
        index = index[order]
        self._begin, self._end, self._info = (_numbers(rows[index, column]) for column in range(3))
        straight = len(index) == whole and np.array_equal(order, np.arange(whole))
        self._index = None if straight else _numbers(index)

    @property
    def readable(self) -> int:
        """Entries that are in memory, make sense, and are kept."""
        return len(self._begin)

    def first(self, most: int) -> FunctionTable:
        """The table with no more than ``most`` entries, those of the lowest addresses."""
        if self.readable <= most:
            return self
        less = copy(self)
        less._begin, less._end, less._info = (memoryview(bytes(column[:most])).cast("I") for column in self._columns)
        less._index = memoryview(bytes(self._index[:most])).cast("I") if self._index is not None else None
        less.left_out = self.left_out + self.readable - most
        return less

    def digest(self) -> bytes:
        """Equal for tables that say the same."""
        found = blake2b(f"{self.count} {self.left_out}".encode())
        for column in (*self._columns, *([self._index] if self._index is not None else [])):
            found.update(column)
        return found.digest()

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
        before = self._index_of(place) if place >= 0 else -1
        after = self._index_of(place + 1) if place + 1 < self.readable else self.count + bool(self.left_out)
        return after - before <= 1

    @property
    def _columns(self) -> tuple[memoryview, memoryview, memoryview]:
        return self._begin, self._end, self._info

    def _index_of(self, place: int) -> int:
        """Which entry of the directory the one at ``place`` is."""
        return self._index[place] if self._index is not None else place


def _numbers(column: npt.NDArray[Any]) -> memoryview:
    """The numbers in 4 bytes each; looking one up in them is twice as quick as in an array of numpy's."""
    return np.ascontiguousarray(column, dtype=np.uint32).data


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
