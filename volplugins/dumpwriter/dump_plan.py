"""How memory is to be written as a dump: which kind, which runs, how large; decided before a byte is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from heapq import merge

from volplugins.dumpfile.bitmap_header import MAX_BITS
from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.page_index import PAGE_SIZE
from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.dumpwriter.header_writer import HeaderFacts, header_bytes, runs_that_fit

SUMMARY_SIZE = 0x38  # of the summary header of Windows 8 and later, without the bitmap
_PFNS = {64: 1 << 52, 32: 1 << 32}
Runs = tuple[tuple[int, int], ...]


class OutputKind(str, Enum):
    """What can be written."""

    FULL = "full"
    BITMAP = "bitmap"


class DoesNotFit(Exception):
    """This memory cannot be written as that kind; one line for the user."""


@dataclass(frozen=True, slots=True)
class DumpPlan:
    """A dump to be written.

    Attributes:
        kind: which of the two layouts; ``dump_type`` the number for it.
        header: the header's bytes.
        runs: of a complete dump, (first PFN, page count) in the order of the file.
        first_page: offset of the first page in the file.
        bits: of a bitmap dump, how many PFNs the bitmap covers.
        pages: pages in the file; ``absent`` of them are not in the target and are written as zeros.
        size: bytes of the whole file.
    """

    kind: OutputKind
    dump_type: DumpType
    header: bytes
    runs: Runs
    first_page: int
    bits: int
    pages: int
    absent: int
    size: int


def plan_dump(memory: PhysicalMemory, facts: HeaderFacts, kind: OutputKind | None, partial: bool = False) -> DumpPlan:
    """The plan.

    Args:
        kind: what was asked for; None: a complete dump where every page is there and the runs fit, else a bitmap dump.
        partial: whether the target never held all of RAM (a kernel dump); its bitmap dump is a kernel dump again.

    Raises:
        DoesNotFit: more runs than a header holds, a page that is too high for a bitmap, or no page at all.
    """
    if not memory.pages_in_file:
        raise DoesNotFit("no page of its memory is there: nothing to write")
    try:
        full = _full(memory, facts) if kind is not OutputKind.BITMAP else None
    except DoesNotFit:
        if kind is OutputKind.FULL:
            raise
        full = None
    if full is not None and (kind is OutputKind.FULL or not full.absent):
        return full
    bits = _bits(memory)
    if bits <= MAX_BITS:
        return _bitmap(memory, facts, bits, DumpType.BITMAP_KERNEL if partial else DumpType.BITMAP_FULL)
    if full is None:
        raise DoesNotFit(f"it has a page at {memory.highest_pfn * PAGE_SIZE:#x}, higher than a bitmap reaches")
    return full


def _full(memory: PhysicalMemory, facts: HeaderFacts) -> DumpPlan:
    """A complete dump; raises DoesNotFit where its runs have no room in the header."""
    runs = _all_runs(memory, facts.bits)
    pages = sum(count for _, count in runs)
    size = facts.layout.size + pages * PAGE_SIZE
    header = header_bytes(facts, DumpType.FULL, size, runs, pages)
    absent = pages - memory.pages_in_file
    return DumpPlan(OutputKind.FULL, DumpType.FULL, header, runs, facts.layout.size, 0, pages, absent, size)


def _bitmap(memory: PhysicalMemory, facts: HeaderFacts, bits: int, dump_type: DumpType) -> DumpPlan:
    base = facts.layout.size
    first_page = -(-(base + SUMMARY_SIZE + bits // 8) // PAGE_SIZE) * PAGE_SIZE
    pages = memory.pages_in_file
    size = first_page + pages * PAGE_SIZE
    described = [run for run in memory.described if sum(run) <= _PFNS[facts.bits]]
    total = sum(count for _, count in described)
    header = header_bytes(facts, dump_type, size, described[: runs_that_fit(facts.bits)], total)
    return DumpPlan(OutputKind.BITMAP, dump_type, header, (), first_page, bits, pages, 0, size)


def _bits(memory: PhysicalMemory) -> int:
    """To the end of RAM, in whole words."""
    end = max(memory.highest_pfn + 1, *(base + count for base, count in memory.described[-1:]), 64)
    if end > MAX_BITS:  # what is only described needs no bit
        last = max((base + count for base, count, _ in memory.runs(MAX_BITS)), default=0)
        end = last or MAX_BITS
    return -(-end // 64) * 64


def _all_runs(memory: PhysicalMemory, bits: int) -> Runs:
    """What is described as RAM or is there, as few runs as can be."""
    room = runs_that_fit(bits)
    there = ((base, count) for base, count, _ in memory.runs())
    found: list[tuple[int, int]] = []
    for base, count in _joined(merge(memory.described, there)):
        if len(found) == room:
            raise DoesNotFit(f"its memory is in more than {room} runs, and a header has no room for more")
        if base + count > _PFNS[bits]:
            raise DoesNotFit(f"it has memory at {base * PAGE_SIZE:#x}, for which a {bits}-bit header has no number")
        found.append((base, count))
    return tuple(found)


def _joined(runs: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ascending runs, those that touch or overlap made one."""
    start = end = -1
    for base, count in runs:
        if base > end or start < 0:
            if start >= 0:
                yield start, end - start
            start, end = base, base + count
        end = max(end, base + count)
    if start >= 0:
        yield start, end - start
