"""Page tables as Windows lays them out: x64, x86 PAE and x86, each with its self-map.

Entry bits: Intel SDM volume 3A, chapter 4. Self-map places: x64 PML4 entry 0x1ED (a random one of the kernel half
since Windows 10 1607), PAE page directory 3 entries 0 to 3 (0xC0600000), x86 page directory entry 0x300 (0xC0300000).
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.machine.physical_memory import PhysicalMemory

PRESENT, WRITE, USER, ACCESSED, DIRTY, LARGE, GLOBAL = 1, 2, 4, 0x20, 0x40, 0x80, 0x100
NO_EXECUTE = 1 << 63
# bits that the processor leaves to software (_MMPTE_HARDWARE.Write and .CopyOnWrite)
SOFT_WRITE, COPY_ON_WRITE = 1 << 11, 1 << 9
_WRITE_THROUGH, _CACHE_DISABLE = 8, 0x10

PROTECTIONS = {
    "code": PRESENT | ACCESSED,
    "read": PRESENT | ACCESSED | NO_EXECUTE,
    "data": PRESENT | WRITE | ACCESSED | DIRTY | SOFT_WRITE | NO_EXECUTE,
    "rwx": PRESENT | WRITE | ACCESSED | DIRTY | SOFT_WRITE,
    "clean": PRESENT | ACCESSED | SOFT_WRITE | NO_EXECUTE,  # the first write faults, so that Windows learns of it
    "shadow": PRESENT | ACCESSED | DIRTY | NO_EXECUTE,  # of a shadow stack: dirty, but not to be written (CET)
    "copy": PRESENT | ACCESSED | COPY_ON_WRITE | NO_EXECUTE,
    "device": PRESENT | WRITE | ACCESSED | DIRTY | SOFT_WRITE | NO_EXECUTE | _CACHE_DISABLE,
    "combined": PRESENT | WRITE | ACCESSED | DIRTY | SOFT_WRITE | NO_EXECUTE | _WRITE_THROUGH,
}
# the same in the words of Windows' programming interface (memoryapi.h)
_WORDS = {
    "code": "PAGE_EXECUTE_READ", "read": "PAGE_READONLY", "data": "PAGE_READWRITE", "rwx": "PAGE_EXECUTE_READWRITE",
    "shadow": "PAGE_READONLY", "clean": "PAGE_READWRITE",
    "copy": "PAGE_WRITECOPY", "device": "PAGE_READWRITE|PAGE_NOCACHE",
    "combined": "PAGE_READWRITE|PAGE_WRITECOMBINE",
}  # fmt: skip
_EXECUTABLE = {"PAGE_READONLY": "PAGE_EXECUTE_READ", "PAGE_READWRITE": "PAGE_EXECUTE_READWRITE",
               "PAGE_WRITECOPY": "PAGE_EXECUTE_WRITECOPY"}  # fmt: skip
_TABLE = PRESENT | WRITE | ACCESSED | DIRTY


@dataclass(frozen=True, slots=True)
class Mode:
    """A paging mode: ``levels`` from the top as (shift, index bits); ``entry`` is an entry's size in bytes."""

    name: str
    entry: int
    levels: tuple[tuple[int, int], ...]
    kernel_start: int


X64 = Mode("x64", 8, ((39, 9), (30, 9), (21, 9), (12, 9)), 0xFFFF800000000000)
PAE = Mode("pae", 8, ((30, 2), (21, 9), (12, 9)), 0x80000000)
X86 = Mode("x86", 4, ((22, 10), (12, 10)), 0x80000000)


def valid_word(mode: Mode, protection: str) -> str:
    """What a valid entry allows. Entries of x86 without PAE have no no-execute bit: all that can be read can be run."""
    word, bar, more = _WORDS[protection].partition("|")
    return (_EXECUTABLE.get(word, word) if mode is X86 else word) + bar + more


