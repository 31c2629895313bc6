"""MmPfnDatabase of Windows 11 24H2: an entry for every page frame, in agreement with the page tables.

Members and words (_MMPFN, MMLISTS): public type listings of build 26100. PteAddress is the self-map's address of the
entry that maps the page, u4.PteFrame the frame of the table which has that entry; pages of sections have their
prototype's instead.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from volplugins.lab.kernel.processes import Process
from volplugins.lab.machine.machine import Machine

PAGE, ENTRY = 0x1000, 0x30
PTE_ADDRESS, ORIGINAL, SHARES, REFERENCES, LOCATION, FRAME = 0x8, 0x10, 0x18, 0x20, 0x22, 0x28
ZEROED, STANDBY, ACTIVE = 0, 2, 6  # MMLISTS
_EXISTS, _PROTOTYPE, _FRAME_BITS = 1 << 54, 1 << 63, (1 << 40) - 1
_VALID, _LARGE, _TRANSITION, _SOFTWARE_PROTOTYPE = 1, 0x80, 0x800, 0x400
_LEVELS = 4


@dataclass(frozen=True, slots=True)
class Use:
    """What a page frame is in use for.

    Attributes:
        entry: kernel address of the entry, table: frame of the table that has it.
        location: of MMLISTS; prototype: whether the entry is a prototype.
    """

    entry: int
    table: int
    location: int = ACTIVE
    prototype: bool = False


def write_page_database(machine: Machine, processes: list[Process], base: int) -> None:
    """Fill the database at ``base`` where this build's structure is known; truth["pfn_database"] says with what."""
    if not machine.structures.has("_MMPFN"):
        return
    last = max(start + count for start, count in machine.profile.runs)
    machine.kernel.map(base, last * ENTRY, "data")
    used = _uses(machine, processes)
    for start, count in machine.profile.runs:
        for frame in range(start, start + count):
            machine.write(base + frame * ENTRY, _entry(used.get(frame)))
    machine.truth["pfn_database"] = {"base": base, "frames": {frame: _plain(each) for frame, each in used.items()}}


def _entry(use: Use | None) -> bytes:
    data = bytearray(ENTRY)
    word = _EXISTS
    if use is not None:
        active = use.location == ACTIVE
        struct.pack_into("<QQQ", data, PTE_ADDRESS, use.entry, 4 << 5, int(active))
        struct.pack_into("<HB", data, REFERENCES, int(active), use.location)
        word |= use.table & _FRAME_BITS | (_PROTOTYPE if use.prototype else 0)
    struct.pack_into("<Q", data, FRAME, word)
    return bytes(data)


def _plain(use: Use) -> dict[str, Any]:
    return {"entry": use.entry, "table": use.table, "location": use.location, "prototype": use.prototype}


def _uses(machine: Machine, processes: list[Process]) -> dict[int, Use]:
    """By frame: what sections have first, then System's tables, then those of the processes."""
    found: dict[int, Use] = {}
    for section in machine.every_section:
        for number, page in enumerate(section.pages):
            if page.frame is not None and section.prototypes:
                at = section.prototype(number)
                location = ACTIVE if page.valid else STANDBY
                found.setdefault(page.frame, Use(at, machine.kernel.pages[at & -PAGE], location, True))
    directories = [machine.kernel.directory, *(each.space.directory for each in processes if not each.exited)]
    for directory in dict.fromkeys(directories):
        top = directory // PAGE
        slot = machine.tables.self_map
        found.setdefault(top, Use(_self_map(machine, [slot] * _LEVELS), top))
        for frame, use in _walk(machine, top, []):
            found.setdefault(frame, use)
    return found


def _walk(machine: Machine, table: int, path: list[int]) -> Iterator[tuple[int, Use]]:
    """Every page and table that is reached through ``table``, which indexes of ``path`` lead to."""
    slot = machine.tables.self_map
    for index, (entry,) in enumerate(struct.iter_unpack("<Q", machine.memory.page(table))):
        if not entry or (not path and index == slot):
            continue
        here, frame = [*path, index], entry >> 12 & _FRAME_BITS
        use = Use(_self_map(machine, [slot] * (_LEVELS - len(here)) + here), table)
        if entry & _VALID:
            large = bool(entry & _LARGE) and len(here) == _LEVELS - 1
            for each in range(frame, frame + (512 if large else 1)):
                yield each, use
            if not large and len(here) < _LEVELS:
                yield from _walk(machine, frame, here)
        elif len(here) == _LEVELS and entry & _TRANSITION and not entry & _SOFTWARE_PROTOTYPE:
            yield frame, Use(use.entry, table, STANDBY)


def _self_map(machine: Machine, indexes: list[int]) -> int:
    """The address at which the self-map shows an entry: its table's indexes, the self-map's first."""
    address = 0
    for index in [machine.tables.self_map, *indexes[:-1]]:
        address = address << 9 | index
    return 0xFFFF_0000_0000_0000 | address << 12 | indexes[-1] * 8
