"""The header's physical memory block: runs of pages that the machine has as RAM (and, in a full dump, holds)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from volplugins.dumpfile.header_fields import HEADER32, HEADER64, PHYSICAL_MEMORY_SIZE
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource

_HIGHEST_PFN = {64: 1 << 40, 32: 1 << 24}  # 52-bit and 36-bit physical addresses


@dataclass(frozen=True, slots=True)
class RunTable:
    """Runs as the header has them, (base PFN, page count) in its order; what was odd about them."""

    runs: tuple[tuple[int, int], ...]
    number_of_pages: int
    notes: tuple[Note, ...]

    @property
    def described(self) -> tuple[tuple[int, int], ...]:
        """The runs in ascending order without overlap: RAM, each page once."""
        joined: list[tuple[int, int]] = []
        reach = 0
        for base, count in sorted(self.runs):
            start = max(base, reach)
            if base + count > start:
                joined.append((start, base + count - start))
                reach = base + count
        return tuple(joined)


def read_run_table(source: ByteSource, bits: int) -> RunTable:
    """Read the block; counts and runs that make no sense are left out with a note."""
    layout, width = (HEADER64, 8) if bits == 64 else (HEADER32, 4)
    data = source.read(layout.physical_memory, PHYSICAL_MEMORY_SIZE)
    first = 2 * width  # NumberOfRuns (padded to 8 on 64-bit), NumberOfPages
    if data[:4] == b"PAGE" or len(data) < PHYSICAL_MEMORY_SIZE:
        return RunTable((), 0, (Note("PhysicalMemoryBlock", "was never written", "info"),))
    claimed = int.from_bytes(data[:4], "little")
    pages = int.from_bytes(data[width : 2 * width], "little")
    fitting = (PHYSICAL_MEMORY_SIZE - first) // (2 * width)
    words = np.frombuffer(data[first : first + fitting * 2 * width], dtype=f"<u{width}").reshape(-1, 2)
    notes = []
    if claimed > fitting:
        notes.append(Note("NumberOfRuns", f"{claimed} runs are claimed; the header has room for {fitting}"))
    runs = []
    for number, (base, count) in enumerate(words[: min(claimed, fitting)].tolist()):
        if not count or base + count > _HIGHEST_PFN[bits]:
            notes.append(Note("PhysicalMemoryBlock", f"run {number} ({base:#x}, {count:#x} pages) makes no sense"))
        else:
            runs.append((base, count))
    total = sum(count for _, count in runs)
    if runs and pages != total:
        notes.append(Note("NumberOfPages", f"says {pages}, the runs hold {total}", "info"))
    return RunTable(tuple(runs), pages, tuple(notes))
