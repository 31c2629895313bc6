"""Paging modes of x86 and x64: which bits of an address index which table.

Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3A, chapter 4. Level names are
WinDbg's (PXE and PPE are called PML4E and PDPE there as well).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a walk: the table entry's name, the lowest address bit it covers, and its index width."""

    name: str
    shift: int
    bits: int
    may_be_large: bool

    def index(self, address: int) -> int:
        """Return the entry's number in its table for ``address``."""
        return (address >> self.shift) & ((1 << self.bits) - 1)


@dataclass(frozen=True, slots=True)
class ModeFacts:
    """What a walk needs to know of its mode: levels from the top, entry size in bytes, address width in bits."""

    levels: tuple[Level, ...]
    entry_size: int
    address_bits: int
    frame_mask: int
    top_alignment: int

    @property
    def half(self) -> int:
        """The first address of the upper half, where the kernel's addresses begin as a rule."""
        return 1 << (self.address_bits - 1)


_PTE, _PDE = Level("PTE", 12, 9, False), Level("PDE", 21, 9, True)
_X64 = (Level("PML4E", 39, 9, False), Level("PDPE", 30, 9, True), _PDE, _PTE)
_FRAME64 = 0x000F_FFFF_FFFF_F000


class PagingMode(str, Enum):
    """The word in the ``Mode`` column of windows.kd.pagedirs."""

    X86 = "x86"
    PAE = "pae"
    X64 = "x64"
    X64_LA57 = "x64-la57"

    @property
    def facts(self) -> ModeFacts:
        """The facts of this mode."""
        return _FACTS[self]


_FACTS = {
    PagingMode.X86: ModeFacts((Level("PDE", 22, 10, True), Level("PTE", 12, 10, False)), 4, 32, 0xFFFF_F000, 0x1000),
    PagingMode.PAE: ModeFacts((Level("PDPE", 30, 2, False), _PDE, _PTE), 8, 32, _FRAME64, 0x20),
    PagingMode.X64: ModeFacts(_X64, 8, 48, _FRAME64, 0x1000),
    PagingMode.X64_LA57: ModeFacts((Level("PML5E", 48, 9, False), *_X64), 8, 57, _FRAME64, 0x1000),
}


def is_canonical(address: int, mode: PagingMode) -> bool:
    """Whether ``address`` can be translated in this mode at all (bits above the width copy the highest)."""
    width = mode.facts.address_bits
    if width == 32:
        return 0 <= address < 1 << 32
    high = address >> (width - 1)
    return high in (0, (1 << (65 - width)) - 1)
