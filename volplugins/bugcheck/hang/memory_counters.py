"""The memory manager's counters, in pages: where the kernel has them, best place first.

Windows 10 and later: MiSystemPartition (_MI_PARTITION.Vp) and MiState (_MI_SYSTEM_INFORMATION.Vs), which only symbols
name (public symbol tables of 14393 to 22000). Before, and where no symbols are at hand: the variables to which
KDDEBUGGER_DATA64 leads (wdbgexts.h); nonpaged pool by its descriptor, whose two counts are of pages with small blocks
and of pages of large ones. A pair of numbers that cannot be one is not given: a kernel that moved a counter leaves
something else at its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from volplugins.bugcheck.hang.sources import HangSources
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout
from volplugins.waits.system import number_in

_LEAST_PAGES = 1024  # no Windows runs in less than four megabytes: a smaller number is none of RAM
_PAGE_SHIFT = 12
_WORD = (1 << 32) - 1
_LARGEST = 1 << 40  # pages that any machine can address (52 bits)
_Fits = Callable[[int, int], bool]


@dataclass(frozen=True, slots=True)
class Counted:
    """A count of pages and what it is a part of; ``source``: the names of the counters."""

    pages: int
    of: int
    source: str


def committed(sources: HangSources) -> Counted | None:
    """Pages that are committed, of the limit; None where no source has both."""
    pairs = _pairs(sources, "TotalCommittedPages", "TotalCommitLimit", "MmTotalCommittedPages", "MmTotalCommitLimit")
    return _first(pairs, lambda pages, limit: _LEAST_PAGES <= pages <= limit)


def available(sources: HangSources) -> Counted | None:
    """Pages that are free or can be freed at once, of RAM."""
    pairs = _pairs(sources, "AvailablePages", "NumberOfPhysicalPages", "MmAvailablePages", "MmNumberOfPhysicalPages")
    return _first(pairs, lambda pages, of: 0 < pages <= of and of >= _LEAST_PAGES)


def nonpaged_pool(sources: HangSources) -> Counted | None:
    """Pages of nonpaged pool, of the most that it may have."""
    return _first(_pool(sources), lambda pages, most: 0 < pages <= most)


def _pairs(sources: HangSources, part: str, whole: str, *old: str) -> Iterator[tuple[int | None, int | None, str]]:
    layout, at = sources.survey.system.layouts.partition, _variable(sources, "MiSystemPartition")
    if at is not None:
        yield _member(sources, at, layout, part), _member(sources, at, layout, whole), f"MiSystemPartition.Vp.{part}"
    yield _number(sources, old[0]), _number(sources, old[1]), ", ".join(old)


def _pool(sources: HangSources) -> Iterator[tuple[int | None, int | None, str]]:
    layouts, state = sources.survey.system.layouts, _variable(sources, "MiState")
    if state is not None:
        names = "NonPagedPoolCommit", "MaximumNonPagedPoolInPages"
        used, most = (_member(sources, state, layouts.memory_state, name) for name in names)
        yield used, most, f"MiState.Vs.{names[0]}"
    in_bytes, layout = _number(sources, "MmMaximumNonPagedPoolInBytes"), layouts.pool_descriptor
    most = in_bytes >> _PAGE_SHIFT if in_bytes is not None else None
    yield _number(sources, "MmAllocatedNonPagedPool"), most, "MmAllocatedNonPagedPool"
    descriptor = _variable(sources, "NonPagedPoolDescriptor")
    if descriptor is not None:
        small, large = (_member(sources, descriptor, layout, name) for name in ("TotalPages", "TotalBigPages"))
        # 32 bits wide up to 8.1, and no machine has more pages of it
        known = None if small is None or large is None else (small & _WORD) + (large & _WORD)
        yield known, most, "NonPagedPoolDescriptor"


def _first(pairs: Iterator[tuple[int | None, int | None, str]], fits: _Fits) -> Counted | None:
    for pages, of, source in pairs:
        if pages is not None and of is not None and of < _LARGEST and fits(pages, of):
            return Counted(pages, of, source)
    return None


def _variable(sources: HangSources, name: str) -> int | None:
    io = sources.survey.system.io
    found = io.variable(name)
    return found if found is not None and io.in_kernel_half(found) else None


def _member(sources: HangSources, address: int, layout: Layout, name: str) -> int | None:
    return number_in(sources.scene.memory, address, layout, name)


def _number(sources: HangSources, name: str) -> int | None:
    """A variable as wide as a pointer."""
    address = _variable(sources, name)
    if address is None:
        return None
    try:
        return int.from_bytes(sources.scene.memory.read(address, sources.scene.bits // 8), "little")
    except ReadError:
        return None
