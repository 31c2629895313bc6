"""The KPRCB held against itself: patches of many a build made it grow, so that a row of that build may be off by pages.

Two parts of it can be told by their form: 32 heads of lists of ready threads in a row, and the timer table, an array of
some hundred list heads at one distance. What lies between two parts that moved alike moves with them (symbol tables of
7601 to 22000: the counters of time follow the ready lists directly on x64); what can not be placed is left out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from volplugins.kernel.calibration.judgement import Judgement
from volplugins.kernel.calibration.search import FOUND, moved_alike
from volplugins.kernel.layouts import KernelLayouts
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.memory.structure import Layout

_LONGEST = 0x18000  # bytes; the largest known is 0xBF00
_READY_LISTS, _TIMER_LISTS = 32, 200
# behind the ready lists: counters of time, the debugger's IRQL, the number of ready threads
_BEHIND = 0x40

Words = npt.NDArray[np.uint64] | npt.NDArray[np.uint32]


def with_processor_block(layouts: KernelLayouts, memory: MemoryReader, prcb: int, bits: int) -> KernelLayouts:
    """``layouts``, with the built-in ones of KPRCB placed anew where the block at ``prcb`` contradicts them."""
    row = layouts.waits.processor
    if not row.source.startswith("built-in"):
        return layouts
    heads = _heads(memory, prcb, bits)
    said = _said(layouts, heads, bits)
    if all(each is not False for each in said.values()):
        return layouts
    width = bits // 8
    places = _anchors(layouts, row)
    for name, (step, count, inner) in _strides(layouts, bits).items():
        at = _find(heads, step, count) if name in said else None
        if at is not None:
            places[name] = (at * width - inner, row.members[name][1])
    found = replace(row, members=places)
    waits = replace(layouts.waits, processor=_placed(row, found))
    gates = replace(layouts.descriptors, processor=moved_alike(layouts.descriptors.processor, found, row))
    return replace(layouts, waits=waits, descriptors=gates)


def judge_processor_block(layouts: KernelLayouts, memory: MemoryReader, prcb: int, bits: int) -> Judgement:
    """What the block at ``prcb`` says of the layout that its queues and accounts are read by."""
    said = _said(layouts, _heads(memory, prcb, bits), bits)
    right = {name: "list heads stand there" for name, each in said.items() if each}
    return Judgement(right, frozenset(name for name, each in said.items() if each is False))


def _said(layouts: KernelLayouts, heads: _Heads, bits: int) -> dict[str, bool | None]:
    """Whether each part that has a form of its own stands where the layout says."""
    row = layouts.waits.processor
    return {
        name: _stands(heads, (row.offset(name) + inner) * 8 // bits, step, count)
        for name, (step, count, inner) in _strides(layouts, bits).items()
        if name in row.members
    }


def _anchors(layouts: KernelLayouts, row: Layout) -> dict[str, tuple[int, int]]:
    """Members at the block's start: the same in every build, and proved by the current thread beside them."""
    sure = {name: row.members[name] for name in ("NextThread", "IdleThread") if row.has(name)}
    if "KDBG" in layouts.processor.source and row.has("Cr8"):
        sure["Cr8"] = row.members["Cr8"]  # before the context, whose place the debugger data block states
    return sure


def _placed(row: Layout, found: Layout) -> Layout:
    layout = moved_alike(row, found, row)
    name = "DispatcherReadyListHead"
    if name not in found.members:
        return replace(layout, source=f"{FOUND} the processor's block; {row.source}, without what was not found")
    delta = found.offset(name) - row.offset(name)
    end = row.offset(name) + row.members[name][1] + _BEHIND
    behind = {each: (at + delta, size) for each, (at, size) in row.members.items() if row.offset(name) <= at < end}
    members = {**layout.members, **behind}
    size = max(at + length for at, length in members.values())
    return Layout(
        row.name, size, members, f"{FOUND} the processor's block; {row.source}, moved by {delta:#x}", row.bits
    )


def _strides(layouts: KernelLayouts, bits: int) -> dict[str, tuple[int, int, int]]:
    """Words from one list head to the next, how many there are at least, bytes from the member to the first head."""
    table, entry = layouts.waits.timer_table, layouts.waits.timer_entry
    found = {"DispatcherReadyListHead": (2, _READY_LISTS, 0)}
    if table.has("TimerEntries") and entry.has("Entry") and entry.size:
        inner = table.offset("TimerEntries") + entry.offset("Entry")
        found["TimerTable"] = entry.size * 8 // bits, _TIMER_LISTS, inner
    return found


class _Heads:
    """Which words of the block may begin a list head, and which are zero."""

    def __init__(self, words: Words, prcb: int, bits: int) -> None:
        width = bits // 8
        own = (prcb + np.arange(len(words), dtype=np.uint64) * np.uint64(width)).astype(words.dtype)
        high = words >> words.dtype.type(bits - 1) == 1
        after = np.roll(words, -1)
        empty = (words == own) & (after == own)
        linked = high & np.roll(high, -1) & (words % width == 0) & (after % width == 0)
        self.empty: npt.NDArray[np.bool_] = empty
        self.may: npt.NDArray[np.bool_] = empty | linked
        self.zero: npt.NDArray[np.bool_] = words == 0


def _heads(memory: MemoryReader, prcb: int, bits: int) -> _Heads:
    data = b""
    while len(data) < _LONGEST:
        step = PAGE_SIZE - (prcb + len(data)) % PAGE_SIZE
        try:
            data += memory.read(prcb + len(data), step)
        except ReadError:
            break
    whole = data[: len(data) // 8 * 8]
    words: Words = np.frombuffer(whole, "<u8") if bits == 64 else np.frombuffer(whole, "<u4")
    return _Heads(words, prcb, bits)


def _stands(heads: _Heads, at: int, step: int, count: int) -> bool | None:
    """Whether the lists begin at a word; None where that part was not read, or was never filled."""
    if at + step * count > len(heads.may):
        return None
    part = slice(at, at + step * count, step)
    if heads.zero[part].all():
        return None
    # one in ten may be in the middle of a change, or damaged (2 of 200 on a real machine); most are empty
    return 10 * int(heads.may[part].sum()) >= 9 * count and 2 * int(heads.empty[part].sum()) >= count


def _find(heads: _Heads, step: int, count: int) -> int | None:
    """The first word at which so many list heads stand at this distance, most of them empty; None where none does."""
    for at in np.flatnonzero(heads.may[: max(len(heads.may) - step * count + 1, 0)]):
        before, first = int(at) - step, heads.may[int(at) : int(at) + 4 * step : step]
        if (before < 0 or not heads.may[before]) and first.all() and _stands(heads, int(at), step, count):
            return int(at)
    return None
