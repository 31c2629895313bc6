"""Writes memory as a crash dump: a piece at a time, holes where pages are zeros, the same bytes every time.

Layouts: a complete dump is the header and the pages of its runs; a bitmap dump has a summary header and a bit per PFN
between them (`bitmap_header` names the sources).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.page_index import PAGE_SIZE, Run
from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.dumpwriter.dump_plan import SUMMARY_SIZE, DumpPlan, OutputKind
from volplugins.memory.reader import ReadError

_PIECE = 1 << 12  # pages at a time: 16 MiB
_BITS = 1 << 23  # of the bitmap at a time
Patches = Mapping[int, bytes]  # physical address: bytes to be there; none crosses the end of a page
Progress = Callable[[int], None]  # how many pages are done


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: ``pages`` in the file, ``stored`` of them not zeros, ``unreadable`` ones written as zeros."""

    pages: int
    stored: int
    unreadable: int


@dataclass(slots=True)
class _Counts:
    done: int = 0
    stored: int = 0
    unreadable: int = 0
    start: int = 0
    piece: int = _PIECE


def write_dump(
    memory: PhysicalMemory,
    plan: DumpPlan,
    patches: Patches,
    out: BinaryIO,
    progress: Progress = lambda pages: None,
    start: int = 0,
    piece: int = _PIECE,
) -> Written:
    """Write the dump to ``out``, an empty file that can be sought in.

    Args:
        patches: what replaces the target's own bytes, in pages that are there.
        start: how many pages of ``out`` are written already, as ``progress`` was told; then it need not be empty.
        piece: pages that are read and written at a time.

    Raises:
        OSError: as writing raises it.
    """
    out.write(plan.header)
    if plan.kind is OutputKind.BITMAP:
        _write_bitmap(memory, plan, out)
    by_page = _by_page(patches)
    counts = _Counts(start=start, piece=piece)
    for (base, count, offset), at in _places(memory, plan):
        _write_run(memory, (base, count, offset), at, by_page, out, counts, progress)
    out.truncate(plan.size)
    return Written(plan.pages, counts.stored, counts.unreadable)


def _write_bitmap(memory: PhysicalMemory, plan: DumpPlan, out: BinaryIO) -> None:
    signature = b"FDMP" if plan.dump_type is DumpType.BITMAP_FULL else b"SDMP"
    out.write(struct.pack("<4s4s24xQQQ", signature, b"DUMP", plan.first_page, plan.pages, plan.bits))
    start = len(plan.header) + SUMMARY_SIZE
    first = 0
    while first < plan.bits:
        run = memory.next_run(first)
        if run is None or run[0] >= plan.bits:
            break
        first = run[0] // _BITS * _BITS
        bits = np.zeros(min(_BITS, plan.bits - first), dtype=np.bool_)
        for base, count, _ in memory.runs(first, first + len(bits) - 1):
            at = max(base - first, 0)
            bits[at : base + count - first] = True
        out.seek(start + first // 8)
        out.write(np.packbits(bits, bitorder="little").tobytes())
        first += len(bits)


def _places(memory: PhysicalMemory, plan: DumpPlan) -> Iterator[tuple[Run, int]]:
    """Every run that is there, and where in the output it goes."""
    at = plan.first_page
    if plan.kind is OutputKind.BITMAP:
        for run in memory.runs():
            yield run, at
            at += run[1] * PAGE_SIZE
        return
    for first, pages in plan.runs:
        for run in memory.runs(first, first + pages - 1):
            yield run, at + (run[0] - first) * PAGE_SIZE
        at += pages * PAGE_SIZE


def _by_page(patches: Patches) -> dict[int, list[tuple[int, bytes]]]:
    found: dict[int, list[tuple[int, bytes]]] = {}
    for physical, data in patches.items():
        page, start = divmod(physical, PAGE_SIZE)
        found.setdefault(page, []).append((start, data[: PAGE_SIZE - start]))
    return found


def _write_run(
    memory: PhysicalMemory,
    run: Run,
    at: int,
    patches: Mapping[int, list[tuple[int, bytes]]],
    out: BinaryIO,
    counts: _Counts,
    progress: Progress,
) -> None:
    base, count, offset = run
    patched = sorted(pfn - base for pfn in patches if base <= pfn < base + count)
    page = 0
    while page < count:
        stored = memory.first_stored(offset, page, count)  # pages of the file's holes are zeros
        skipped = min([stored, *(each for each in patched if each >= page)])
        counts.done += skipped - page
        page, pages = skipped, min(counts.piece, count - skipped)
        if pages and counts.done + pages > counts.start:
            data = _piece(memory, base + page, pages, counts)
            for pfn in (base + each for each in patched if page <= each < page + pages):
                for start, content in patches[pfn]:
                    where = (pfn - base - page) * PAGE_SIZE + start
                    data[where : where + len(content)] = content
            counts.stored += _write_pages(data, at + page * PAGE_SIZE, out)
        page += pages
        counts.done += pages
        progress(counts.done)


def _piece(memory: PhysicalMemory, pfn: int, pages: int, counts: _Counts) -> bytearray:
    """The bytes of some pages; those that cannot be read after all are zeros."""
    try:
        return bytearray(memory.read(pfn * PAGE_SIZE, pages * PAGE_SIZE))
    except ReadError:
        data = bytearray(pages * PAGE_SIZE)
    for number in range(pages):
        try:
            part = memory.read((pfn + number) * PAGE_SIZE, PAGE_SIZE)
        except ReadError:
            counts.unreadable += 1
            continue
        data[number * PAGE_SIZE : (number + 1) * PAGE_SIZE] = part
    return data


def _write_pages(data: bytearray, at: int, out: BinaryIO) -> int:
    """Write what is not zeros, and say how many pages that were."""
    full = np.frombuffer(data, np.uint64).reshape(-1, PAGE_SIZE // 8).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], full, [False])).astype(np.int8)))
    view = memoryview(data)
    for first, end in edges.reshape(-1, 2).tolist():
        out.seek(at + first * PAGE_SIZE)
        out.write(view[first * PAGE_SIZE : end * PAGE_SIZE])
    return int(full.sum())
