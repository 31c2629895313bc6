"""Selectors: what a segment register holds (Intel SDM 3A, 3.4.2)."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector; ``value`` is of 16 bits."""

    value: int

    @property
    def index(self) -> int:
        """Number of the eight-byte entry in its table."""
        return self.value >> 3

    @property
    def offset(self) -> int:
        """Where the entry lies in its table, in bytes."""
        return self.value & ~7

    @property
    def local(self) -> bool:
        """Whether its table is the LDT (TI, bit 2), not the GDT."""
        return bool(self.value & 4)

    @property
    def privilege(self) -> int:
        """The requested privilege level (RPL)."""
        return self.value & 3

    @property
    def is_null(self) -> bool:
        """Whether it names the first entry of the GDT, which is never used (whatever its RPL)."""
        return self.value & ~3 == 0

    def text(self) -> str:
        """``index 6 of the GDT, RPL 3``."""
        return f"index {self.index} of the {'LDT' if self.local else 'GDT'}, RPL {self.privilege}"
