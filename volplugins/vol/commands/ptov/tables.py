"""Page tables among the pages that are asked for: where the self-map of each directory shows them to the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.kernel.directories.places import Table
from volplugins.kernel.directories.shadow import frame_of
from volplugins.kernel.directories.top import Top
from volplugins.paging.entry_text import entry_virtual
from volplugins.paging.mode import PagingMode

if TYPE_CHECKING:
    from volplugins.vol.scene.directory_verdicts import DirectoryJudge


@dataclass(frozen=True, slots=True)
class SeenTable:
    """A byte of a page table as the kernel sees it: its virtual address, the entry that leads to the table, a note."""

    virtual: int
    entry: int
    note: str


def own_tables(top: Top, sought: Sequence[int], slot: int | None) -> Iterator[Table]:
    """Tables at the top that each directory has of its own and that no walk below its user half meets."""
    facts, found = top.mode.facts, set(sought)
    if top.mode is PagingMode.PAE:
        for number in range(top.user_entries, 4):
            entry = int(top.entries[number])
            frame = (entry & facts.frame_mask) >> 12
            if frame in found:
                yield Table(frame, number << 30, "PDE", entry)
    elif top.physical >> 12 in found:
        index = 0x300 if top.mode is PagingMode.X86 else slot
        entry = int(top.entries[index]) if index is not None else 0
        yield Table(top.physical >> 12, 0, facts.levels[0].name, entry)


def seen_tables(address: int, tables: Iterable[Table], mode: PagingMode, slot: int | None) -> Iterator[SeenTable]:
    """Where the self-map shows the byte at physical ``address``, if it lies in one of ``tables``."""
    for table in tables:
        start = entry_virtual(table.virtual, table.level, mode, slot)
        if table.frame != address >> 12 or start is None:
            continue
        level = next(each for each in mode.facts.levels if each.name == table.level)
        number = (address & 0xFFF) // mode.facts.entry_size
        covered = _canonical(table.virtual + (number << level.shift), mode)
        note = f"page table, by the self-map: the {table.level} for {covered:#x}"
        yield SeenTable(start + (address & 0xFFF), table.entry or 0, note)


def _canonical(virtual: int, mode: PagingMode) -> int:
    width = mode.facts.address_bits
    if width == 32 or not virtual >> (width - 1) & 1:
        return virtual
    return virtual | (1 << 64) - (1 << width)


def why_unseen(court: DirectoryJudge, address: int) -> str:
    """What a page that no page table maps is, where it is a top table that no self-map shows; empty elsewhere."""
    mode, frame = court.reference.mode, address >> 12
    for process in court.processes:
        if frame and frame_of(mode, process.user_directory) == frame:
            return f"it is the top table of KVA shadow of {process.name} (PID {process.pid}), which no self-map shows"
        base = process.directory_table_base or 0
        if mode is PagingMode.PAE and base and base & ~0x1F == address & ~0x1F:
            return f"it is the pointer table of {process.name} (PID {process.pid}), which no self-map shows"
    return ""