class PageTables:
    """Page tables in the physical memory of one machine; a directory is named by its physical address.

    Args:
        self_map: index of the self-map entry in the PML4 (x64 only).
        kernel_start: the first address that all directories share, where it is not the mode's usual one.
    """

    def __init__(
        self, memory: PhysicalMemory, mode: Mode, self_map: int = 0x1ED, kernel_start: int | None = None
    ) -> None:
        self.memory = memory
        self.kernel_start = kernel_start or mode.kernel_start
        self.mode = mode
        self.self_map = self_map
        self.table_pfns: set[int] = set()
        self._pdpt_slots: list[int] = []

    def new_directory(self, fixed_pfn: int | None = None) -> int:
        """An empty directory with its self-map; ``fixed_pfn`` puts it (and a PAE one's four pages) at a fixed place.

        On PAE the four-entry top table takes 32 bytes of a page that processes share, unless it is fixed.
        """
        if self.mode is PAE:
            return self._new_pae_directory(fixed_pfn)
        pfn = self._table(fixed_pfn)
        slot = self.self_map if self.mode is X64 else 0x300
        self._set(pfn * 0x1000 + slot * self.mode.entry, self._self_entry(pfn))
        return pfn * 0x1000

    def map(self, directory: int, address: int, pfn: int, protection: str, large: bool = False) -> None:
        """Map one page (or one large page) at a virtual address, making the tables on the way."""
        user = address < self.kernel_start
        self.put(directory, address, self.leaf(pfn, protection, user, large), large)

    def put(self, directory: int, address: int, value: int, large: bool = False) -> int:
        """Store an entry as it is, making the tables on the way; gives the entry's physical address."""
        user = address < self.kernel_start
        table = directory
        levels = self.mode.levels[:-1] if large else self.mode.levels
        for depth, (shift, bits) in enumerate(levels):
            entry = table + ((address >> shift) & ((1 << bits) - 1)) * self.mode.entry
            if depth == len(levels) - 1:
                self._set(entry, value)
                return entry
            below = self._get(entry)
            if not below & PRESENT:
                below = self._table() * 0x1000 | _TABLE | (USER if user else 0)
                self._set(entry, below)
            table = below & 0xFFFFFFFFFF000
        raise AssertionError("a mode has at least two levels")

    def leaf(self, pfn: int, protection: str, user: bool, large: bool = False) -> int:
        """A valid entry for a page."""
        value = pfn * 0x1000 | PROTECTIONS[protection] | (USER if user else GLOBAL) | (LARGE if large else 0)
        return value & 0xFFFFFFFF if self.mode is X86 else value

    def share_kernel_half(self, system: int, directory: int) -> None:
        """Copy System's kernel entries of the top level (PAE: of the page directories), all but the self-map."""
        if self.mode is PAE:
            for index in (2, 3):
                source, target = (self._get(top + index * 8) & ~0xFFF for top in (system, directory))
                first = max(self.kernel_start - (index << 30), 0) >> 21
                self._copy(source, target, first, 512, range(4) if index == 3 else ())
        elif self.mode is X64:
            self._copy(system, directory, 256, 512, (self.self_map,))
        else:
            self._copy(system, directory, self.kernel_start >> 22, 0x400, (0x300,))

    def new_shadow(self, directory: int) -> int:
        """A KVA-shadow directory (x64): the user half of ``directory``, an empty kernel half, no self-map."""
        shadow = self._table() * 0x1000
        self._copy(directory, shadow, 0, 256, ())
        return shadow

    def _new_pae_directory(self, fixed_pfn: int | None) -> int:
        if fixed_pfn is not None:
            top = self._table(fixed_pfn) * 0x1000
            pfns = [self._table(fixed_pfn + 1 + index) for index in range(4)]
        else:
            top = self._pdpt_slot()
            pfns = [self._table() for _ in range(4)]
        for index, pfn in enumerate(pfns):
            self._set(top + index * 8, pfn * 0x1000 | PRESENT)
            self._set(pfns[3] * 0x1000 + index * 8, pfn * 0x1000 | _TABLE)
        return top

    def _pdpt_slot(self) -> int:
        if not self._pdpt_slots:
            page = self._table() * 0x1000
            self._pdpt_slots = [page + offset for offset in range(0xFE0, 0, -0x20)]
        return self._pdpt_slots.pop()

    def _table(self, fixed_pfn: int | None = None) -> int:
        pfn = self.memory.allocate() if fixed_pfn is None else self.memory.reserve(fixed_pfn)
        self.memory.page(pfn)
        self.table_pfns.add(pfn)
        return pfn

    def _self_entry(self, pfn: int) -> int:
        return pfn * 0x1000 | _TABLE | (NO_EXECUTE if self.mode is X64 else 0)

    def _copy(self, source: int, target: int, first: int, end: int, skip: range | tuple[int, ...]) -> None:
        for index in range(first, end):
            value = self._get(source + index * self.mode.entry)
            if value and index not in skip:
                self._set(target + index * self.mode.entry, value)

    def _get(self, address: int) -> int:
        return self.memory.read_word(address, self.mode.entry)

    def _set(self, address: int, value: int) -> None:
        self.memory.write_word(address, value, self.mode.entry)
