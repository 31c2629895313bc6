"""How much of the machine's memory a dump holds."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.dumpfile.physical_memory import PhysicalMemory


@dataclass(frozen=True, slots=True)
class Completeness:
    """Sizes in bytes, counts in pages of 4 KiB.

    ``pages_described`` is the RAM that the header describes; where it describes none, what the bitmap or the ranges
    say. A kernel dump leaves user memory out on purpose, and its score is low for that: it says what can be answered
    from the file, not whether the file is as Windows wrote it (``truncated`` says that).
    """

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


def completeness_of(memory: PhysicalMemory, expected: int, actual: int) -> Completeness:
    """The completeness of a dump of physical memory that should be ``expected`` bytes long."""
    return Completeness(expected, actual, actual < expected, memory.pages_described, memory.pages_in_file)
