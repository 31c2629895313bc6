"""Which built-in layouts describe this kernel: by its build, by what KDBG states, and by what the System process holds.

A row for another build may read the list of processes and be displaced as a whole: the distances between members stay
while their places change. So a row is believed only if the System process is where it says, and among rows that fit
the one that agrees with the debugger data block comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from volplugins.kernel.calibration.calibrate import calibrated
from volplugins.kernel.calibration.search import moved_alike
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.layouts import KernelLayouts, built_in, differing, known_builds, stated, with_debugger_data
from volplugins.kernel.system_process import Fault, IsDirectory, find_process_layout, system_faults
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout

# members of the KPROCESS at the start, which need not be displaced with what follows it
_IN_KPROCESS = frozenset({"DirectoryTableBase", "UserDirectoryTableBase", "ProfileListHead", "SecureHandle"})
_FEWEST_ANCHORS = 5  # id, links and name; parent and PEB, which KDBG states


@dataclass(frozen=True, slots=True)
class Kernel:
    """What is known of the kernel before its layouts are.

    Attributes:
        links: address of System's ActiveProcessLinks; 0 where the list cannot be read.
        is_directory: judges System's DirectoryTableBase, where that can be done.
    """

    memory: MemoryReader
    bits: int
    build: int
    links: int
    data: DebuggerData | None
    is_directory: IsDirectory | None = None


def choose_layouts(kernel: Kernel) -> tuple[KernelLayouts, str]:
    """The layouts for a kernel without symbols, and why they are unsure; empty where the System process fits."""
    layouts, doubt = _by_system(kernel)
    if not kernel.links:
        return layouts, doubt
    said = {field: list(each) for field, each in stated(kernel.data).items()} if kernel.data is not None else {}
    return calibrated(kernel.memory, kernel.links, kernel.bits, layouts, lambda: _corrected_others(kernel), said), doubt


def _by_system(kernel: Kernel) -> tuple[KernelLayouts, str]:
    """The row whose EPROCESS the System process fits, and what is left against it."""
    usual = _corrected(built_in(kernel.bits, kernel.build), kernel)
    if not kernel.links:
        return usual, ""
    faults = _faults(kernel, usual)
    if not faults and not _disagreements(built_in(kernel.bits, kernel.build), kernel):
        return usual, ""
    best, best_faults = usual, faults
    key = _key(kernel, built_in(kernel.bits, kernel.build), faults)
    for other in _others(kernel):
        layouts = _corrected(other, kernel)
        found = _faults(kernel, layouts)
        its = _key(kernel, other, found)
        if its < key:
            source = f"{layouts.process.source} (fits this kernel of build {kernel.build})"
            best, best_faults, key = replace(layouts, process=replace(layouts.process, source=source)), found, its
    if not any(fault.wild for fault in best_faults):
        return best, "; ".join(fault.text for fault in best_faults)
    return _searched(kernel, usual, faults)


def by_symbols(kernel: Kernel, said: Layout) -> KernelLayouts:
    """The built-in layouts that agree best with the symbols' own EPROCESS: for structures that the symbols lack."""
    usual = built_in(kernel.bits, kernel.build)
    if not differing(usual.process, said)[1]:
        return _corrected(usual, kernel)
    rows = [usual, *_others(kernel)]
    best = min(rows, key=lambda each: (differing(each.process, said)[1], _disagreements(each, kernel)))
    return _corrected(best, kernel)


def _searched(kernel: Kernel, usual: KernelLayouts, faults: tuple[Fault, ...]) -> tuple[KernelLayouts, str]:
    """Members found in the System process, or the usual row with what speaks against it."""
    base = usual.process
    known = {"DirectoryTableBase", *(stated(kernel.data)["process"] if kernel.data is not None else ())}
    members = {name: place for name, place in base.members.items() if name in known}
    found = find_process_layout(kernel.memory, kernel.links, replace(base, members=members), kernel.bits)
    if found is not None:
        left = system_faults(kernel.memory, kernel.links, found, kernel.bits, kernel.is_directory)
        if not any(fault.wild for fault in left):
            return _with_process(usual, *_filled(kernel, found, usual)), "; ".join(fault.text for fault in left)
    return usual, f"{base.source} does not fit the System process: " + "; ".join(fault.text for fault in faults)


