"""How many functions are kept of all images together that stacks lead through; one copy of what many processes map.

A process's images are its own by address alone: their tables of functions are the same, and one of each is kept.
"""

from __future__ import annotations

from hashlib import blake2b

from volplugins.image.exception_directory import FunctionTable
from volplugins.image.image_view import ImageView
from volplugins.stack.found_starts import MOST_STARTS, FoundStarts, found_starts

# at most 16 bytes each; the kernel and all drivers of a machine have half a million, a large browser as many
MOST_FUNCTIONS = 1 << 23


class FunctionRoom:
    """Tables of functions of the images of one scene.

    Attributes:
        left: functions that there is still room for.
    """

    def __init__(self, most: int = MOST_FUNCTIONS) -> None:
        self.left = most
        self._tables: dict[bytes, FunctionTable] = {}
        self._starts: dict[bytes, memoryview] = {}

    def table(self, table: FunctionTable) -> FunctionTable:
        """One that is kept already and says the same, or as much of ``table`` as there is room for."""
        digest = table.digest()
        if digest not in self._tables:
            kept = self._tables[digest] = table.first(self.left)
            self.left -= kept.readable
        return self._tables[digest]

    def starts(self, view: ImageView, code: tuple[tuple[int, int], ...]) -> FoundStarts:
        """Where functions of 32-bit code start, as far as there is room for them."""
        found = found_starts(view, code, min(MOST_STARTS, self.left))
        digest = blake2b(found.rvas).digest()
        if digest not in self._starts:
            self._starts[digest] = found.rvas
            self.left -= len(found.rvas)
        return FoundStarts(self._starts[digest], found.unsearched)
