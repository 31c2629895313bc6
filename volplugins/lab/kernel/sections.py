"""Sections: control area, segment, subsections and prototype entries, as the memory manager keeps them.

Members: public symbol tables of each build. A section of an image has a subsection per section of the image, the
headers first; their prototype entries follow one another without a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from volplugins.lab.kernel.file_objects import file_object
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.page_entries import (
    EXECUTE_READ,
    EXECUTE_READ_WRITE,
    READ_ONLY,
    READ_WRITE,
    WRITE_COPY,
    PageEntries,
)
from volplugins.lab.machine.ranges import Section, SectionPage

HARDWARE = {
    READ_ONLY: "read", EXECUTE_READ: "code", READ_WRITE: "data", WRITE_COPY: "copy", EXECUTE_READ_WRITE: "rwx",
}  # fmt: skip
_FAST_REFERENCES = {8: 13, 4: 6}  # kept in the low bits of FilePointer since Windows Vista


@dataclass(frozen=True, slots=True)
class Content:
    """What a section has for one page: ``valid``, ``transition``, ``file``, ``page-file``, ``demand-zero``,
    ``reserved``.
    """

    state: str
    protection: int
    frame: int | None = None


def create_section(
    machine: Machine, parts: Sequence[Sequence[Content]], flags: tuple[str, ...], file: str = ""
) -> Section:
    """A section with a subsection per part.

    Args:
        flags: members of _MMSECTION_FLAGS to set.
        file: name on its volume.
    """
    structures = machine.structures
    area, each = structures.size("_CONTROL_AREA"), structures.size("_SUBSECTION")
    address = machine.pool.allocate(area + each * len(parts), "MmCt")
    entries = PageEntries(machine.profile)
    count = sum(len(part) for part in parts)
    prototypes = machine.pool.allocate(count * entries.size, "MmSt") if count else 0
    section = Section(address, address + area, prototypes, entries.size, file=file)
    for number, part in enumerate(parts):
        subsection = section.subsection + number * each
        following = subsection + each if number + 1 < len(parts) else 0
        _write_subsection(machine, section, subsection, following, part)
        section.pages += [_page(machine, entries, content, subsection) for content in part]
    if count:
        machine.write(prototypes, b"".join(entries.pack(page.entry) for page in section.pages))
    _write_control_area(machine, section, flags, len(parts))
    machine.every_section.append(section)
    return section


def _page(machine: Machine, entries: PageEntries, content: Content, subsection: int) -> SectionPage:
    """The prototype entry; a valid one is the kernel's, so that it bears the global bit."""
    protection, frame = content.protection, content.frame
    if content.state == "valid" and frame is not None:
        entry = machine.tables.leaf(frame, HARDWARE[protection], user=False)
    elif content.state == "transition" and frame is not None:
        entry = entries.transition(frame, protection)
    elif content.state == "file":
        entry = entries.by_subsection(subsection, protection)
    else:
        chosen = {"page-file": entries.page_file(protection), "demand-zero": entries.software(protection)}
        entry = chosen.get(content.state, 0)
    return SectionPage(entry, frame, content.state == "valid", protection)


def _write_subsection(
    machine: Machine, section: Section, address: int, following: int, part: Sequence[Content]
) -> None:
    record = machine.record("_SUBSECTION").fill(ControlArea=section.control_area, NextSubsection=following)
    record.fill(SubsectionBase=section.prototype(len(section.pages)) if part else 0, PtesInSubsection=len(part))
    record.fill(NumberOfFullSectors=len(part) * 8 if section.file else 0, StartingSector=len(section.pages) * 8)
    record.set("u.SubsectionFlags.Protection", part[0].protection if part else READ_WRITE)
    machine.write(address, record.data)


def _write_control_area(machine: Machine, section: Section, flags: tuple[str, ...], subsections: int) -> None:
    segment = machine.record("_SEGMENT").fill(ControlArea=section.control_area, TotalNumberOfPtes=len(section.pages))
    segment.fill(SizeOfSegment=len(section.pages) << 12, PrototypePte=section.prototypes)
    segment.fill(NumberOfCommittedPages=sum(bool(page.entry) for page in section.pages) if not section.file else 0)
    record = machine.record("_CONTROL_AREA").fill(Segment=machine.pool.store(segment.data, "MmSm"))
    record.fill(NumberOfSectionReferences=1, NumberOfMappedViews=1, NumberOfUserReferences=2)
    record.fill(NumberOfPfnReferences=sum(page.frame is not None for page in section.pages))
    record.fill(NumberOfSubsections=subsections)
    for flag in flags:
        record.set(f"u.Flags.{flag}", 1)
    if section.file:
        target = file_object(machine, section.file, section.control_area, "Image" in flags)
        fast = machine.structures.locate("_CONTROL_AREA", "FilePointer").type == "_EX_FAST_REF"
        record.set("FilePointer", target | (_FAST_REFERENCES[machine.width] if fast else 0))
    machine.write(section.control_area, record.data)
