"""How much of the machine's memory a dump holds.

PagesDescribed is the RAM of the machine, since a score has to say what can be answered from the file:

* the sum of the runs in the header's physical memory block, where it was written and its numbers are sane;
* where it is not, and the dump is one that leaves pages out on purpose (types 2, 6, 8 and 9): the highest page that
  the bitmap or the ranges speak of, holes included, so that a kernel-only dump never looks whole;
* where it is not, and the dump is a complete one (types 1, 5 and 0xA): the pages that it should hold.

It is never less than what the dump says it holds. A kernel dump therefore scores low although it is just as Windows
wrote it; Truncated alone says whether the file lost something afterwards. A triage dump holds chosen blocks and no
pages: its score is None, and the note says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.page_index import PageIndex
from volplugins.dumpfile.physical_memory import Described, PhysicalMemory

_PARTIAL = (DumpType.KERNEL_SUMMARY, DumpType.BITMAP_KERNEL, DumpType.KERNEL_MEMORY, DumpType.KERNEL_AND_USER)


@dataclass(frozen=True, slots=True)
class Completeness:
    """Sizes in bytes, counts in pages of 4 KiB; None where pages are not the measure, ``note`` says why."""

    expected_file_size: int | None
    actual_file_size: int
    truncated: bool
    pages_described: int | None
    pages_in_file: int | None
    note: str = ""

    @property
    def pages_missing(self) -> int | None:
        """Pages described and not in the file."""
        if self.pages_described is None or self.pages_in_file is None:
            return None
        return max(self.pages_described - self.pages_in_file, 0)

    @property
    def score(self) -> int | None:
        """⌊100 × pages in the file ÷ pages described⌋, or None where pages are not the measure."""
        if not self.pages_described or self.pages_in_file is None:
            return None
        return min(100 * self.pages_in_file // self.pages_described, 100)


def pages_described(described: Described, dump_type: int, index: PageIndex, covered: int) -> tuple[int, str]:
    """Pages of RAM, and a note where the header does not say; ``covered``: pages that the map speaks of."""
    by_header = sum(count for _, count in described)
    if by_header >= index.count and by_header:
        return by_header, ""
    if by_header:
        return index.count, f"the header describes {by_header} pages only; the dump says it holds more"
    if dump_type in _PARTIAL:
        return covered, "the header does not describe the memory; counted up to the highest page, holes included"
    return index.count, "the header does not describe the memory; counted by what the dump should hold"


def completeness_of(memory: PhysicalMemory, expected: int, actual: int, note: str = "") -> Completeness:
    """The completeness of a dump of physical memory that should be ``expected`` bytes long."""
    return Completeness(expected, actual, actual < expected, memory.pages_described, memory.pages_in_file, note)
