"""Puts together the map of one process's user addresses from its VADs, page tables and own structures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from volplugins.address.cells import Cell, cells_of
from volplugins.address.disagreement import ImageSections
from volplugins.address.frame_shares import FrameCount
from volplugins.address.page_codes import NO_EXECUTE, EntryReader, PageFacts, Words
from volplugins.address.page_runs import PageRuns, Presence, RunCollector
from volplugins.address.pieces import Gaps
from volplugins.address.prototypes import Prototypes
from volplugins.address.regions import AddressMap
from volplugins.address.section_files import SectionFiles
from volplugins.address.uses import SHARED_DATA, Use
from volplugins.kernel.claims import Owner
from volplugins.kernel.directories.census import Pages
from volplugins.kernel.directories.page_map import PageMap
from volplugins.kernel.directories.places import Gap
from volplugins.kernel.directories.seen_tables import SeenTables
from volplugins.kernel.directories.top import Top
from volplugins.kernel.vads import Vad
from volplugins.memory.reader import MemoryReader
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode

_KERNEL_SHARED_DATA = 0xFFDF0000  # the same page in the kernel's half (x86)


class PhysicalPages(Pages, Presence, Protocol):
    """Physical memory by page number, and which pages of it are there."""

    def describes(self, pfn: int) -> bool:
        """Whether the machine has RAM there."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True, slots=True)
class Subject:
    """The process whose map is made.

    Attributes:
        space: its address space; ``kernel`` reads the kernel's.
        top: the top of its page directory; None where it cannot be used, and ``why`` says why not.
        vads: ascending, without overlap, below ``limit``.
        limit: the highest user address and one.
        mask: the kernel's InvalidPteMask.
        seen: the page tables of the processes before this one, which are not walked again; ``owner``: this process.
        frames: counts the frames of its pages, where somebody wants to know.
    """

    physical: PhysicalPages
    kernel: MemoryReader
    space: AddressSpace
    top: Top | None
    why: str
    vads: Sequence[Vad]
    limit: int
    mask: int
    tables: int
    seen: SeenTables | None = None
    owner: Owner | None = None
    frames: FrameCount | None = None


def map_of(subject: Subject, uses: Sequence[Use], sections: SectionFiles, images: ImageSections) -> AddressMap:
    """The map; where the page directory cannot be used, every page of every range is of unknown state."""
    reader = entry_reader(subject)
    prototypes = Prototypes(subject.kernel, reader, subject.space.invalid)
    cells = cells_of(subject.vads, uses)
    notes: tuple[str, ...] = ()
    if subject.top is None:
        runs, gaps = PageRuns(), Gaps([Gap(0, subject.limit, "", 0, False)], subject.why)
    else:
        walk = PageMap(
            subject.physical, subject.top, subject.mask, subject.tables, every=True, seen=subject.seen,
            owner=subject.owner,
        )  # fmt: skip
        runs = _collector(subject, reader, cells, prototypes).collect(walk)
        gaps = Gaps(walk.absent(), "", subject.physical.describes)
        notes = (*walk.notes(), *runs.notes, *prototypes.notes)
    return AddressMap(cells, subject.limit, runs, gaps, sections, prototypes, images, reader.no_execute, notes)


def _collector(subject: Subject, reader: EntryReader, cells: Sequence[Cell], prototypes: Prototypes) -> RunCollector:
    def resolve(owner: int, pages: np.ndarray, entries: Words) -> PageFacts:
        return prototypes.resolve(cells[owner].vad if owner >= 0 else None, pages, entries)

    starts = np.array([cell.start for cell in cells], np.int64)
    ends = np.array([cell.end for cell in cells], np.int64)
    return RunCollector(reader, subject.physical, starts, ends, resolve, subject.frames)


def entry_reader(subject: Subject) -> EntryReader:
    """How this process's entries are read."""
    mode, invalid = subject.space.mode, subject.space.invalid
    return EntryReader(mode, subject.mask, withholds_execution(subject.space), invalid.page_file_high)


def withholds_execution(space: AddressSpace) -> bool:
    """Whether the page tables can withhold execution: x64 always, x86 never, PAE where data nobody runs says so."""
    if space.mode is not PagingMode.PAE:
        return space.mode is not PagingMode.X86
    for address in (SHARED_DATA, _KERNEL_SHARED_DATA):
        steps = space.translate(address).steps
        if steps and (steps[-1].entry or 0) & 1 and (steps[-1].entry or 0) & NO_EXECUTE:
            return True
    return False
