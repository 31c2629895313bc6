"""The top of a page directory: its table (PAE: pointer table and four directories), and how it maps itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.mode import PagingMode

PAGE = 0x1000
X86_SELF_MAP = 0x300
COMPARED = 0xFFFF_FFFF_FFFF_FF9F  # all bits of an entry but accessed (5) and dirty (6)
_ABSENT = {"outside-memory": "is where the machine has no RAM", "truncated": "is behind the end of the file"}
_Entries = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Top:
    """The entries that every check looks at.

    Attributes:
        physical: address of the top table.
        entries: x64, x86: the top table's entries. PAE: the four pointers.
        directories: PAE: the entries of the four page directories, None for one that is not in the dump.
        missing: what of the top is not there, in words; empty where all is.
        user_end: the first address whose tables are the kernel's, a multiple of what an entry of a PDE's level maps.
        outside: whether some of that would lie where the machine has no RAM.
    """

    mode: PagingMode
    physical: int
    entries: _Entries
    directories: tuple[_Entries | None, ...]
    missing: str
    user_end: int
    outside: bool = False

    @property
    def user_entries(self) -> int:
        """How many entries of the top table (PAE: of the pointer table) lead to tables of user addresses."""
        return -(-self.user_end >> self.mode.facts.levels[0].shift)

    def kernel_from(self, number: int) -> int:
        """PAE: which entry of page directory ``number`` is the first of the kernel's; 512 where none is."""
        return min(max(self.user_end - (number << 30), 0) >> 21, 512)

    @property
    def split(self) -> tuple[int, int] | None:
        """PAE: from where to where the kernel's addresses share a page directory with user addresses, if some do."""
        if self.mode is not PagingMode.PAE or not self.user_end & (1 << 30) - 1:
            return None
        return self.user_end, self.user_entries << 30

    def entry_for(self, address: int) -> tuple[str, int, int] | None:
        """(level, physical address, value) of the entry that must map the kernel's ``address``; None where absent."""
        if self.mode is PagingMode.PAE:
            pointer, index = address >> 30 & 3, address >> 21 & 0x1FF
            directory = self.directories[pointer]
            if directory is None:
                return None
            base = int(self.entries[pointer]) & self.mode.facts.frame_mask
            return "PDE", base + index * 8, int(directory[index])
        level = self.mode.facts.levels[0]
        index = level.index(address)
        return level.name, self.physical + index * self.mode.facts.entry_size, int(self.entries[index])

    def empty_where_filled(self, other: Top) -> int:
        """x86, whose kernel fills them on demand: how many kernel entries are empty here and not in ``other``."""
        if self.mode is PagingMode.X86:
            half = self.user_entries
            return int(np.count_nonzero((self.entries[half:] == 0) & (other.entries[half:] != 0)))
        empty = 0
        for number, (mine, its) in enumerate(zip(self.directories, other.directories, strict=True)):
            first = self.kernel_from(number)
            if mine is not None and its is not None:
                empty += int(np.count_nonzero((mine[first:] == 0) & (its[first:] != 0)))
        return empty

    @property
    def self_map_level(self) -> str:
        """Level of the entries that make up the self-map."""
        return "PDE" if self.mode is PagingMode.PAE else self.mode.facts.levels[0].name

    def self_map(self, slot: int | None) -> tuple[bool, str]:
        """Whether the table maps itself where it must, and the evidence."""
        if self.mode is PagingMode.PAE:
            return self._pae_self_map()
        index = X86_SELF_MAP if self.mode is PagingMode.X86 else slot
        if index is None:
            return False, "System's self-map slot is not known"
        entry = int(self.entries[index])
        target = entry & self.mode.facts.frame_mask
        where = self.physical + index * self.mode.facts.entry_size
        good = bool(entry & 1) and target == self.physical & ~(PAGE - 1)
        return good, f"self-map entry {index:#x} at {where:#x} holds {entry:#x}" + (
            "" if good else f", it should lead to {self.physical & ~(PAGE - 1):#x}"
        )

    def _pae_self_map(self) -> tuple[bool, str]:
        """The first four entries of the fourth directory lead to the four directories."""
        last = self.directories[3]
        if last is None:
            return False, "the fourth page directory, which holds the self-map, is not in the dump"
        mask = self.mode.facts.frame_mask
        for number in range(4):
            entry, wanted = int(last[number]), int(self.entries[number]) & mask
            if not entry & 1 or entry & mask != wanted:
                where = (int(self.entries[3]) & mask) + number * 8
                return False, f"self-map entry {number} at {where:#x} holds {entry:#x}, it should lead to {wanted:#x}"
        return True, "all four self-map entries lead to the four page directories"


def same_entry(left: int, right: int) -> bool:
    """Whether two entries are equal but for their accessed and dirty bits."""
    return left & COMPARED == right & COMPARED


def read_top(
    physical: MemoryReader, mode: PagingMode, directory_table_base: int, user_end: int | None = None
) -> Top | None:
    """Read the top of a directory; None where not even its top table is in the dump.

    Args:
        user_end: as of Top; the lower half's end where it is not given.
    """
    end = user_end or mode.facts.half
    low = mode.facts.top_alignment - 1
    address = directory_table_base & ~low & (0xFFFF_FFE0 if mode is PagingMode.PAE else mode.facts.frame_mask)
    try:
        if mode is PagingMode.PAE:
            return _read_pae(physical, address, end)
        size = mode.facts.entry_size
        data = physical.read(address, PAGE)
        entries = np.frombuffer(data, dtype=f"<u{size}").astype(np.uint64)
        return Top(mode, address, entries, (), "", end)
    except ReadError:
        return None


def _read_pae(physical: MemoryReader, address: int, user_end: int) -> Top:
    pointers = np.frombuffer(physical.read(address, 32), dtype="<u8").astype(np.uint64)
    directories: list[_Entries | None] = []
    missing, outside = [], False
    for number, pointer in enumerate(pointers.tolist()):
        base = pointer & PagingMode.PAE.facts.frame_mask
        why = "is not valid"
        try:
            page = physical.read(base, PAGE) if pointer & 1 else b""
        except ReadError as error:
            page, why = b"", _ABSENT.get(error.reason, "is not in the file")
            outside |= error.reason == "outside-memory"
        if page:
            directories.append(np.frombuffer(page, dtype="<u8").astype(np.uint64))
        else:
            directories.append(None)
            missing.append(f"page directory {number} {why} (PDPE at {address + number * 8:#x} holds {pointer:#x})")
    return Top(PagingMode.PAE, address, pointers, tuple(directories), ", ".join(missing), user_end, outside)
