"""Runs of a live machine's RAM: MmPhysicalMemoryBlock, to which the debugger data block leads.

PHYSICAL_MEMORY_DESCRIPTOR: number of runs, number of pages, then base page and page count of each, all as wide as a
pointer but the first (public symbol tables).
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.kernel.debugger_data import DebuggerData
from volplugins.memory.reader import ReadError
from volplugins.target.kernel_record import KernelReader

_MOST_RUNS = 1024
_HIGHEST = 1 << 40
_SHARED_PAGES = 0x2E8  # KUSER_SHARED_DATA.NumberOfPhysicalPages
_HOLE = 0x80000  # pages: what PCs leave free below 4 GiB is 2 GiB at most
_UNKNOWN = 0x120000  # 4.5 GiB
_NO_BLOCK = "no MmPhysicalMemoryBlock is known"


@dataclass(frozen=True, slots=True)
class Ram:
    """Runs of RAM, (base PFN, page count) ascending, how they are known, and whether they are the kernel's own."""

    runs: tuple[tuple[int, int], ...]
    how: str
    certain: bool


def ram_of(kernel: KernelReader, data: DebuggerData | None) -> Ram:
    """The runs; where the kernel's list cannot be had, all addresses where RAM can be: what is none is absent there."""
    block = data.addresses.get("MmPhysicalMemoryBlock") if data is not None else None
    runs = _runs(kernel, kernel.word(block) or 0) if block else ()
    if runs:
        return Ram(runs, "MmPhysicalMemoryBlock, to which KDBG leads", True)
    highest = data.addresses.get("MmHighestPhysicalPage") if data is not None else None
    page = kernel.word(highest) or 0 if highest else 0
    if 0 < page < _HIGHEST - 1:
        return Ram(((0, page + 1),), f"{_NO_BLOCK}: any address up to MmHighestPhysicalPage is tried", False)
    pages = kernel.shared(_SHARED_PAGES, 4) or 0
    top = max(pages + _HOLE if 0 < pages < _HIGHEST - _HOLE else 0, _UNKNOWN)
    return Ram(((0, top),), f"{_NO_BLOCK}: any address that RAM of this size may have is tried", False)


def _runs(kernel: KernelReader, descriptor: int) -> tuple[tuple[int, int], ...]:
    """The descriptor's runs; none where it contradicts itself."""
    width = kernel.bits // 8
    count, total = kernel.word(descriptor, 4) or 0, kernel.word(descriptor + width) or 0
    if not 0 < count <= _MOST_RUNS:
        return ()
    try:
        data = kernel.memory.read(descriptor + 2 * width, 2 * width * count)
    except ReadError:
        return ()
    words = [int.from_bytes(data[at : at + width], "little") for at in range(0, len(data), width)]
    runs = tuple(zip(words[::2], words[1::2], strict=True))
    ends = [base + size for base, size in runs]
    ascending = all(end <= base for end, (base, _) in zip(ends, runs[1:], strict=False))
    sound = all(size for _, size in runs) and ends[-1] < _HIGHEST and ascending
    return runs if sound and sum(size for _, size in runs) == total else ()
