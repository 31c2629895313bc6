"""User memory in every state and of every type, for two processes of a made-up machine.

Private memory whose protection was changed, whose pages were decommitted or made inaccessible; a mapped file; sections
that the page file backs, committed and reserved; and one range of every other VadType that the build has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from volplugins.lab.kernel.processes import Process
from volplugins.lab.kernel.sections import Content, create_section
from volplugins.lab.machine.machine import LARGE_FRAME, LARGE_FRAMES, Machine
from volplugins.lab.machine.page_entries import (
    DECOMMITTED,
    EXECUTE_READ_WRITE,
    NO_CACHE,
    READ_ONLY,
    READ_WRITE,
    WRITE_COMBINE,
    PageEntries,
    PageFact,
    software_fact,
)
from volplugins.lab.machine.page_tables import X86, valid_word
from volplugins.lab.machine.ranges import (
    AWE,
    DEVICE_MEMORY,
    LARGE_PAGE_SECTION,
    LARGE_PAGES,
    NOTHING,
    ROTATE_PHYSICAL,
    WRITE_WATCH,
    Range,
    Section,
)

PAGE, _STEP = 0x1000, 0x400000
BASES = {8: 0x1F240000000, 4: 0x21000000}
_BEYOND_2_GIB = 0x91000000  # where 32-bit Windows gives programs more than 2 GiB
_DEVICE_FRAME = 0xA0  # the graphics adapter's window below 1 MiB: no RAM
_NO_ACCESS = WRITE_COMBINE  # alone, without a protection


@dataclass(slots=True)
class _Owner:
    """A process that gets the ranges one after the other."""

    machine: Machine
    process: Process
    entries: PageEntries
    next: int

    def place(self, each: Range, pages: Sequence[str | tuple[int, PageFact] | None]) -> None:
        """A range, given as if it lay at address 0, and its pages from the first on: a protection for a fresh page, an
        entry, or None for a zero entry.
        """
        start = self.next
        self.next += _STEP
        moved = Range(start, start + each.end, each.protection, each.kind, each.section, each.commit, each.committed,
                      each.usage)  # fmt: skip
        self.process.add(moved)
        for number, page in enumerate(pages):
            at = start + number * PAGE
            if isinstance(page, tuple):
                self.process.space.put(at, *page)
            elif page is not None:
                self.process.space.map(at, PAGE, page)
                self.process.space.write(at, b"range %016x page %d" % (start, number))

    def software(self, protection: int) -> tuple[int, PageFact]:
        """A page never touched, with a protection of its own."""
        return self.entries.software(protection), software_fact(protection)

    def shared(self, section: Section, number: int, protection: str) -> tuple[int, PageFact]:
        """A section's page that is mapped."""
        frame = section.pages[number].frame
        assert frame is not None
        return self.valid(frame, protection)

    def valid(self, frame: int, protection: str) -> tuple[int, PageFact]:
        """A page at a place of its own."""
        fact = PageFact(valid_word(self.entries.mode, protection), True, True)
        return self.machine.tables.leaf(frame, protection, user=True), fact

    def trimmed(self, section: Section, number: int, by_vad: bool) -> tuple[int, PageFact]:
        """A section's page that left the working set: the entry leads to the prototype entry."""
        page = section.pages[number]
        by_address = None if by_vad else self.entries.by_address(section.prototype(number))
        entry = by_address if by_address is not None else self.entries.by_vad(page.protection)
        return entry, software_fact(page.protection, page.frame is not None)


@dataclass(slots=True)
class _Sections:
    """What both processes map."""

    file: Section
    committed: Section
    reserved: Section
    mixed: Section
    device: Section
    large: Section | None


def add_user_ranges(machine: Machine, processes: Sequence[Process]) -> None:
    """Give each process all ranges; where a large page is private, the first process alone has it."""
    sections = _make_sections(machine)
    for number, process in enumerate(processes):
        owner = _Owner(machine, process, PageEntries(machine.profile), _base(machine))
        _place_private(owner)
        _place_mapped(owner, sections)
        _place_physical(owner, sections, number == 0)
        if machine.structures.has("_MMVAD_FLAGS", "VadType"):
            _place_rotated(owner, sections)


def _base(machine: Machine) -> int:
    wide = machine.width == 4 and machine.profile.user_end > _BEYOND_2_GIB
    return _BEYOND_2_GIB if wide else BASES[machine.width]


