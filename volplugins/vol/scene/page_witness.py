"""The PFN database as a witness: what it says of each step of a translation, and of the tables of a directory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.kernel.directories.first_mapping import Leads, first_mapping
from volplugins.kernel.directories.pfn_database import PageRecord, PfnDatabase, differences, pfn_database, top_frame
from volplugins.memory.reader import PAGE_SIZE, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.entry_text import entry_virtual
from volplugins.paging.mode import PagingMode
from volplugins.paging.self_map import self_map_slot
from volplugins.paging.translation import Step

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MOST_TABLES = 64  # of one directory that are compared
_LARGE = 1 << 7
_NAMED = 2


@dataclass(frozen=True, slots=True)
class PageWitness:
    """Compares page tables with the database; ``base``: the directory, whose self-map gives addresses of entries."""

    pages: PfnDatabase
    space: AddressSpace

    @property
    def slot(self) -> int | None:
        """The self-map's slot in the directory (x64)."""
        return self_map_slot(self.space)

    def of_step(self, virtual: int, step: Step, slot: int | None) -> str:
        """What it says of the page that a step's entry leads to; empty where it says nothing, or need not know."""
        facts = self.space.mode.facts
        if step.entry is None or not step.entry & 1 or step.level == "prototype":
            return ""
        if self.space.mode is PagingMode.PAE and step.level == facts.levels[0].name:
            return ""  # the database has the page directories in the fourth of them, not in the pointer table
        last = facts.levels[-1].name
        if step.level != last and step.entry & _LARGE and step.level in ("PDE", "PDPE"):
            return ""  # a large page has no entry of its own for each of its pages
        record = self.pages.record((step.entry & facts.frame_mask) >> 12)
        if record is None:
            return ""
        entry_at = entry_virtual(virtual, step.level, self.space.mode, slot)
        table = step.entry_physical >> 12
        if step.level == facts.levels[0].name and virtual >= self.space.user_end:
            table = record.containing  # the kernel's tables are the same in every directory: the first is said to be
        found = differences(record, entry_at, table, step.level != last)
        elsewhere = self._elsewhere(record, virtual, slot) if found and step.level == last and not record.free else ""
        if found and not elsewhere:
            return f"contradicted by the PFN database: {'; '.join(found)}"
        shared = ", shared" if record.prototype and step.level == last else ""
        return elsewhere or f"the PFN database agrees ({record.state or 'page'}{shared})"

    def _elsewhere(self, record: PageRecord, virtual: int, slot: int | None) -> str:
        """That a page is mapped elsewhere too, by the entry that the database has of it; empty where it is not so."""
        first = first_mapping(record, self.space, slot)
        at = f"at {first.virtual:#x}" if first.virtual is not None else f"by the entry {record.entry_at:#x}"
        if first.virtual is not None and first.virtual < self.space.user_end:
            at += self._of_other(record)
        if first.leads is Leads.UNKNOWN:
            where = f"in page {record.containing:#x}, which is not in the target"
            return f"the PFN database has the page elsewhere, {at}: its entry is {where}"
        if first.leads is Leads.NO or (first.table and virtual < self.space.user_end):
            return ""
        how = f"mapped elsewhere too, first {'as a table ' if first.table else ''}{at}"
        return f"the PFN database agrees ({record.state or 'page'}, {how})"

    def _of_other(self, record: PageRecord) -> str:
        """Which other directory a record's entry is of, where the way up to it is known."""
        top, space = self.pages.directory_of(record.containing), self.space
        own = top_frame(space.physical, space.mode, space.directory_table_base)
        kind = "page directory" if space.mode is PagingMode.PAE else "directory"
        return f" of the {kind} {top << 12:#x}" if top is not None and top != own else ""

    def of_directory(self) -> tuple[bool, str] | None:
        """Whether the database agrees with a directory and the tables that it names, and what it says.

        None where the directory's page has no record.
        """
        mode = self.space.mode
        if mode is PagingMode.PAE:
            return None  # its top table is a part of a page that several processes share
        top = (self.space.directory_table_base & mode.facts.frame_mask) >> 12
        record = self.pages.record(top)
        if record is None:
            return None
        wrong = [f"page {top:#x}, the directory: {each}" for each in self._of_top(record, top)]
        compared = 1
        for each in self._tables(top):
            compared += 1
            if each:
                wrong.append(each)
        said = f"{compared} tables compared with the PFN database"
        if not wrong:
            return True, f"{said}: all are where it says"
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        return False, f"{said}: {len(wrong)} differ: {'; '.join(wrong[:_NAMED])}{more}"

    def _of_top(self, record: PageRecord, top: int) -> Iterator[str]:
        slot = self.slot
        own = None if slot is None else entry_virtual(0, self.space.mode.facts.levels[0].name, self.space.mode, slot)
        # the directory's own entry is the self-map's
        at = own + slot * 8 if own is not None and slot is not None else None
        yield from differences(record, at, top, True)

    def _tables(self, top: int) -> Iterator[str]:
        """What differs of each table that user entries of the directory name; empty for one of which nothing does."""
        mode, slot, level = self.space.mode, self.slot, self.space.mode.facts.levels[0]
        size = 4 if mode is PagingMode.X86 else 8
        try:
            data = self.space.physical.read(top << 12, PAGE_SIZE)
        except ReadError:
            return
        compared = 0
        for index in range(self.space.user_end >> level.shift):
            entry = int.from_bytes(data[index * size : index * size + size], "little")
            if not entry & 1 or (level.name == "PDE" and entry & _LARGE):
                continue
            record = self.pages.record((entry & mode.facts.frame_mask) >> 12)
            if record is None:
                continue
            if compared == _MOST_TABLES:
                return
            compared += 1
            at = entry_virtual(index << level.shift, level.name, mode, slot)
            found = differences(record, at, top, True)
            yield f"page {record.pfn:#x}, which entry {index} names: {'; '.join(found)}" if found else ""


def witness_of(scene: CrashScene, space: AddressSpace) -> PageWitness | None:
    """The witness for a directory of the scene; None where no database is in the target, or its layout is not known."""
    pages = scene_pages(scene)
    return PageWitness(pages, space) if pages is not None else None


def scene_pages(scene: CrashScene) -> PfnDatabase | None:
    """The scene's PFN database."""
    if scene.space is None:
        return None
    return pfn_database(scene.memory, scene.debugger_data, scene.layouts.pfn, scene.space.space.mode)
