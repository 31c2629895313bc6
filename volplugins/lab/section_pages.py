"""User pages of every state, for two processes of a made-up machine: a shared section with its prototype entries,
private pages in transition, in the page file and never touched, and a large page.

Entry bits: _MMPTE_TRANSITION, _MMPTE_SOFTWARE and _MMPTE_PROTOTYPE of the public symbol tables of these builds. An
entry whose page file offset is all ones leaves the prototype entry to the VAD.
"""

from __future__ import annotations

from typing import Any

from volplugins.lab.page_tables import PAE, PRESENT, USER, X86
from volplugins.lab.processes import Process
from volplugins.lab.ranges import Range
from volplugins.lab.world import World

PAGE = 0x1000
SECTION, PRIVATE, LARGE_PAGE = 0x30000000, 0x31000000, 0x32000000
LARGE_FRAME, LARGE_FRAMES = 0xC00, 0x400  # shared by both owners; reserved before pages are handed out
OWNERS = ("explorer.exe", "acmetray.exe")
_PAGE_FILE, _FILE_OFFSET = 1, 0x4321
_READ_WRITE = 4  # MM_READWRITE, in the Protection member of entries and VADs
_PROTOTYPE, _TRANSITION = 1 << 10, 1 << 11

Truth = dict[str, Any]


class _Entries:
    """How this machine's kernel writes its entries."""

    def __init__(self, world: World) -> None:
        profile = world.machine.profile
        self.size = profile.mode.entry
        self._narrow = profile.mode is X86
        self._pae = profile.mode is PAE
        self._new = profile.build >= 10240

    def transition(self, pfn: int) -> int:
        return pfn << 12 | _TRANSITION | _READ_WRITE << 5

    def page_file(self) -> int:
        low = _PAGE_FILE << (12 if self._new else 1)
        return _FILE_OFFSET << (12 if self._narrow else 32) | low | _READ_WRITE << 5

    def demand_zero(self) -> int:
        return _READ_WRITE << 5

    def by_vad(self) -> int:
        return (0xFFFFF000 if self._narrow else 0xFFFFFFFF00000000) | _PROTOTYPE

    def by_address(self, address: int) -> int | None:
        """None on x86 without PAE, where the address is told from the start of paged pool."""
        if self._narrow:
            return None
        return (address << 32 if self._pae else (address & 0xFFFFFFFFFFFF) << 16) | _PROTOTYPE

    def valid(self, pfn: int) -> int:
        return pfn << 12 | PRESENT | USER | 0x62

    def pack(self, entry: int) -> bytes:
        return entry.to_bytes(self.size, "little")


def add_section_pages(world: World) -> dict[int, list[Truth]]:
    """Map them into both owners; gives, by PID, what every page is: the words of windows.kd.vtop and the numbers.

    One thread of the first owner waits for a page that its own code touched.
    """
    entries = _Entries(world)
    memory = world.machine.memory
    world.process(OWNERS[0]).threads[1].faulting = True
    frames = [memory.allocate() for _ in range(6)]
    for frame in frames:
        memory.page(frame)[:16] = b"page %08x..." % frame
    contents = [
        (entries.valid(frames[0]), "valid", frames[0]),
        (entries.transition(frames[1]), "transition", frames[1]),
        (entries.page_file(), "pagefile", None),
        (entries.demand_zero(), "demand-zero", None),
    ]
    array = world.machine.pool.allocate(16 * entries.size, "MmSt")
    world.machine.write(array, b"".join(entries.pack(entry) for entry, _, _ in contents * 4))
    return {
        owner.pid: [
            *_section(world, owner, entries, array, [frame for _, _, frame in contents], frames[2]),
            *_private(world, owner, entries),
        ]
        for owner in map(world.process, OWNERS)
    }


def _section(
    world: World, owner: Process, entries: _Entries, array: int, frames: list[int | None], shared: int
) -> list[Truth]:
    """Sixteen pages: four by the prototype's address, four by the VAD, one shared and valid, the rest never touched."""
    states = ("prototype", "prototype", "pagefile", "demand-zero")
    truth = []
    for page in range(8):
        prototype = array + page * entries.size
        by_address = entries.by_address(prototype) if page < 4 else None
        value = by_address if by_address is not None else entries.by_vad()
        frame = frames[page % 4]
        truth.append(_put(world, owner, SECTION + page * PAGE, value, states[page % 4], frame, prototype=prototype))
    truth.append(_put(world, owner, SECTION + 8 * PAGE, entries.valid(shared), "valid", shared))
    owner.sections.append(Range(SECTION, SECTION + 16 * PAGE, _READ_WRITE, False, array, array + 15 * entries.size))
    return truth


def _private(world: World, owner: Process, entries: _Entries) -> list[Truth]:
    memory, mode = world.machine.memory, world.machine.profile.mode
    frame = memory.allocate()
    memory.page(frame)[:16] = b"trimmed %08x" % frame
    truth = [
        _put(world, owner, PRIVATE, entries.transition(frame), "transition", frame),
        _put(world, owner, PRIVATE + PAGE, entries.page_file(), "pagefile", None),
        _put(world, owner, PRIVATE + 2 * PAGE, entries.demand_zero(), "demand-zero", None),
    ]
    owner.sections.append(Range(PRIVATE, PRIVATE + 16 * PAGE, _READ_WRITE, False))
    size = 0x400000 if mode is X86 else 0x200000
    value = entries.valid(LARGE_FRAME) | 0x80
    where = owner.space.tables.put(owner.space.directory, LARGE_PAGE, value, large=True)
    truth.append(_page(LARGE_PAGE, "large", LARGE_FRAME, value, where) | {"size": size})
    owner.sections.append(Range(LARGE_PAGE, LARGE_PAGE + size, _READ_WRITE, False))
    return truth


def _put(
    world: World, owner: Process, virtual: int, value: int, state: str, frame: int | None, prototype: int | None = None
) -> Truth:
    where = owner.space.tables.put(owner.space.directory, virtual, value)
    return _page(virtual, state, frame, value, where) | {
        "prototype": prototype,
        "page_file": (_PAGE_FILE, _FILE_OFFSET) if state == "pagefile" else None,
    }


def _page(virtual: int, state: str, frame: int | None, entry: int, where: int) -> Truth:
    physical = frame << 12 if frame is not None else None
    return {"virtual": virtual, "state": state, "physical": physical, "entry": entry, "entry_physical": where}
