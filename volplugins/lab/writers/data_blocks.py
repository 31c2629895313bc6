"""Which stretches of kernel memory a small dump holds beside its fixed blocks.

The choice follows a real small dump of build 19041: pages around the instruction pointer and the bugcheck's parameters,
the kernel's header page, the debugger's few variables, and 256 bytes around whatever the stack points to.
"""

from __future__ import annotations

import struct
from bisect import bisect_right, insort
from collections.abc import Iterator

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers.crash_scene import (
    CONTEXT_INSTRUCTION_POINTER,
    KDBG_BUILD_LAB,
    KDBG_KERNEL_BASE,
    KDBG_PROCESSOR_BLOCK,
    CrashScene,
    Piece,
    context_value,
    header_value,
)
from volplugins.lab.writers.kernel_memory import KernelMemory
from volplugins.lab.writers.triage_drivers import Driver

_MOST_BLOCKS = 4096
_AROUND = 0x80  # bytes to each side of an address found on the stack
_HEADER_BYTES = 0x100  # of each module that the stack points into


class BlockList:
    """Blocks in the order they were asked for; no byte of memory is held twice."""

    def __init__(self, memory: KernelMemory, taken: tuple[Piece, ...]) -> None:
        self._memory = memory
        self._starts: list[tuple[int, int]] = sorted((one.address, one.address + len(one.data)) for one in taken)
        self.blocks: list[Piece] = []

    def add(self, address: int, size: int) -> None:
        """Take what is mapped of a range and not yet held."""
        for start, data in self._memory.mapped(address, size):
            for free_start, free_end in list(self._free(start, start + len(data))):
                if len(self.blocks) >= _MOST_BLOCKS:
                    return
                self.blocks.append(Piece(free_start, data[free_start - start : free_end - start]))
                insort(self._starts, (free_start, free_end))

    def _free(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        index = max(bisect_right(self._starts, (start, start)) - 1, 0)
        for taken_start, taken_end in self._starts[index:]:
            if taken_start >= end or start >= end:
                break
            if taken_start > start:
                yield start, taken_start
            start = max(start, taken_end)
        if start < end:
            yield start, end


def choose_blocks(snapshot: Snapshot, memory: KernelMemory, scene: CrashScene, drivers: list[Driver]) -> list[Piece]:
    """The data blocks of a snapshot, as addresses and bytes."""
    # The dump says at which address these two were; of the other fixed blocks it does not, so they come again.
    held = BlockList(memory, tuple(one for one in (scene.debugger_data, scene.stack) if one.data))
    for address, size in (
        *snapshot.blocks,
        *scene.interrupted,
        *scene.ranges,
        (scene.process.address, len(scene.process.data)),
    ):
        held.add(address, size)
    kdbg = header_value(snapshot, "KdDebuggerDataBlock")
    variables = {KDBG_PROCESSOR_BLOCK: 16 * memory.word, KDBG_BUILD_LAB: 0x100}
    for offset, size in variables.items():
        held.add(memory.number(kdbg + offset), size)
    parameters = [header_value(snapshot, f"BugCheckParameter{number}") for number in (1, 2, 3, 4)]
    for address in (context_value(snapshot, CONTEXT_INSTRUCTION_POINTER), *parameters):
        held.add(address & -PAGE, PAGE)
    held.add(memory.number(kdbg + KDBG_KERNEL_BASE), PAGE)
    _add_around_stack(held, memory, scene.stack, drivers)
    return held.blocks


def _add_around_stack(held: BlockList, memory: KernelMemory, stack: Piece, drivers: list[Driver]) -> None:
    code = "<Q" if memory.word == 8 else "<I"
    whole = len(stack.data) - len(stack.data) % memory.word
    values = [value for (value,) in struct.iter_unpack(code, stack.data[:whole]) if memory.is_mapped(value)]
    touched = [one for one in drivers if any(one.base <= value < one.base + one.size for value in values)]
    for driver in touched:
        held.add(driver.base, _HEADER_BYTES)
    for value in values:
        held.add(value - _AROUND, 2 * _AROUND)
