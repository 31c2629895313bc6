"""Page directories found by what every one of Windows has: an entry that leads to itself, and KUSER_SHARED_DATA's.

All pages are looked at, low memory first, by one word of each: the entry under which KUSER_SHARED_DATA is mapped (x64),
or the self-map entry, whose place is fixed on x86. What passes is looked at whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.page_index import HIGHEST_PFN
from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.memory.reader import PAGE_SIZE, ReadError
from volplugins.paging.mode import PagingMode
from volplugins.target.search_log import SearchLog

_VALID, _LARGE = 1, 1 << 7
_FIRST = 16 << 8  # pages of the first window: 16 MiB; each further one reaches four times as far
_U = np.uint64
_KERNEL_SLOTS = slice(256, 512)
_POINTERS_NEAR = 8  # pages before the fourth PAE directory in which its pointer table is looked for first
_MOST_POINTER_PAGES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Mark:
    """A word of each page: its place and size in bytes; ``own``: it must lead to the page that it lies in."""

    mode: PagingMode
    start: int
    size: int
    own: bool


_MARKS = (
    _Mark(PagingMode.X64, 0x1EF * 8, 8, False),  # PML4 entry of 0xFFFFF780'00000000
    _Mark(PagingMode.PAE, 3 * 8, 8, True),  # entry of 0xC0600000 in the directory of the last GiB
    _Mark(PagingMode.X86, 0x300 * 4, 4, True),  # entry of 0xC0000000
    _Mark(PagingMode.X64_LA57, 0x1FF * 8, 8, False),  # PML5 entry of the highest 256 TiB
)


def self_mapped(memory: PhysicalMemory, log: SearchLog) -> Iterator[tuple[PagingMode, int]]:
    """Mode and physical address of each page directory found, in the order of the windows."""
    first, last = 0, _FIRST
    while first <= memory.highest_pfn:
        for mark in _MARKS:
            for pfn in _marked(memory, mark, first, last, log):
                yield from _directory(memory, mark.mode, pfn, log)
            if log.over:
                log.add(f"directories with a self-map: given up after {log.seconds:.0f} s, at {last << 12:#x}")
                return
        first, last = last, min(last * 4, HIGHEST_PFN)
    log.add("directories with a self-map: all pages looked at")


def _marked(memory: PhysicalMemory, mark: _Mark, first: int, last: int, log: SearchLog) -> Iterator[int]:
    """PFNs of the window whose word fits."""
    mask = _U(mark.mode.facts.frame_mask)
    for base, words in memory.column(mark.start, mark.size, first, last - 1):
        if log.over:
            return
        frames = (words & mask) >> _U(12)
        fits = (words & _U(_VALID)) != 0
        if mark.own:
            fits &= frames == np.arange(base, base + len(words), dtype=_U)
        else:
            fits &= ((words & _U(_LARGE)) == 0) & (frames <= _U(memory.highest_pfn)) & (frames != 0)
        yield from (base + place for place in np.flatnonzero(fits).tolist())


def _directory(memory: PhysicalMemory, mode: PagingMode, pfn: int, log: SearchLog) -> Iterator[tuple[PagingMode, int]]:
    """The directory at ``pfn``, if its page is one; of PAE the pointer table that leads there."""
    if mode is PagingMode.PAE:
        yield from ((mode, table) for table in _pointer_tables(memory, pfn, log))
        return
    if mode is PagingMode.X86:
        yield mode, pfn << 12
        return
    entries = _entries(memory, pfn)
    if entries is None:
        return
    frames = (entries & _U(mode.facts.frame_mask)) >> _U(12)
    own = ((entries & _U(_VALID)) != 0) & (frames == _U(pfn))
    if int(own[_KERNEL_SLOTS].sum()) == 1 and int(own.sum()) == 1:
        yield mode, pfn << 12


def _entries(memory: PhysicalMemory, pfn: int) -> npt.NDArray[np.uint64] | None:
    try:
        return np.frombuffer(memory.read(pfn << 12, PAGE_SIZE), "<u8")
    except ReadError:
        return None


def _pointer_tables(memory: PhysicalMemory, pfn: int, log: SearchLog) -> Iterator[int]:
    """Physical addresses of page directory pointer tables whose fourth entry leads to ``pfn``, those near it first.

    The directory's own entries 0 to 2 say which pages the first three must lead to.
    """
    entries = _entries(memory, pfn)
    if entries is None or not all(int(entry) & _VALID for entry in entries[:4]):
        return
    mask = PagingMode.PAE.facts.frame_mask
    wanted = [int(entry) & mask for entry in entries[:4]]
    near = range(max(pfn - _POINTERS_NEAR, 0), pfn)
    seen = set(near)
    for page in near:
        yield from _quads(memory, page, wanted)
    for base, count, _ in memory.runs():
        for page in range(base, min(base + count, _MOST_POINTER_PAGES)):
            if log.over:
                return
            if page not in seen:
                yield from _quads(memory, page, wanted)


def _quads(memory: PhysicalMemory, pfn: int, wanted: list[int]) -> Iterator[int]:
    """Places in a page where four pointers lead to the wanted pages."""
    entries = _entries(memory, pfn)
    if entries is None:
        return
    quads = entries.reshape(-1, 4)
    fits = np.ones(len(quads), dtype=bool)
    for place, frame in enumerate(wanted):
        fits &= (quads[:, place] & _U(PagingMode.PAE.facts.frame_mask | _VALID)) == _U(frame | _VALID)
    yield from ((pfn << 12) + number * 32 for number in np.flatnonzero(fits).tolist())
