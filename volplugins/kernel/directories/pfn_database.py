"""The PFN database: what the memory manager itself says of every page of RAM, a second witness beside the page tables.

One MMPFN per page (MmPfnDatabase leads to the array): where the entry that maps the page lies (PteAddress, through the
self-map; of a page that is shared the prototype entry), and in which page that entry is (u4.PteFrame). A top-level
table is in itself. Layout: public symbol tables; PteAddress has a lock in its lowest bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.members import is_kernel_address, read_word
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, read_structure
from volplugins.paging.mode import PagingMode

# MMLISTS, the page's list: the same numbers in every build
LOCATIONS = ("zeroed", "free", "standby", "modified", "modified, no write", "bad", "active", "transition")
ACTIVE, _FREE = 6, (0, 1)
_LEVELS = 6  # from a page of five levels up to its directory, and one that says that it is in itself


@dataclass(frozen=True, slots=True)
class PageRecord:
    """What the database says of one page.

    Attributes:
        entry_at: address of the entry that maps it; ``containing``: number of the page which that entry is in.
        location: index into LOCATIONS; None where the layout does not say.
        prototype: whether that entry is a prototype entry, of a section; None likewise.
    """

    pfn: int
    entry_at: int
    containing: int
    location: int | None
    prototype: bool | None

    @property
    def state(self) -> str:
        """The list that the page is on, in words; empty where it is not known."""
        return LOCATIONS[self.location] if self.location is not None else ""

    @property
    def free(self) -> bool:
        """Whether nobody has the page."""
        return self.location in _FREE


@dataclass(frozen=True, slots=True)
class PfnDatabase:
    """The database at a kernel address.

    Args:
        layout: of MMPFN.
        entry_size: bytes of a page table's entry, whose addresses are multiples of it.
    """

    memory: MemoryReader
    base: int
    layout: Layout
    entry_size: int = 8

    def record(self, pfn: int) -> PageRecord | None:
        """What it says of a page; None where that part of it is not in the target."""
        try:
            entry = read_structure(self.memory, self.base + pfn * self.layout.size, self.layout)
        except ReadError:
            return None
        if not any(entry.data):
            return None  # no RAM, or a part of the array that was never filled
        prototype = entry.get("PrototypePte")
        return PageRecord(
            pfn, entry.unsigned("PteAddress") & -self.entry_size, entry.unsigned("PteFrame"), entry.get("PageLocation"),
            bool(prototype) if prototype is not None else None,
        )  # fmt: skip

    def upwards(self, pfn: int) -> Iterator[PageRecord]:
        """From a page to the tables above it, up to the one that is in itself; at most as many as there are levels."""
        seen: set[int] = set()
        while pfn not in seen and len(seen) < _LEVELS:
            record = self.record(pfn)
            if record is None:
                return
            seen.add(pfn)
            yield record
            pfn = record.containing

    def directory_of(self, pfn: int) -> int | None:
        """Number of the top-level table above a page; None where the way up is broken, or ends in no such table."""
        way = list(self.upwards(pfn))
        top = way[-1] if way else None
        return top.pfn if top is not None and top.containing == top.pfn and top.location in (None, ACTIVE) else None


def pfn_database(
    memory: MemoryReader, data: DebuggerData | None, layout: Layout, mode: PagingMode
) -> PfnDatabase | None:
    """The database that the debugger data block leads to; None where it does not, or its layout is not known.

    Args:
        layout: of MMPFN, of the kernel that runs in ``mode``: with PAE it is another one than without.
    """
    bits = 32 if mode.facts.address_bits == 32 else 64
    variable = data.addresses.get("MmPfnDatabase") if data is not None else None
    if not variable or not layout.has("PteAddress") or not layout.has("PteFrame"):
        return None
    base = read_word(memory, variable, bits // 8)
    if base is None or not is_kernel_address(base, bits):
        return None
    return PfnDatabase(memory, base, layout, mode.facts.entry_size)


def top_frame(physical: MemoryReader, mode: PagingMode, base: int) -> int | None:
    """Number of the page of a directory that the database has in itself; None where that cannot be read.

    It is the top table, of PAE the fourth page directory, which maps the four.
    """
    if mode is not PagingMode.PAE:
        return (base & mode.facts.frame_mask) >> 12
    try:
        pointer = int.from_bytes(physical.read((base & 0xFFFF_FFE0) + 3 * 8, 8), "little")
    except ReadError:
        return None
    return (pointer & mode.facts.frame_mask) >> 12


def differences(record: PageRecord, entry_at: int | None, table: int, private: bool) -> tuple[str, ...]:
    """What the database says otherwise than the page tables do of a page that a valid entry leads to.

    Args:
        entry_at: address of that entry through the self-map; None where it is not known.
        table: number of the page that the entry is in.
        private: whether the entry itself maps the page; else a prototype entry may, of which nothing follows.
    """
    found = []
    if record.free:
        found.append(f"the page is on the {record.state} list")
    if record.prototype and not private:
        return tuple(found)
    if entry_at is not None and record.entry_at != entry_at:
        found.append(f"its entry is at {record.entry_at:#x}, not {entry_at:#x}")
    if record.containing != table:
        found.append(f"that entry is in page {record.containing:#x}, not {table:#x}")
    return tuple(found)
