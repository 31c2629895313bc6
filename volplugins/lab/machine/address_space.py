"""A virtual address space of a made-up machine: pages mapped, bytes written and read back."""

from __future__ import annotations

from volplugins.lab.machine.page_entries import PageFact
from volplugins.lab.machine.page_tables import PageTables, valid_word

PAGE = 0x1000
LARGE_PAGE = 0x200000


class AddressSpace:
    """One directory's view.

    ``pages`` is virtual page address to PFN of what was mapped through it, ``facts`` what every entry of a user page
    says that is not zero.
    """

    def __init__(self, tables: PageTables, directory: int) -> None:
        self.tables = tables
        self.directory = directory
        self.pages: dict[int, int] = {}
        self.facts: dict[int, PageFact] = {}

    def map(self, address: int, size: int, protection: str, pfns: list[int] | None = None) -> list[int]:
        """Map every page of a range that is not mapped yet, with fresh pages or the ones given; gives the PFNs."""
        mapped = []
        fact = PageFact(valid_word(self.tables.mode, protection), True, True)
        for index, page in enumerate(range(address & ~0xFFF, address + size, PAGE)):
            if page not in self.pages:
                self.pages[page] = pfns[index] if pfns else self.tables.memory.allocate()
                self.tables.map(self.directory, page, self.pages[page], protection)
                if page < self.tables.kernel_start:
                    self.facts[page] = fact
            mapped.append(self.pages[page])
        return mapped

    def put(self, address: int, entry: int, fact: PageFact, size: int = PAGE) -> int:
        """Store an entry as it is, that of a large page where ``size`` says so; gives its physical address."""
        self.facts.update(dict.fromkeys(range(address, address + size, PAGE), fact))
        return self.tables.put(self.directory, address, entry, large=size > PAGE)

    def map_large(self, address: int, pfn: int, protection: str) -> None:
        """Map one 2 MiB page; address and page are aligned to it."""
        self.tables.map(self.directory, address, pfn, protection, large=True)
        for index in range(LARGE_PAGE // PAGE):
            self.pages[address + index * PAGE] = pfn + index

    def write(self, address: int, data: bytes) -> None:
        """Store bytes at mapped addresses; raise KeyError where a page is not mapped."""
        while data:
            start = address % PAGE
            part = data[: PAGE - start]
            self.tables.memory.page(self.pages[address - start])[start : start + len(part)] = part
            address, data = address + len(part), data[len(part) :]

    def read(self, address: int, size: int) -> bytes:
        """Bytes at mapped addresses; raise KeyError where a page is not mapped."""
        parts = []
        while size > 0:
            start = address % PAGE
            take = min(size, PAGE - start)
            parts.append(bytes(self.tables.memory.page(self.pages[address - start])[start : start + take]))
            address, size = address + take, size - take
        return b"".join(parts)
