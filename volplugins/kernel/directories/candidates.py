"""Another page directory for a process whose own is bad: pages that map themselves where this kernel's directories do.

A self-map is rare by chance, so the search looks at one word of each page. What it finds is then judged like any
other directory, and belongs to the process only if the process's own memory answers through it: its PEB is there, and
what is mapped lies in its VADs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from volplugins.kernel.directories.census import Pages
from volplugins.kernel.directories.page_map import PageMap
from volplugins.kernel.directories.top import X86_SELF_MAP, read_top
from volplugins.kernel.vads import Vad
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode

MAX_CANDIDATES = 4096
_PAGES_COMPARED = 1 << 16
_SHARED_DATA = 0x7FFE0000  # user address of KUSER_SHARED_DATA, every Windows
_ENOUGH = 0.9


class Searchable(MemoryReader, Pages, Protocol):
    """Physical memory that can be searched by one word of each page."""

    def column(self, start: int, size: int) -> Iterator[tuple[int, npt.NDArray[np.uint64]]]:
        """(first PFN, words at offset ``start`` of that page and those behind it)."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a directory answers for a process; ``evidence`` says it in words."""

    directory_table_base: int
    evidence: str


def find_directories(physical: Searchable, mode: PagingMode, slot: int | None, known: Sequence[int]) -> tuple[int, ...]:
    """Physical addresses of everything that maps itself as a top-level table of this mode does, ascending.

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


def _self_mapped(physical: Searchable, mode: PagingMode, start: int, size: int) -> Iterator[int]:
    """PFNs of pages whose word at ``start`` is a valid entry that leads to the page itself."""
    found = 0
    mask = np.uint64(mode.facts.frame_mask | 1)
    for base, words in physical.column(start, size):
        own = ((np.arange(base, base + len(words), dtype=np.uint64)) << np.uint64(12)) | np.uint64(1)
        for place in np.flatnonzero((words & mask) == own).tolist():
            if found >= MAX_CANDIDATES:
                return
            found += 1
            yield base + place


def _pae(physical: Searchable, known: Sequence[int]) -> Iterator[int]:
    """Pointer tables in the pages of the known ones whose fourth directory maps itself."""
    last = set(_self_mapped(physical, PagingMode.PAE, 3 * 8, 8))
    mask = PagingMode.PAE.facts.frame_mask
    for page in sorted({base & 0xFFFF_F000 for base in known if base}):
        try:
            words = np.frombuffer(physical.read(page, 0x1000), "<u8").reshape(-1, 4)
        except ReadError:
            continue
        for number, pointers in enumerate(words.tolist()):
            if all(pointer & 1 for pointer in pointers) and (pointers[3] & mask) >> 12 in last:
                yield page + number * 32


def fits_process(
    physical: Searchable, mode: PagingMode, directory: int, peb: int | None, vads: Sequence[Vad]
) -> Fit | None:
    """Whether the process's PEB and VADs answer through this directory; None where they do not."""
    evidence = []
    if peb:
        width = 8 if mode in (PagingMode.X64, PagingMode.X64_LA57) else 4
        try:
            head = AddressSpace(physical, mode, directory).read(peb, 3 * width)
        except ReadError:
            return None
        image = int.from_bytes(head[2 * width :], "little")  # PEB.ImageBaseAddress, every build
        if not image or image & 0xFFFF:
            return None
        evidence.append(f"the PEB at {peb:#x} names an image at {image:#x}")
    share = _share_in_vads(physical, mode, directory, vads)
    if share is not None:
        if share < _ENOUGH:
            return None
        evidence.append(f"{share:.0%} of its pages lie in the process's {len(vads)} VADs")
    return Fit(directory, ", ".join(evidence)) if evidence else None


def _share_in_vads(physical: Searchable, mode: PagingMode, directory: int, vads: Sequence[Vad]) -> float | None:
    """Which part of the pages mapped lies in the ranges; None where there is nothing to compare."""
    top = read_top(physical, mode, directory)
    if top is None or not vads:
        return None
    starts = np.array([vad.start for vad in vads], np.uint64)
    ends = np.array([vad.end for vad in vads], np.uint64)
    inside = total = 0
    for leaves in PageMap(physical, top).user():
        pages = leaves.virtual[leaves.virtual != np.uint64(_SHARED_DATA)]
        place = np.searchsorted(starts, pages, side="right").astype(np.int64) - 1
        inside += int(np.count_nonzero((place >= 0) & (pages < ends[place])))
        total += len(pages)
        if total >= _PAGES_COMPARED:
            break
    return inside / total if total else None
