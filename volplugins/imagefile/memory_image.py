"""What every format comes to: physical memory by page, what is missing of it, and the processors' registers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from volplugins.dumpfile.completeness import Completeness
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import HIGHEST_PFN, PAGE_SIZE
from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.dumpfile.run_index import RunIndex
from volplugins.dumpfile.source import ByteSource
from volplugins.imagefile.processor_state import ProcessorState


@dataclass(frozen=True, slots=True)
class Segment:
    """``size`` bytes of physical memory from ``physical`` on, plain at ``offset`` in the file."""

    physical: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class MemoryImage:
    """An opened memory image.

    Attributes:
        format: the container's format, for people.
        memory: the pages.
        completeness: how many of those that the container speaks of are in the file.
        notes: everything odd about the container.
        processors: the registers that the container saved, by processor.
    """

    format: str
    memory: PhysicalMemory
    completeness: Completeness
    notes: tuple[Note, ...] = ()
    processors: tuple[ProcessorState, ...] = ()


def image_of_segments(
    source: ByteSource,
    format_name: str,
    segments: Sequence[Segment],
    notes: Iterable[Note] = (),
    processors: Sequence[ProcessorState] = (),
    end: int | None = None,
) -> MemoryImage:
    """The image that these segments make.

    Segments need not begin or end at a page; only whole pages are taken, and a note says what was left.

    Args:
        end: size that the whole file should have in bytes; where it is not known, the end of the last segment.
    """
    told = list(notes)
    bases, counts, offsets, left = _whole_pages(_not_hiding(segments, source.size))
    if left:
        told.append(
            Note("segments", f"{left} bytes at the ends of segments are no whole pages and are left out", "info")
        )
    index = RunIndex(bases, counts, offsets, source.size)
    if index.overlapping:
        text = f"{index.overlapping} segments overlap others; a page is taken from the one that starts lower"
        told.append(Note("segments", text))
    described = tuple((int(base), int(count)) for base, count in index.described())
    memory = PhysicalMemory(source, index, described)
    expected = end if end is not None else max((each.offset + each.size for each in segments), default=0)
    if source.size < expected:
        told.append(Note("file", f"truncated: {expected - source.size} bytes of {expected} are missing at the end"))
    completeness = Completeness(
        expected, source.size, source.size < expected, memory.pages_described, memory.pages_in_file
    )  # fmt: skip
    return MemoryImage(format_name, memory, completeness, tuple(told), tuple(processors))


def _not_hiding(segments: Sequence[Segment], size: int) -> list[Segment]:
    """The segments; what one of them has past the end of the file ends where another one begins in memory."""
    starts = sorted(each.physical for each in segments)
    found = []
    for each in segments:
        held = min(max(size - each.offset, 0), each.size)
        if held < each.size:
            above = bisect_left(starts, max(each.physical + held, each.physical + 1))
            end = starts[above] if above < len(starts) else each.physical + each.size
            found.append(replace(each, size=min(each.size, end - each.physical)))
        else:
            found.append(each)
    return found


def _whole_pages(
    segments: Sequence[Segment],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """First PFN, page count and file offset of each segment's whole pages, and how many bytes were left over."""
    rows, left = [], 0
    for each in segments:
        skipped = -each.physical % PAGE_SIZE
        pages = max(each.size - skipped, 0) // PAGE_SIZE
        left += each.size - pages * PAGE_SIZE
        first = (each.physical + skipped) // PAGE_SIZE
        if pages and first < HIGHEST_PFN:
            rows.append((first, min(pages, HIGHEST_PFN - first), each.offset + skipped))
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2], left
