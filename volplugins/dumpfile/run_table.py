"""The header's physical memory block: runs of pages that the machine has as RAM (and, in a full dump, holds).

The block has 700 bytes: room for 42 runs on 64-bit and 86 on 32-bit machines. NumberOfPages lies at +8 on 64-bit
(the real files; volatility3's crash64 table has +4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from volplugins.dumpfile.header_fields import FILLER, HEADER32, HEADER64, PHYSICAL_MEMORY_SIZE
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import HIGHEST_PFN
from volplugins.dumpfile.source import ByteSource

_HIGHEST_PFN = {64: HIGHEST_PFN, 32: 1 << 28}  # PAE reaches 40 bits in later processors
_FIELD = "PhysicalMemoryBlock"


@dataclass(frozen=True, slots=True)
class MemoryRun:
    """``count`` pages from PFN ``base`` on; ``position`` pages lie before them in a full dump."""

    base: int
    count: int
    position: int


@dataclass(frozen=True, slots=True)
class RunTable:
    """Runs in the header's order; ``number_of_pages`` is what the header says their sum is."""

    runs: tuple[MemoryRun, ...]
    number_of_pages: int
    notes: tuple[Note, ...]

    @property
    def described(self) -> tuple[tuple[int, int], ...]:
        """(base PFN, page count) in ascending order without overlap: RAM, each page once."""
        found: list[tuple[int, int]] = []
        reach = 0
        for run in sorted(self.runs, key=lambda run: run.base):
            start = max(run.base, reach)
            if run.base + run.count > start:
                found.append((start, run.base + run.count - start))
                reach = run.base + run.count
        return tuple(found)


def read_run_table(source: ByteSource, bits: int) -> RunTable:
    """Read the block; counts and runs that make no sense are left out with a note."""
    layout, width = (HEADER64, 8) if bits == 64 else (HEADER32, 4)
    data = source.read(layout.physical_memory, PHYSICAL_MEMORY_SIZE)
    if data[:4] == FILLER or len(data) < PHYSICAL_MEMORY_SIZE:
        return RunTable((), 0, (Note(_FIELD, "was never written", "info"),))
    claimed = int.from_bytes(data[:4], "little")
    pages = int.from_bytes(data[width : 2 * width], "little")
    fitting = (PHYSICAL_MEMORY_SIZE - 2 * width) // (2 * width)
    words = np.frombuffer(data, f"<u{width}", 2 * fitting, 2 * width).reshape(-1, 2)
    notes = []
    if claimed > fitting:
        notes.append(Note("NumberOfRuns", f"{claimed} runs are claimed; the header has room for {fitting}"))
    runs = _sane_runs(words[:claimed].tolist(), _HIGHEST_PFN[bits], notes)
    total = sum(run.count for run in runs)
    if runs and pages != total:
        # fewer are normal where the header has no room for all runs
        severity = "fault" if total > pages else "info"
        notes.append(Note("NumberOfPages", f"says {pages}, the runs hold {total}", severity))
    return RunTable(runs, pages, tuple(notes))


def _sane_runs(entries: Sequence[Sequence[int]], highest: int, notes: list[Note]) -> tuple[MemoryRun, ...]:
    """The runs that can be: an impossible base loses one run, an impossible count all behind it."""
    runs = []
    position = 0
    for number, (base, count) in enumerate(entries):
        if position + count > highest:
            notes.append(Note(_FIELD, f"run {number} has {count:#x} pages, more than there can be; no run is taken "
                                      f"from there on"))  # fmt: skip
            break
        if not count or base + count > highest:
            notes.append(Note(_FIELD, f"run {number} ({base:#x}, {count:#x} pages) makes no sense and is left out"))
        else:
            runs.append(MemoryRun(base, count, position))
        position += count
    return tuple(runs)
