"""Another page directory for a process whose own is bad: pages that map themselves where this kernel's directories do.

A self-map is rare by chance, so the search looks at one word of each page. Whose what it finds is, ownership tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from volplugins.kernel.directories.census import Pages
from volplugins.kernel.directories.top import X86_SELF_MAP
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.mode import PagingMode

MAX_CANDIDATES = 1 << 16  # as many as there can be processes
_MOST_PAE = 1 << 20  # page directories of 32-bit Windows, whose processes are far fewer


class Searchable(MemoryReader, Pages, Protocol):
    """Physical memory that can be searched by one word of each page."""

    def column(self, start: int, size: int) -> Iterator[tuple[int, npt.NDArray[np.uint64]]]:
        """(first PFN, words at offset ``start`` of that page and those behind it)."""
        ...  # pragma: no cover - a protocol has no body


def find_directories(physical: Searchable, mode: PagingMode, slot: int | None, known: Sequence[int]) -> tuple[int, ...]:
    """Physical addresses of everything that maps itself as a top-level table of this mode does, ascending.

    There are ``MAX_CANDIDATES`` at most; so many may not be all that there are.

    Args:
        slot: x64: number of the self-map entry.
        known: DirectoryTableBase values of processes; PAE: their pages are searched for pointer tables.
    """
    if mode is PagingMode.PAE:
        return tuple(_pae(physical, known))
    index = X86_SELF_MAP if mode is PagingMode.X86 else slot
    if index is None:
        return ()
    size = mode.facts.entry_size
    return tuple(pfn << 12 for pfn in _self_mapped(physical, mode, index * size, size))


def _self_mapped(
    physical: Searchable, mode: PagingMode, start: int, size: int, most: int = MAX_CANDIDATES
) -> Iterator[int]:
    """PFNs of pages whose word at ``start`` is a valid entry that leads to the page itself."""
    found = 0
    mask = np.uint64(mode.facts.frame_mask | 1)
    for base, words in physical.column(start, size):
        own = ((np.arange(base, base + len(words), dtype=np.uint64)) << np.uint64(12)) | np.uint64(1)
        for place in np.flatnonzero((words & mask) == own).tolist():
            if found >= most:
                return
            found += 1
            yield base + place


def _pae(physical: Searchable, known: Sequence[int]) -> Iterator[int]:
    """Pointer tables in the pages of the known ones whose fourth directory maps itself."""
    last = set(_self_mapped(physical, PagingMode.PAE, 3 * 8, 8, _MOST_PAE))
    mask = PagingMode.PAE.facts.frame_mask
    for page in sorted({base & 0xFFFF_F000 for base in known if base}):
        try:
            words = np.frombuffer(physical.read(page, 0x1000), "<u8").reshape(-1, 4)
        except ReadError:
            continue
        for number, pointers in enumerate(words.tolist()):
            if all(pointer & 1 for pointer in pointers) and (pointers[3] & mask) >> 12 in last:
                yield page + number * 32
