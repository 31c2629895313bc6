"""Where the machine's memory is in the file and where it is missing, in at most so many entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from volplugins.dumpfile.physical_memory import PhysicalMemory

MOST_ENTRIES = 2048
Entry = list[int]  # first page, pages, pages of them that are in the file


def memory_map(memory: PhysicalMemory, most: int = MOST_ENTRIES) -> list[Entry]:
    """Entries in ascending order; neighbours are merged, the shortest pairs first, until there are few enough."""
    entries: list[Entry] = []
    for entry in _entries(memory):
        entries.append(entry)
        if len(entries) >= 4 * most:
            entries = _merged(entries, 2 * most)
    return _merged(entries, most)


def _entries(memory: PhysicalMemory) -> Iterator[Entry]:
    """What is there and what is not, by turns, inside the memory that the header describes."""
    ranges = memory.described or ((0, memory.highest_pfn + 1),)
    for base, count in ranges:
        at, end = base, base + count
        while at < end:
            run = memory.next_run(at)
            start = min(run[0], end) if run is not None else end
            if start > at:
                yield [at, start - at, 0]
            if run is None or start >= end:
                break
            present = min(run[0] + run[1], end) - start
            yield [start, present, present]
            at = start + present


def _merged(entries: list[Entry], most: int) -> list[Entry]:
    """Neighbours put together until ``most`` are left; a hole between two counts as missing only where it must."""
    while len(entries) > most:
        sizes = sorted(_pair(entries, place) for place in range(0, len(entries) - 1, 2))
        limit = sizes[min(len(entries) - most, len(sizes)) - 1]
        made: list[Entry] = []
        place, surplus = 0, len(entries) - most
        while place < len(entries):
            if surplus and place + 1 < len(entries) and place % 2 == 0 and _pair(entries, place) <= limit:
                (first, _, here), (second, pages, there) = entries[place], entries[place + 1]
                made.append([first, second + pages - first, here + there])
                surplus -= 1
                place += 2
            else:
                made.append(entries[place])
                place += 1
        entries = made
    return entries


def _pair(entries: list[Entry], place: int) -> int:
    """Pages from the start of one entry to the end of the next."""
    second, pages, _ = entries[place + 1]
    return second + pages - entries[place][0]
