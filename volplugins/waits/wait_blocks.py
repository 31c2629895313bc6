"""The wait blocks of a thread: one for each object that it waits for.

Since Windows 8 (9200) they are an array of KTHREAD.WaitBlockCount, and a time limit is the thread's timer; before, a
circle by NextWaitBlock, in which a time limit has a block of its own (its WaitKey is STATUS_TIMEOUT). A wait for a gate
(Vista) has no other block than the thread's first. No wait is for more than 64 objects (MAXIMUM_WAIT_OBJECTS of
ntddk.h). A block is believed where it names the thread; whether the object knows of it, object_waiters.py says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Structure
from volplugins.waits.system import WaitSystem
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import GATE_WAIT, TIMED_OUT, WAIT_ANY

MOST_BLOCKS = 64
# stand for the object of a thread that waits to be alerted by its id, or for a time (as WinDbg's !thread shows it)
_NO_OBJECT = (-1, -2)


@dataclass(frozen=True, slots=True)
class WaitBlock:
    """One wait block. ``entry``: address of its WaitListEntry; ``object``: the dispatcher object's."""

    address: int
    entry: int
    object: int
    any: bool


@dataclass(frozen=True, slots=True)
class WaitBlocks:
    """The blocks of one thread.

    Attributes:
        blocks: those that name the thread and an object of the kernel's.
        timed: whether a block shows a time limit, or the thread's own timer does (from Windows 8 on).
        faults: what does not fit, in words.
    """

    blocks: tuple[WaitBlock, ...] = ()
    timed: bool = False
    faults: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether one of several objects is enough."""
        return len(self.blocks) > 1 and any(each.any for each in self.blocks)


def read_wait_blocks(system: WaitSystem, waiter: Waiter) -> WaitBlocks:
    """The blocks of a thread that waits; nothing here raises ReadError."""
    layout = system.layouts.wait_block
    if not layout.has("Object") or not waiter.waits:
        return WaitBlocks(faults=("wait blocks of this build are not known",) if waiter.waits else ())
    faults: list[str] = []
    found: list[WaitBlock] = []
    limits: list[WaitBlock] = []
    structures = _circle if layout.has("NextWaitBlock") else _array
    for block in structures(system, waiter, faults):
        if block.unsigned("Thread") != waiter.ethread:
            faults.append(f"wait block {block.address:#x} names another thread, {block.unsigned('Thread'):#x}")
        elif block.unsigned("Object") in {each & ((1 << system.bits) - 1) for each in _NO_OBJECT}:
            continue
        elif not system.io.in_kernel_half(block.unsigned("Object")):
            faults.append(f"wait block {block.address:#x} names no object: {block.unsigned('Object'):#x}")
        else:
            limit = block.unsigned("WaitKey") == TIMED_OUT and layout.has("NextWaitBlock")
            limit = limit or block.unsigned("Object") == waiter.timer != 0
            entry = block.address + layout.offset("WaitListEntry")
            any_of = block.unsigned("WaitType") == WAIT_ANY
            (limits if limit else found).append(WaitBlock(block.address, entry, block.unsigned("Object"), any_of))
    # a wait for a time alone has no other block than that of the limit
    return WaitBlocks(tuple(found or limits), bool(limits) or waiter.timed, tuple(faults))


def _array(system: WaitSystem, waiter: Waiter, faults: list[str]) -> Iterator[Structure]:
    """Windows 8 and later."""
    layout, count, start = system.layouts.wait_block, waiter.block_count, waiter.block_list
    if count > MOST_BLOCKS:
        faults.append(f"it waits for {count} objects, more than there can be: {MOST_BLOCKS} are looked at")
    unread: list[str] = []
    for number in range(min(count, MOST_BLOCKS)):
        try:
            yield system.structure(start + number * layout.size, layout)
        except ReadError as error:
            unread.append(f"wait block {number + 1} of {count}: {error}")
    faults.extend(unread[:1])
    faults.extend([f"{len(unread) - 1} more cannot be read"] if unread[1:] else [])


def _circle(system: WaitSystem, waiter: Waiter, faults: list[str]) -> Iterator[Structure]:
    """Windows 7 and before."""
    layout = system.layouts.wait_block
    gate, first = waiter.thread.state == GATE_WAIT, waiter.block_list
    block, seen = first, set[int]()
    while block not in seen:
        if len(seen) > MOST_BLOCKS:
            faults.append(f"more than {MOST_BLOCKS} wait blocks")
            return
        seen.add(block)
        try:
            found = system.structure(block, layout)
        except ReadError as error:
            faults.append(f"wait block: {error}")
            return
        yield found
        if gate:
            return
        block = found.unsigned("NextWaitBlock")
    if block != first:
        faults.append(f"wait blocks do not lead back to the first but run in a loop at {block:#x}")
