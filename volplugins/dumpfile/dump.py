"""A dump file, opened: header, memory, completeness, and everything odd that was met on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from volplugins.dumpfile.attributes import is_encrypted
from volplugins.dumpfile.bitmap_header import expected_size, read_bitmap_header
from volplugins.dumpfile.completeness import Completeness, completeness_of
from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.errors import DamagedDump, EncryptedDump, UnsupportedDumpType
from volplugins.dumpfile.header import DumpHeader, parse_header
from volplugins.dumpfile.live_header import read_live_header
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import PAGE_SIZE, BitmapIndex, RunIndex
from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.dumpfile.run_table import RunTable, read_run_table
from volplugins.dumpfile.source import ByteSource
from volplugins.dumpfile.triage import TriageDump, read_triage

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
    """

    header: DumpHeader
    memory: PhysicalMemory | None
    triage: TriageDump | None
    completeness: Completeness
    notes: tuple[Note, ...]


def open_dump(source: ByteSource) -> Dump:
    """Open a dump.

    Raises:
        DumpError: a subclass named by its cause, where nothing can be read from the file.
    """
    header = parse_header(source)
    _refuse(header)
    notes: list[Note] = []
    if header.dump_type == DumpType.TRIAGE:
        return _open_triage(source, header, notes)
    table = read_run_table(source, header.bits)
    notes.extend(table.notes)
    memory, expected = _open_memory(source, header, table, notes)
    completeness = completeness_of(memory, expected, source.size)
    if completeness.truncated:
        lost = expected - source.size
        notes.append(Note("file", f"truncated: {lost} bytes of {expected} are missing at the end"))
    return Dump(header, memory, None, completeness, tuple(notes))


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
    expected = triage.size_of_dump
    cut = source.size < expected
    if cut:
        notes.append(Note("file", f"truncated: {expected - source.size} bytes of {expected} are missing at the end"))
    why = "a triage dump holds chosen blocks, not pages"
    completeness = Completeness(expected, source.size, cut, None, None, why)
    return Dump(header, None, triage, completeness, tuple(notes))


def _open_memory(
    source: ByteSource, header: DumpHeader, table: RunTable, notes: list[Note]
) -> tuple[PhysicalMemory, int]:
    """Physical memory, and the size that the file should have."""
    if header.dump_type == DumpType.FULL:
        return _from_runs(source, header, table, notes)
    if header.dump_type in _LIVE:
        live = read_live_header(source, header.size, header.dump_type)
        notes.extend(live.notes)
        index = RunIndex(live.bases, live.counts, live.first_page)
        _note_overlap(index, notes)
        total = int(live.counts.sum())
        return PhysicalMemory(source, index, table.described), live.first_page + total * PAGE_SIZE
    found = read_bitmap_header(source, header.size, header.bits)
    notes.extend(found.notes)
    notes.append(Note("Summary", f"layout: {found.layout}", "info"))
    pages = BitmapIndex(found.bitmap, found.first_page)
    if pages.count != found.pages:
        notes.append(Note("Summary.Pages", f"says {found.pages}, the bitmap holds {pages.count}"))
    return PhysicalMemory(source, pages, table.described), expected_size(found, pages.count)


def _from_runs(
    source: ByteSource, header: DumpHeader, table: RunTable, notes: list[Note]
) -> tuple[PhysicalMemory, int]:
    if not table.runs:
        raise DamagedDump("the header describes no run of memory: where pages lie in the file cannot be known",
                          "PhysicalMemoryBlock")  # fmt: skip
    runs = np.array(table.runs, dtype=np.int64)
    index = RunIndex(runs[:, 0], runs[:, 1], header.size)
    _note_overlap(index, notes)
    total = int(runs[:, 1].sum())
    return PhysicalMemory(source, index, table.described), header.size + total * PAGE_SIZE


def _note_overlap(index: RunIndex, notes: list[Note]) -> None:
    if index.overlapping:
        notes.append(Note("PhysicalMemoryBlock", f"{index.overlapping} runs overlap others; the earlier page counts"))
