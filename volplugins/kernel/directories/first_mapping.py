"""The entry that the PFN database names as a page's own: a page may be mapped at further places too.

Of every page the database holds one address. Pages that a driver maps (MmMapLockedPagesSpecifyCache), views of physical
memory and KUSER_SHARED_DATA, which every process sees at 7FFE0000h, have several. The entry is read by the number of
the page that it is in (u4.PteFrame), as its address through the self-map is another entry in every process.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from volplugins.kernel.directories.pfn_database import ACTIVE, PageRecord
from volplugins.memory.reader import ReadError
from volplugins.paging.address_space import LARGE, VALID, AddressSpace
from volplugins.paging.entry_text import place_of_entry
from volplugins.paging.invalid_entry import decode_invalid
from volplugins.paging.mode import Level
from volplugins.paging.translation import State

_IN_TRANSITION = 7  # MMLISTS: nobody maps it as its own, and a driver has it locked


class Leads(Enum):
    """Whether a page's own entry leads to it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "the page that holds it is not in the target"


@dataclass(frozen=True, slots=True)
class FirstMapping:
    """What was found of a page's own entry.

    Attributes:
        virtual: address that the page has by it; None where the self-map is not known, or for a prototype entry.
        table: whether it makes the page a table of the page tables.
    """

    leads: Leads
    virtual: int | None = None
    table: bool = False


def first_mapping(record: PageRecord, space: AddressSpace, slot: int | None) -> FirstMapping:
    """Whether the entry that the record names leads to its page.

    Args:
        space: whose physical memory and kind of page tables it is; slot: number of the self-map's entry (x64).
    """
    mode = space.mode
    size, levels = mode.facts.entry_size, mode.facts.levels
    try:
        data = space.physical.read(record.containing << 12 | record.entry_at & 0xFFF, size)
    except ReadError as error:
        return FirstMapping(Leads.NO if error.reason == State.OUTSIDE_MEMORY.value else Leads.UNKNOWN)
    place = place_of_entry(record.entry_at, mode, slot)
    level = next((each for each in levels if place is not None and each.name == place.level), levels[-1])
    entry = int.from_bytes(data, "little")
    if not _leads(entry, record, level, space):
        return FirstMapping(Leads.NO)
    table = level is not levels[-1] and not (entry & LARGE and level.may_be_large)
    inside = record.pfn & ((1 << level.shift - 12) - 1) if not table else 0
    return FirstMapping(Leads.YES, place.virtual + (inside << 12) if place is not None else None, table)


def _leads(entry: int, record: PageRecord, level: Level, space: AddressSpace) -> bool:
    if not entry & VALID:
        said = decode_invalid(entry, space.invalid, space.mode)
        return record.location == _IN_TRANSITION and said.state is State.TRANSITION and said.frame == record.pfn
    frame = (entry & space.mode.facts.frame_mask) >> 12
    # of a large page the bits below its size are attributes
    covers = 1 << level.shift - 12 if entry & LARGE and level.may_be_large else 1
    return record.location in (None, ACTIVE) and frame & -covers == record.pfn & -covers
