"""Critical sections of user mode, read through the process's own memory: the owner is a thread id.

RTL_CRITICAL_SECTION: LockCount, RecursionCount, OwningThread (a thread id), LockSemaphore (winnt.h). From 2003 SP1 on,
bit 0 of LockCount is clear while it is held, bit 1 is clear once a waiter was woken, and the ones' complement of the
rest counts waiters (Microsoft's "Displaying a critical section"); before, LockCount is how many wait, -1 where nobody
holds it. Up to Windows 7 waiters wait for an event of the process whose handle is LockSemaphore, or for the keyed event
whose key is the section; since Windows 8 for the section's address, or that of its LockSemaphore.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from volplugins.kernel.wait_layouts import built_in_waits
from volplugins.memory.reader import MemoryReader
from volplugins.memory.structure import Layout, Structure
from volplugins.waits.system import WaitSystem, number_in, structure_in

_BITS_OF_COUNT_SINCE = 3790
_MOST_RECURSIONS = 1 << 16
MOST_OF_PROCESS, MOST_SECTIONS = 1 << 17, 1 << 18  # entries of one process's list, of all together
# PEB.LoaderLock leads to one section, its RTL_CRITICAL_SECTION_DEBUG to the list of those that have one (winnt.h)
_LOADER_LOCK = {64: 0x110, 32: 0xA0}
_DEBUG_SECTION, _DEBUG_LIST = {64: 0x8, 32: 0x4}, {64: 0x10, 32: 0x8}
_ID_STEP, _HIGHEST_ID = 4, 1 << 26


@dataclass(frozen=True, slots=True)
class CriticalSection:
    """One that is held and waited for.

    ``owner``: thread id; ``waiters``: how many it counts; ``handle``: LockSemaphore.
    """

    address: int
    owner: int
    waiters: int
    handle: int


def layouts_of(system: WaitSystem, wow64: bool) -> Iterator[tuple[int, Layout]]:
    """Layouts that a process may use, by bits: the machine's, and that of 32-bit programs."""
    yield system.bits, system.layouts.critical_section
    if wow64:
        yield 32, built_in_waits(32, system.io.build).critical_section


def section_at(
    memory: MemoryReader, address: int, layout: Layout, build: int, tids: Mapping[int, int]
) -> CriticalSection | None:
    """The section at a user address, where one is there that is held and that others wait for.

    Its owner is a thread of its process; or, where its debug record or the lack of one shows that it is a section, one
    that is no more.

    Args:
        tids: the process's ETHREADs by thread id.
    """
    found = structure_in(memory, address, layout) if address else None
    if found is None or not layout.has("OwningThread"):
        return None
    owner, recursions = found.unsigned("OwningThread"), found.unsigned("RecursionCount")
    waiters = _waiters(found, build)
    if not 0 < recursions < _MOST_RECURSIONS or not 0 < waiters <= len(tids):
        return None
    if owner not in tids and (owner % _ID_STEP or not 0 < owner < _HIGHEST_ID or not _is_section(memory, found)):
        return None
    return CriticalSection(address, owner, waiters, found.unsigned("LockSemaphore"))


def section_of_address(
    memory: MemoryReader, address: int, layout: Layout, build: int, tids: Mapping[int, int]
) -> CriticalSection | None:
    """The section whose address, or whose LockSemaphore's, a thread waits for."""
    if not layout.has("LockSemaphore"):
        return None
    for start in (address, address - layout.offset("LockSemaphore")):
        found = section_at(memory, start, layout, build, tids)
        if found is not None:
            return found
    return None


@dataclass(slots=True)
class SectionLimit:
    """What following the lists of all processes may cost.

    Attributes:
        left: how many entries may still be followed; of one process no more than ``most``.
        cut: whether the last list was not followed to its end for that.
    """

    most: int = field(default_factory=lambda: MOST_OF_PROCESS)
    left: int = field(default_factory=lambda: MOST_SECTIONS)
    cut: bool = False


def sections_of_process(
    memory: MemoryReader, peb: int, bits: int, layout: Layout, build: int, tids: Mapping[int, int], limit: SectionLimit
) -> Iterator[CriticalSection]:
    """Those of the process's list that are held and waited for."""
    for address in _listed(memory, peb, bits, layout, limit):
        found = section_at(memory, address, layout, build, tids)
        if found is not None:
            yield found


def _listed(memory: MemoryReader, peb: int, bits: int, layout: Layout, limit: SectionLimit) -> Iterator[int]:
    width = bits // 8
    pointer = Layout("pointer", width, {"pointer": (0, width)}, "")
    # the end of RTL_CRITICAL_SECTION_DEBUG that matters: the section, then the list
    record = Layout("debug record", 2 * width, {"Section": (0, width), "Flink": (width, width)}, "winnt.h")
    first = number_in(memory, peb + _LOADER_LOCK[bits], pointer, "pointer")
    debug = number_in(memory, first, layout, "DebugInfo") if first else 0
    entry = debug + _DEBUG_LIST[bits] if debug else 0
    seen: set[int] = set()
    limit.cut = False
    while entry and entry not in seen:
        if len(seen) >= limit.most or limit.left <= 0:
            limit.cut = True
            return
        seen.add(entry)
        limit.left -= 1
        found = structure_in(memory, entry - _DEBUG_LIST[bits] + _DEBUG_SECTION[bits], record)
        if found is None:
            return
        if found.unsigned("Section"):
            yield found.unsigned("Section")
        entry = found.unsigned("Flink")


def _is_section(memory: MemoryReader, found: Structure) -> bool:
    """Whether DebugInfo says that there is none (since Windows 8), or leads to a record that names the section."""
    width = found.layout.members["DebugInfo"][1]
    debug = found.unsigned("DebugInfo")
    if debug == (1 << 8 * width) - 1:
        return True
    named = Layout("_RTL_CRITICAL_SECTION_DEBUG", 2 * width, {"CriticalSection": (width, width)}, "winnt.h")
    return number_in(memory, debug, named, "CriticalSection") == found.address


def _waiters(found: Structure, build: int) -> int:
    """How many wait, as LockCount has it; -1 where it says that nobody holds the section."""
    count = int.from_bytes(found.raw("LockCount"), "little", signed=True)
    if build < _BITS_OF_COUNT_SINCE:
        return count
    return (-1 - count) >> 2 if not count & 1 else -1
