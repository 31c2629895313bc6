"""User pages of every state, for two processes of a made-up machine: a shared section with its prototype entries,
private pages in transition, in the page file and never touched, and a large page.
"""

from __future__ import annotations

from typing import Any

from volplugins.lab.kernel.processes import Process
from volplugins.lab.kernel.sections import Content, create_section
from volplugins.lab.machine.page_entries import FILE_OFFSET, PAGE_FILE, PageEntries, PageFact, software_fact
from volplugins.lab.machine.page_tables import X86
from volplugins.lab.machine.ranges import Range, Section
from volplugins.lab.world.world import World

PAGE = 0x1000
SECTION, PRIVATE, LARGE_PAGE = 0x30000000, 0x31000000, 0x32000000
LARGE_FRAME, LARGE_FRAMES = 0xC00, 0x400  # shared by both owners; reserved before pages are handed out
OWNERS = ("explorer.exe", "acmetray.exe")
_READ_WRITE = 4  # MM_READWRITE, in the Protection member of entries and VADs

Truth = dict[str, Any]


def add_section_pages(world: World) -> dict[int, list[Truth]]:
    """Map them into both owners; gives, by PID, what every page is: the words of windows.kd.vtop and the numbers.

    One thread of the first owner waits for a page that its own code touched.
    """
    memory = world.machine.memory
    world.process(OWNERS[0]).threads[1].faulting = True
    frames = [memory.allocate() for _ in range(3)]
    for frame in frames:
        memory.page(frame)[:16] = b"page %08x..." % frame
    contents = [
        Content("valid", _READ_WRITE, frames[0]),
        Content("transition", _READ_WRITE, frames[1]),
        Content("page-file", _READ_WRITE),
        Content("demand-zero", _READ_WRITE),
    ]
    section = create_section(world.machine, [contents * 4], ("Commit", "UserReference"))
    return {
        owner.pid: [*_section(world, owner, section, frames[2]), *_private(world, owner)]
        for owner in map(world.process, OWNERS)
    }


def _section(world: World, owner: Process, section: Section, shared: int) -> list[Truth]:
    """Sixteen pages: four by the prototype's address, four by the VAD, one shared and valid, the rest never touched."""
    entries = PageEntries(world.machine.profile)
    states = ("prototype", "prototype", "pagefile", "demand-zero")
    truth = []
    for number in range(8):
        prototype = section.prototype(number)
        by_address = entries.by_address(prototype) if number < 4 else None
        value = by_address if by_address is not None else entries.by_vad()
        frame = section.pages[number].frame
        fact = software_fact(_READ_WRITE, frame is not None)
        put = _put(owner, SECTION + number * PAGE, (value, fact), states[number % 4], frame)
        truth.append(put | {"prototype": prototype})
    truth.append(_put(owner, SECTION + 8 * PAGE, entries.any_access(shared), "valid", shared))
    owner.add(Range(SECTION, SECTION + 16 * PAGE, _READ_WRITE, section=section, usage="PageFileSection"))
    return truth


def _private(world: World, owner: Process) -> list[Truth]:
    entries, memory, mode = PageEntries(world.machine.profile), world.machine.memory, world.machine.profile.mode
    frame = memory.allocate()
    memory.page(frame)[:16] = b"trimmed %08x" % frame
    away = software_fact(_READ_WRITE)
    truth = [
        _put(owner, PRIVATE, (entries.transition(frame), software_fact(_READ_WRITE, True)), "transition", frame),
        _put(owner, PRIVATE + PAGE, (entries.page_file(), away), "pagefile", None),
        _put(owner, PRIVATE + 2 * PAGE, (entries.software(), away), "demand-zero", None),
    ]
    owner.add(Range(PRIVATE, PRIVATE + 16 * PAGE, _READ_WRITE, commit=3))
    size = 0x400000 if mode is X86 else 0x200000
    entry, fact = entries.any_access(LARGE_FRAME)
    where = owner.space.put(LARGE_PAGE, entry | 0x80, fact, size)
    truth.append(_page(LARGE_PAGE, "large", LARGE_FRAME, entry | 0x80, where) | {"size": size})
    owner.add(Range(LARGE_PAGE, LARGE_PAGE + size, _READ_WRITE, commit=size >> 12))
    return truth


def _put(owner: Process, virtual: int, put: tuple[int, PageFact], state: str, frame: int | None) -> Truth:
    value, fact = put
    where = owner.space.put(virtual, value, fact)
    return _page(virtual, state, frame, value, where) | {
        "prototype": None,
        "page_file": (PAGE_FILE, FILE_OFFSET) if state == "pagefile" else None,
    }


def _page(virtual: int, state: str, frame: int | None, entry: int, where: int) -> Truth:
    physical = frame << 12 if frame is not None else None
    return {"virtual": virtual, "state": state, "physical": physical, "entry": entry, "entry_physical": where}
