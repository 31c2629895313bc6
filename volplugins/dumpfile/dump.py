"""A dump file, opened: header, memory, completeness, and everything odd that was met on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from volplugins.dumpfile.attributes import is_encrypted
from volplugins.dumpfile.bitmap_header import read_bitmap_header
from volplugins.dumpfile.bitmap_index import BitmapIndex
from volplugins.dumpfile.completeness import Completeness, completeness_of, pages_described
from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.errors import DamagedDump, EncryptedDump, UnsupportedDumpType
from volplugins.dumpfile.header import DumpHeader, parse_header
from volplugins.dumpfile.header_checks import header_notes
from volplugins.dumpfile.live_header import read_live_header
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import PAGE_SIZE, PageIndex
from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.dumpfile.run_index import RunIndex
from volplugins.dumpfile.run_table import RunTable, read_run_table
from volplugins.dumpfile.secondary_data import SecondaryData, read_secondary_data
from volplugins.dumpfile.source import ByteSource
from volplugins.dumpfile.triage import TriageDump, read_triage
from volplugins.dumpfile.zdmp import ZdmpSource, plain_source

_NO_MEMORY = {
    DumpType.HEADER_ONLY: "this dump holds its header only (DumpType 3): Windows wrote no memory",
    DumpType.AUTOMATIC: "DumpType 7 (automatic) is a setting that Windows writes as type 6; a file of type 7 has no "
    "known layout",
}
_LIVE = (DumpType.KERNEL_MEMORY, DumpType.KERNEL_AND_USER, DumpType.COMPLETE)


@dataclass(frozen=True, slots=True)
class Dump:
    """An opened dump.

    Attributes:
        header: the header.
        memory: physical memory; None for a triage dump.
        triage: the blocks of a triage dump; None for every other.
        completeness: how much is there.
        notes: everything odd, in the order it was met.
        secondary: data that drivers added behind the dump; None where there are none.
    """

    header: DumpHeader
    memory: PhysicalMemory | None
    triage: TriageDump | None
    completeness: Completeness
    notes: tuple[Note, ...]
    secondary: SecondaryData | None = None


@dataclass(frozen=True, slots=True)
class _Pages:
    """The pages of a dump: their map, how many pages of the machine it speaks of, and where it ends in the file."""

    index: PageIndex
    covered: int
    end: int


def open_dump(source: ByteSource) -> Dump:
    """Open a dump, packed as ``.zdmp`` or not.

    Raises:
        DumpError: a subclass named by its cause, where nothing can be read from the file.
    """
    source = plain_source(source)
    header = parse_header(source)
    _refuse(header)
    notes = [*(source.notes if isinstance(source, ZdmpSource) else ()), *header_notes(header)]
    if header.dump_type == DumpType.TRIAGE:
        return _open_triage(source, header, notes)
    table = read_run_table(source, header.bits)
    notes.extend(table.notes)
    pages = _read_pages(source, header, table, notes)
    described, why = pages_described(table.described, header.dump_type, pages.index, pages.covered)
    memory = PhysicalMemory(source, pages.index, table.described, described)
    if not memory.pages_in_file:
        notes.append(Note("file", "no page of memory is in the file"))
    notes.extend(_directory_notes(header, memory))
    secondary, expected = _read_end(source, pages.end, notes)
    return Dump(header, memory, None, completeness_of(memory, expected, source.size, why), tuple(notes), secondary)


def _refuse(header: DumpHeader) -> None:
    """Name dumps that hold nothing to read."""
    if header.attributes is not None and is_encrypted(header.attributes):
        raise EncryptedDump("this dump is encrypted (Attributes: EncryptedDumpData); decrypt it first", "Attributes")
    reason = next((text for kind, text in _NO_MEMORY.items() if header.dump_type == kind), None)
    if reason:
        raise UnsupportedDumpType(reason, "DumpType")
    if header.dump_type not in list(DumpType):
        raise UnsupportedDumpType(f"DumpType {header.dump_type:#x} is not known", "DumpType")
    if header.dump_type in _LIVE and header.bits == 32:
        raise UnsupportedDumpType(f"DumpType {header.dump_type:#x} is known for 64-bit machines only", "DumpType")


def _open_triage(source: ByteSource, header: DumpHeader, notes: list[Note]) -> Dump:
    triage = read_triage(source, header, notes)
    secondary, expected = _read_end(source, triage.size_of_dump, notes)
    why = "a triage dump holds chosen blocks, not pages"
    required = header.required_dump_space
    if required and required > expected and secondary is None:
        # with secondary data, genuine files of Windows 10 and 11 are shorter than this by a seventh
        text = f"says {required} bytes; the blocks end at {expected}, and no secondary data follow: a tail may be lost"
        notes.append(Note("RequiredDumpSpace", text, "info"))
    completeness = Completeness(expected, source.size, source.size < expected, None, None, why)
    return Dump(header, None, triage, completeness, tuple(notes), secondary)


def _read_pages(source: ByteSource, header: DumpHeader, table: RunTable, notes: list[Note]) -> _Pages:
    """The map of the pages, as this type of dump keeps it."""
    if header.dump_type == DumpType.FULL:
        return _from_runs(source, header, table, notes)
    if header.dump_type in _LIVE:
        return _from_ranges(source, header, notes)
    return _from_bitmap(source, header, notes)


def _from_runs(source: ByteSource, header: DumpHeader, table: RunTable, notes: list[Note]) -> _Pages:
    if not table.runs:
        reason = "the header describes no run of memory: where pages lie in the file cannot be known"
        raise DamagedDump(reason, "PhysicalMemoryBlock")
    bases = np.array([run.base for run in table.runs], dtype=np.int64)
    counts = np.array([run.count for run in table.runs], dtype=np.int64)
    offsets = header.size + np.array([run.position for run in table.runs], dtype=np.int64) * PAGE_SIZE
    index = RunIndex(bases, counts, offsets, source.size)
    _note_overlap(index, notes)
    return _Pages(index, index.highest + 1, int((offsets + counts * PAGE_SIZE).max()))


def _from_ranges(source: ByteSource, header: DumpHeader, notes: list[Note]) -> _Pages:
    notes.append(Note("DumpType", f"support for type {header.dump_type:#x} is experimental", "info"))
    live = read_live_header(source, header.size, header.dump_type)
    notes.extend(live.notes)
    offsets = live.first_page + (np.cumsum(live.counts) - live.counts) * PAGE_SIZE
    index = RunIndex(live.bases, live.counts, offsets, source.size)
    _note_overlap(index, notes)
    return _Pages(index, index.highest + 1, live.first_page + int(live.counts.sum()) * PAGE_SIZE)


def _from_bitmap(source: ByteSource, header: DumpHeader, notes: list[Note]) -> _Pages:
    found = read_bitmap_header(source, header.size, header.bits)
    notes.extend(found.notes)
    notes.append(Note("Summary", f"layout: {found.layout}", "info"))
    index = BitmapIndex(found.bitmap, found.first_page, source.size)
    if index.count != found.pages:
        notes.append(Note("Summary.Pages", f"says {found.pages}, the bitmap holds {index.count}"))
    # a whole bitmap knows best; of a cut one the header's count is all there is
    count = max(index.count, found.pages) if found.cut else index.count
    return _Pages(index, found.bits, found.first_page + count * PAGE_SIZE)


def _directory_notes(header: DumpHeader, memory: PhysicalMemory) -> Iterator[Note]:
    """Where the header's page directory lies, if it is of no use there."""
    pfn = header.directory_table_base // PAGE_SIZE
    if pfn and not memory.describes(pfn):
        text = f"{header.directory_table_base:#x} points outside the memory that the dump describes"
        yield Note("DirectoryTableBase", text)
    elif pfn and not memory.has(pfn):
        yield Note("DirectoryTableBase", f"the page at {header.directory_table_base:#x} is not in the file")


def _note_overlap(index: RunIndex, notes: list[Note]) -> None:
    if index.overlapping:
        text = f"{index.overlapping} runs overlap others; of each page the one in the run that starts lower counts"
        notes.append(Note("PhysicalMemoryBlock", text))


def _read_end(source: ByteSource, end: int, notes: list[Note]) -> tuple[SecondaryData | None, int]:
    """What follows the dump proper, which ends at ``end``; and the size that the whole file should have."""
    secondary = read_secondary_data(source, end, notes)
    expected = secondary.end if secondary is not None else end
    if secondary is not None:
        notes.append(Note("SecondaryData", f"{len(secondary.blobs)} blobs added by drivers", "info"))
    if source.size < expected:
        text = f"truncated: {expected - source.size} bytes of {expected} are missing at the end"
        notes.append(Note("file", text))
    elif source.size > expected:
        notes.append(Note("file", f"{source.size - expected} bytes follow the end of the dump", "info"))
    return secondary, expected
