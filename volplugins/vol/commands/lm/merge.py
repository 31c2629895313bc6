"""Modules of one process from the loader's lists and the ranges that map images, put together by base address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from volplugins.address.section_files import SectionFiles
from volplugins.kernel.process import Process
from volplugins.kernel.vads import Vad
from volplugins.loader.load_time import read_load_time
from volplugins.loader.loader_lists import LISTS, ListsReader, LoaderEntry, in_order
from volplugins.loader.module import Module
from volplugins.loader.peb import read_peb
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.threads.image_ranges import ImageRanges
from volplugins.threads.user_modules import IMAGE_VAD, file_of, image_name, mapped_image
from volplugins.vol.commands.lm.row import LmRow, joined, row_of

_PAGE = 0x1000
# how sentences of Note begin
ABSENT_FROM, OTHER_FILE = "not in ", "the file mapped there is "


@dataclass(slots=True)
class MergedModules:
    """Modules of one process by base: a base that several sources name is one row.

    Attributes:
        memory: the process's address space.
        ranges: its ranges by their start, images whole; ``whole``: all of them could be read.
        sections: what ranges map.
        unread: why the lists of one PEB are not known, so that nobody can tell what is in them; empty where they are.
        lists: reads the loader's lists.
        times: whether to read when each module was loaded; ``build`` says where that is kept.
    """

    process: Process
    memory: MemoryReader
    ranges: ImageRanges
    whole: bool
    sections: SectionFiles
    build: int
    times: bool
    lists: ListsReader
    rows: dict[int, LmRow] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unread: str = ""

    def add_lists(self, peb: int, bits: int, source: str) -> None:
        """Add what the lists of one PEB hold."""
        try:
            ldr = read_peb(self.memory, peb, bits).unsigned("Ldr")
            if not ldr:
                self.unread = self.unread or f"{source} is null: the loader has not run yet"
                return
            lists = self.lists(ldr, bits)
        except ReadError as error:
            why = f"{source} cannot be read: page {error.address & ~(_PAGE - 1):#x} {error.reason}"
            self.unread = self.unread or f"{source} cannot be read"
            self.problems.append(f"{why}; modules from the VADs")
            return
        if lists.owner:
            self.unread = self.unread or f"the lists of {source} lead to {lists.owner}"
        for each in lists.lists:
            self.problems.extend(f"{source} {each.name}ModuleList: {problem}" for problem in each.problems)
        absent = {
            each.name: {entry.address for entry in lists.absent(each.name)} for each in lists.lists if each.complete
        }
        for entry, names in in_order(lists):
            lacking = [name for name, addresses in absent.items() if entry.address in addresses]
            row = self._listed(entry, names, source, lacking)
            if self.times:
                row = row._replace(loaded=read_load_time(self.memory, entry.address, bits, self.build))
            before = self.rows.get(entry.base)
            if before is None:
                self.rows[entry.base] = row
            elif before.source != source:  # the program of a 32-bit process is in the lists of both widths
                self.rows[entry.base] = row._replace(
                    in_load=row.in_load or before.in_load, in_memory=row.in_memory or before.in_memory,
                    in_init=row.in_init or before.in_init, note=joined(before.note, row.note),
                )  # fmt: skip

    def _listed(self, entry: LoaderEntry, names: tuple[str, ...], source: str, lacking: Sequence[str]) -> LmRow:
        vad = self.ranges.vads.get(entry.base)
        file = self.sections.path_of(vad) if vad is not None else ""
        name = entry.name or image_name(self.memory, entry.base, file)
        module = Module(entry.base, entry.size, name, entry.path, entry.timestamp, None, source, entry.address,
                        entry.note)  # fmt: skip
        mapped = vad is not None and vad.kind == IMAGE_VAD
        notes = [entry.note, ABSENT_FROM + ", ".join(lacking) if lacking else ""]
        if not mapped:
            notes.append("listed, but no image is mapped there" if self.whole else "")
        elif vad is not None and vad.end - vad.start != (entry.size + _PAGE - 1) & -_PAGE:
            notes.append(f"the list says {entry.size:#x} bytes, {vad.end - vad.start:#x} are mapped")
        if mapped and vad is not None:
            notes += [self._other_file(vad, entry.name), self._pieces(entry.base)]
        held = [name in names for name in LISTS]
        return row_of(self.process, module, held[0])._replace(
            in_memory=held[1], in_init=held[2], mapped=mapped or (None if not self.whole else False),
            note=joined(*notes),
        )  # fmt: skip

    def add_mapped(self) -> None:
        """Add images that no list holds; where lists could not be read, what they hold is not known."""
        listed = None if self.unread else False
        note = f"from the VADs: {self.unread}" if self.unread else "mapped, in none of the lists"
        for start, vad in self.ranges.vads.items():
            if vad.kind == IMAGE_VAD and start not in self.rows:
                module = mapped_image(self.memory, vad, self.sections.path_of(vad))
                self.rows[start] = row_of(self.process, module, listed)._replace(
                    in_memory=listed, in_init=listed, mapped=True, note=joined(note, self._pieces(start))
                )

    def _pieces(self, base: int) -> str:
        count = self.ranges.pieces.get(base)
        return f"mapped as {count} ranges that follow each other" if count else ""

    def _other_file(self, vad: Vad, name: str) -> str:
        """Where the list names another file than the one that is mapped: a sentence."""
        path = self.sections.path_of(vad)
        same = not path or not name or file_of(path).lower() == name.lower()
        return "" if same else f"{OTHER_FILE}{path}"
