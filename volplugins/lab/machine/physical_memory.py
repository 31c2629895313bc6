"""Physical memory of a made-up machine: RAM in runs, pages handed out in a scattered but repeatable order."""

from __future__ import annotations

import random
from collections.abc import Iterator

PAGE = 0x1000


class PhysicalMemory:
    """Pages by PFN; a PFN that was never written reads as zeros.

    Args:
        runs: RAM as (base PFN, page count).
        seed: fixes the order in which pages are handed out.
    """

    def __init__(self, runs: list[tuple[int, int]], seed: str) -> None:
        self.runs = runs
        self.pages: dict[int, bytearray] = {}
        self.reserved: set[int] = set()
        free = [pfn for base, count in runs for pfn in range(base, base + count) if pfn >= 0x200]
        random.Random(seed).shuffle(free)
        self._free = iter(free)

    def allocate(self) -> int:
        """A free page's PFN, anywhere above the first 2 MiB."""
        for pfn in self._free:
            if pfn not in self.reserved:
                self.reserved.add(pfn)
                return pfn
        raise MemoryError("the made-up machine has no RAM left")

    def reserve(self, pfn: int, count: int = 1) -> int:
        """Take ``count`` pages at a fixed place; raise ValueError where one is taken or is no RAM."""
        for number in range(pfn, pfn + count):
            if number in self.reserved or not self.is_ram(number):
                raise ValueError(f"page {number:#x} is taken or no RAM")
        self.reserved.update(range(pfn, pfn + count))
        return pfn

    def is_ram(self, pfn: int) -> bool:
        """Whether a run holds the page."""
        return any(base <= pfn < base + count for base, count in self.runs)

    def page(self, pfn: int) -> bytearray:
        """The page's bytes, to be written in place."""
        return self.pages.setdefault(pfn, bytearray(PAGE))

    def read_word(self, address: int, size: int) -> int:
        """A little-endian number at a physical address; it lies within one page."""
        page = self.pages.get(address // PAGE)
        start = address % PAGE
        return int.from_bytes(page[start : start + size], "little") if page else 0

    def write_word(self, address: int, value: int, size: int) -> None:
        """Store a little-endian number at a physical address; it lies within one page."""
        start = address % PAGE
        self.page(address // PAGE)[start : start + size] = value.to_bytes(size, "little")

    def contents(self) -> Iterator[tuple[int, bytes]]:
        """Every written page with a byte other than zero, by PFN, ascending."""
        for pfn in sorted(self.pages):
            if any(self.pages[pfn]):
                yield pfn, bytes(self.pages[pfn])
