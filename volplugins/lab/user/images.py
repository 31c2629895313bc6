"""Images in user memory: one section per file, shared by every process that loads it, and the pages that are mapped."""

from __future__ import annotations

from collections.abc import Mapping

from volplugins.lab.code.image_record import Image
from volplugins.lab.code.pe_link import link
from volplugins.lab.kernel.processes import Process
from volplugins.lab.kernel.sections import HARDWARE, Content, create_section
from volplugins.lab.machine.machine import LoadedImage, Machine
from volplugins.lab.machine.page_entries import (
    EXECUTE_READ,
    EXECUTE_WRITE_COPY,
    READ_ONLY,
    WRITE_COPY,
    PageEntries,
    software_fact,
)
from volplugins.lab.machine.ranges import IMAGE, Range, Section

PAGE = 0x1000
_PROTECTIONS = {".text": EXECUTE_READ, ".data": WRITE_COPY}


def load_user_image(
    machine: Machine, process: Process, image: Image, base: int, path: str, absent: Mapping[int, str] | None = None
) -> LoadedImage:
    """Map an image into a process. Where another process has loaded the file, its pages and its base are taken.

    Args:
        path: with its drive, as the loader names it.
        absent: page number to state in its section, for pages that no process has touched since they left memory.
    """
    if path not in machine.sections:
        machine.sections[path] = _image_section(machine, process, image, base, path, absent or {})
    section = machine.sections[path]
    map_image(process, section)
    return LoadedImage(image, section.base, path)


def map_image(process: Process, section: Section) -> None:
    """Map what a section of an image has in memory; what can be written counts against the commit limit."""
    for number, page in enumerate(section.pages):
        if page.valid and page.frame is not None:
            process.space.map(section.base + number * PAGE, PAGE, HARDWARE[page.protection], [page.frame])
    end = section.base + len(section.pages) * PAGE
    writable = sum(page.protection == WRITE_COPY for page in section.pages)
    process.add(Range(section.base, end, EXECUTE_WRITE_COPY, IMAGE, section, writable, usage="Image"))


def image_contents(machine: Machine, image: Image, base: int, process: Process | None, absent: Mapping[int, str]
                   ) -> list[list[Content]]:  # fmt: skip
    """The image's pages, linked at ``base`` and put into memory, by section."""

    def resolve(name: str) -> int:
        stem, _, symbol = name.partition("!")
        assert process is not None
        return process.images[stem].base + process.images[stem].image.symbols[symbol]

    parts = []
    for name, (start, data) in link(image, base, resolve).items():
        protection = _PROTECTIONS.get(name, READ_ONLY)
        part = []
        for at in range(0, len(data), PAGE):
            state = absent.get((start + at) // PAGE, "valid")
            frame = None if state == "file" else machine.memory.allocate()
            if frame is not None:
                machine.memory.page(frame)[: len(data[at : at + PAGE])] = data[at : at + PAGE]
            part.append(Content(state, protection, frame))
        parts.append(part)
    return parts


def _image_section(
    machine: Machine, process: Process, image: Image, base: int, path: str, absent: Mapping[int, str]
) -> Section:
    parts = image_contents(machine, image, base, process, absent)
    section = create_section(machine, parts, ("Image", "File", "UserReference"), path.partition(":")[2])
    section.base = base
    return section


def load_library(machine: Machine, process: Process, image: Image, written: bool) -> LoadedImage:
    """The library whose data pages are in every state.

    Its third data page is in its file only and its resources are on their way out of memory. A process that has
    ``written`` has a copy of the first data page, never touched the fourth, and had the third for a while; another one
    still shares what it has and had the resources for a while.
    """
    base = _library_base(machine)
    data, resources = image.sections[".data"][0] // PAGE, image.sections[".rsrc"][0] // PAGE
    path = "C:\\Program Files\\ACME\\acmeshl.dll"
    loaded = load_user_image(machine, process, image, base, path, {data + 2: "file", resources: "transition"})
    if written:
        _copy_page(process, base + data * PAGE)
        _untouch_page(process, base + (data + 3) * PAGE)
    _leave_to_prototype(machine, process, machine.sections[path], data + 2 if written else resources)
    return loaded


def _library_base(machine: Machine) -> int:
    """Where it is loaded in every process."""
    if machine.width == 4:
        return 0x10000000
    return 0x7FEF5A40000 if machine.profile.build < 9200 else 0x7FFB10000000


def _copy_page(process: Process, address: int) -> None:
    """A process has written to a page that was to be copied on the first write: it has one of its own now."""
    space, memory = process.space, process.space.tables.memory
    before = bytes(memory.page(space.pages.pop(address)))
    memory.page(space.map(address, PAGE, "data")[0])[:] = before


def _untouch_page(process: Process, address: int) -> None:
    """A process has not touched a page that its section has in memory: its entry is still zero."""
    del process.space.pages[address], process.space.facts[address]
    process.space.tables.put(process.space.directory, address, 0)


def _leave_to_prototype(machine: Machine, process: Process, section: Section, number: int) -> None:
    """A process's entry for an image's page leads to the prototype entry."""
    entries, page = PageEntries(machine.profile), section.pages[number]
    entry = entries.by_vad(page.protection)
    process.space.put(section.base + number * PAGE, entry, software_fact(page.protection, page.frame is not None))