def _make_sections(machine: Machine) -> _Sections:
    def frame(text: bytes) -> int:
        pfn = machine.memory.allocate()
        machine.memory.page(pfn)[: len(text)] = text
        return pfn

    file = [Content("valid", READ_ONLY, frame(b"\0\1\0\0 font page %d" % number)) for number in range(3)]
    file += [Content("transition", READ_ONLY, frame(b"font page 3")), *[Content("file", READ_ONLY)] * 4]
    committed = [
        Content("valid", READ_WRITE, frame(b"section page 0")), Content("transition", READ_WRITE, frame(b"section 1")),
        Content("page-file", READ_WRITE), Content("demand-zero", READ_WRITE),
    ]  # fmt: skip
    reserved, touched = [Content("reserved", READ_WRITE)] * 4, [Content("demand-zero", READ_WRITE)] * 2
    folder = "\\Windows" if machine.profile.build >= 6000 else "\\WINDOWS"
    return _Sections(
        create_section(machine, [file], ("File", "UserReference"), f"{folder}\\Fonts\\arial.ttf"),
        create_section(machine, [committed], ("Commit", "UserReference")),
        create_section(machine, [reserved], ("Reserve", "UserReference")),
        create_section(machine, [[*reserved, *touched, *reserved]], ("Reserve", "UserReference")),
        create_section(machine, [[]], ("PhysicalMemory", "UserReference")),
        _large_section(machine),
    )


def _large_section(machine: Machine) -> Section | None:
    """512 pages in a row; None where a large page takes all frames that were kept."""
    if machine.profile.mode is X86:
        return None
    frames = range(LARGE_FRAME + 512, LARGE_FRAME + LARGE_FRAMES)
    return create_section(machine, [[Content("valid", READ_WRITE, pfn) for pfn in frames]], ("Commit", "UserReference"))


def _private(pages: int, committed: int, kind: int = NOTHING, whole: bool = True) -> Range:
    return Range(0, pages * PAGE, READ_WRITE, kind, None, committed, whole)


def _view(section: Section, protection: int, usage: str, kind: int = NOTHING) -> Range:
    return Range(0, len(section.pages) * PAGE, protection, kind, section, usage=usage)


def _place_private(owner: _Owner) -> None:
    """A page that may be run in the middle of data, where x86 without PAE can only say so in a software entry; then
    data, decommitted, no access, untouched, read but not yet written, paged out.
    """
    runnable: str | tuple[int, PageFact] = "rwx"
    if owner.entries.mode is X86:
        entry = owner.entries.transition(owner.machine.memory.allocate(), EXECUTE_READ_WRITE)
        runnable = entry, software_fact(EXECUTE_READ_WRITE, True)
    owner.place(_private(3, 3), ["data", runnable, "data"])
    paged_out = owner.entries.page_file(), software_fact(READ_WRITE)
    holes = ["data", owner.software(DECOMMITTED), owner.software(_NO_ACCESS), None, "clean", paged_out]
    owner.place(_private(6, 5), holes)
    owner.place(_private(4, 0, AWE, whole=False), ["data", "data"])
    owner.place(_private(4, 4, WRITE_WATCH), ["data", "clean"])


def _place_mapped(owner: _Owner, sections: _Sections) -> None:
    file, committed = sections.file, sections.committed
    pages = [owner.shared(file, 0, "read"), owner.shared(file, 1, "read"), None, owner.trimmed(file, 3, False),
             owner.trimmed(file, 4, True)]  # fmt: skip
    owner.place(_view(file, READ_ONLY, "MappedFile"), pages)
    pages = [owner.shared(committed, 0, "data"), owner.trimmed(committed, 1, True), owner.trimmed(committed, 2, False)]
    owner.place(_view(committed, READ_WRITE, "PageFileSection"), pages)
    owner.place(_view(sections.reserved, READ_WRITE, "PageFileSection"), [])
    owner.place(_view(sections.mixed, READ_WRITE, "PageFileSection"), [])


def _place_physical(owner: _Owner, sections: _Sections, first: bool) -> None:
    """Device memory, and large pages: private ones for the first process, else a section of them."""
    window = Range(0, 4 * PAGE, READ_WRITE | NO_CACHE, DEVICE_MEMORY, sections.device, usage="Other")
    owner.place(window, [owner.valid(_DEVICE_FRAME + number, "device") for number in range(4)])
    if first:
        size = 0x400000 if owner.entries.mode is X86 else 0x200000
        _place_large(owner, _private(size // PAGE, size // PAGE, LARGE_PAGES), LARGE_FRAME)
    if sections.large is not None:
        view = _view(sections.large, READ_WRITE, "PageFileSection", LARGE_PAGE_SECTION)
        _place_large(owner, view, LARGE_FRAME + 512)


def _place_large(owner: _Owner, each: Range, frame: int) -> None:
    start = owner.next
    owner.place(each, [])
    fact = PageFact(valid_word(owner.entries.mode, "data"), True, True)
    entry = owner.machine.tables.leaf(frame, "data", user=True, large=True)
    owner.process.space.put(start, entry, fact, each.end)


def _place_rotated(owner: _Owner, sections: _Sections) -> None:
    """A view that can turn to memory of a device and back, page by page; the last was never touched."""
    section = sections.committed
    pages = [owner.shared(section, 0, "data"), None, owner.valid(_DEVICE_FRAME + 8, "combined")]
    owner.place(_view(section, READ_WRITE, "Other", ROTATE_PHYSICAL), pages)
