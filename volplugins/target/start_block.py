"""The processor start block: a page below 1 MiB with which x64 Windows starts its processors and wakes from sleep.

Source: public descriptions of HALP_LOW_STUB (A. Ionescu, "Getting Physical with USB Type-C", 2017; LeechCore): the page
begins with a jump, CR3 of the kernel lies at 0xA0, and an address in the kernel's code (LmTarget) at 0x70.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.memory.reader import PAGE_SIZE, ReadError

_PAGES = 0x100  # 1 MiB
_START, _START_MASK = 0x0000_0001_0006_00E9, 0xFFFF_FFFF_FFFF_00FF
_TARGET, _CR3 = 0x70, 0xA0
_KERNEL = 0xFFFF_F800_0000_0000
_FRAME = 0x000F_FFFF_FFFF_F000


class StartBlock(NamedTuple):
    """Where it lies, the kernel's directory, and an address in the kernel's code."""

    physical: int
    directory_table_base: int
    target: int


def start_blocks(memory: PhysicalMemory) -> Iterator[StartBlock]:
    """Every page of the first MiB that looks like one."""
    for page in range(PAGE_SIZE, _PAGES * PAGE_SIZE, PAGE_SIZE):
        try:
            data = memory.read(page, _CR3 + 8)
        except ReadError:
            continue
        start, target, cr3 = (int.from_bytes(data[at : at + 8], "little") for at in (0, _TARGET, _CR3))
        if start & _START_MASK == _START and target >= _KERNEL and cr3 and not cr3 & ~_FRAME:
            yield StartBlock(page, cr3, target)