def _with_process(usual: KernelLayouts, process: Layout, row: KernelLayouts) -> KernelLayouts:
    """The layouts with this EPROCESS; its members in other groups are the row's, moved as its own."""
    groups = (row.waits.process, row.descriptors.process)
    waits, descriptors = (moved_alike(each, process, row.process) for each in groups)
    return replace(
        usual,
        process=process,
        waits=replace(usual.waits, process=waits),
        descriptors=replace(usual.descriptors, process=descriptors),
    )


def _filled(kernel: Kernel, found: Layout, usual: KernelLayouts) -> tuple[Layout, KernelLayouts]:
    """``found``, and members of a row that is displaced as a whole: those between its first and last that agree.

    And the layouts that this row is one of; the usual ones where there is no such row.
    """
    rows = [built_in(kernel.bits, kernel.build), *_others(kernel)]
    whole = next((each for each in rows if _displaced(found, each.process)), None)
    if whole is None:
        return found, usual
    row = whole.process
    delta = found.offset("ActiveProcessLinks") - row.offset("ActiveProcessLinks")
    sure = [row.offset(name) for name in _anchors(found, row)]
    members = dict(found.members)
    for name, (at, size) in row.members.items():
        if min(sure) < at < max(sure) and name not in _IN_KPROCESS:
            members.setdefault(name, (at + delta, size))
    inside = {name: place for name, place in row.bits.items() if min(sure) < place[0] < max(sure)}
    bits = {name: (at + delta, size, low, width) for name, (at, size, low, width) in inside.items()}
    source = f"{found.source}; {row.source} displaced by {delta:#x} bytes"
    size = max(found.size, *(at + size for at, size in members.values()))
    return Layout(found.name, size, members, source, bits), whole


def _anchors(found: Layout, row: Layout) -> list[str]:
    """Members behind the KPROCESS that both know."""
    return [name for name in found.members if row.has(name) and name != "DirectoryTableBase"]


def _displaced(found: Layout, row: Layout) -> bool:
    """Whether all that is known lies in the row at the same distances."""
    anchors = _anchors(found, row)
    return len(anchors) >= _FEWEST_ANCHORS and len({found.offset(name) - row.offset(name) for name in anchors}) == 1


def _corrected_others(kernel: Kernel) -> Iterator[KernelLayouts]:
    return (_corrected(other, kernel) for other in _others(kernel))


def _others(kernel: Kernel) -> Iterator[KernelLayouts]:
    """The rows for other builds, nearest first."""
    for build in sorted(known_builds(kernel.bits), key=lambda each: (abs(each - kernel.build), each)):
        yield built_in(kernel.bits, build)


def _corrected(layouts: KernelLayouts, kernel: Kernel) -> KernelLayouts:
    return layouts if kernel.data is None else with_debugger_data(layouts, kernel.data, kernel.bits)


def _faults(kernel: Kernel, layouts: KernelLayouts) -> tuple[Fault, ...]:
    layout, limit = layouts.process, kernel.data.offsets.get("SizeEProcess", 0) if kernel.data is not None else 0
    if limit and layout.size > limit:
        return (Fault(f"{layout.source} reaches beyond the {limit:#x} bytes that KDBG states of an EPROCESS"),)
    return system_faults(kernel.memory, kernel.links, layout, kernel.bits, kernel.is_directory)


def _key(kernel: Kernel, row: KernelLayouts, faults: tuple[Fault, ...]) -> tuple[int, int, int]:
    """How much speaks against a row: wild faults first, then what KDBG states otherwise, then the rest."""
    wild = sum(fault.wild for fault in faults)
    return wild, _disagreements(row, kernel), len(faults) - wild


def _disagreements(row: KernelLayouts, kernel: Kernel) -> int:
    """How many offsets that the debugger data block states are others than the row's own."""
    if kernel.data is None:
        return 0
    said = stated(kernel.data)
    return sum(
        getattr(row, field).members[member][0] != at
        for field in ("process", "thread")
        for member, at in said[field].items()
        if member in getattr(row, field).members
    )


def first_links(memory: MemoryReader, head: int, bits: int) -> int:
    """Address of the first process's ActiveProcessLinks, by PsActiveProcessHead; 0 where it cannot be read."""
    try:
        return int.from_bytes(memory.read(head, bits // 8), "little") if head else 0
    except ReadError:
        return 0
