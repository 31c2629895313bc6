"""Real and virtual-8086 mode: segment times sixteen plus offset, and the table of vectors at physical 0.

Intel SDM 3B, 21.1.1 and 21.2; with 16-bit parts a linear address has 20 bits and one more where A20 is on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 0xFFFF
FIRST_HIGH = 0x10_0000  # the first address that needs bit 20
VECTORS, IVT_SIZE = 256, 0x400


@dataclass(frozen=True, slots=True)
class RealAddress:
    """A segment and an offset of 16 bits each."""

    segment: int
    offset: int

    @property
    def base(self) -> int:
        """Where the segment starts."""
        return self.segment << 4

    @property
    def linear(self) -> int:
        """The linear address with A20 on, as Windows leaves it: up to 0x10FFEF."""
        return self.base + self.offset

    @property
    def masked(self) -> int:
        """The linear address with A20 off: 20 bits, as an 8086 forms it."""
        return self.linear & (FIRST_HIGH - 1)


def read_vectors(page: bytes) -> Iterator[tuple[int, RealAddress]]:
    """The vectors of a table that are not zero, each with its number; ``page``: 0x400 bytes or more."""
    for vector in range(min(VECTORS, len(page) // 4)):
        offset, segment = (int.from_bytes(page[4 * vector + at : 4 * vector + at + 2], "little") for at in (0, 2))
        if offset or segment:
            yield vector, RealAddress(segment, offset)
