"""Timers of the second kind (KTIMER2, Windows 10 and later): those of ExSetTimer and of high resolution.

KiTimer2Collections holds a tree (RTL_RB_TREE: Root, then Min, whose lowest bit says that pointers are encoded) and the
next due time for each kind: four, a fifth since 19041 (KTIMER2_COLLECTION_INDEX). A timer has two
nodes (RbNodes), each in one tree, whose number CollectionIndex has; DueTime is in interrupt time, one for each node;
Period in 100 ns (public symbol tables of 14393 to 22000). Only symbols name the collections.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.io.capped_notes import CappedNotes
from volplugins.kernel.members import is_kernel_address, read_word
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import read_structure
from volplugins.processors.source import ProcessorSource

COLLECTIONS = "KiTimer2Collections"
_TYPES = (24, 25)  # KOBJECTS: notification and synchronization timers of this kind
_FIFTH_SINCE = 19041
_MOST = 1 << 16  # timers of all trees
_MOST_NOTES = 64
_HUNDRED_NS = 1e7


@dataclass(frozen=True, slots=True)
class Timer2:
    """One timer that is set: ``due`` in seconds from now, None: not known; ``period`` in seconds, 0: once."""

    address: int
    due: float | None
    period: float
    callback: int


def read_timers2(source: ProcessorSource, problems: list[str]) -> Iterator[Timer2]:
    """Every timer of the trees once; ``problems`` takes what is wrong, in words."""
    layout, first = source.layouts.waits.timer2, source.variable(COLLECTIONS)
    if first is None or not layout.has("RbNodes") or not layout.has("CollectionIndex"):
        if first is not None:
            problems.append("timers of the second kind: their layout is not known in this build")
        return
    seen, said = set[int](), CappedNotes(problems, "trees of timers", _MOST_NOTES)
    for number in range(5 if source.build >= _FIFTH_SINCE else 4):
        tree = first + number * (2 * source.width + 8)
        for timer, which in _timers(source, tree, number, said):
            if timer not in seen:
                seen.add(timer)
                yield _read(source, timer, which)
            if len(seen) >= _MOST:
                said.limit(f"more than {_MOST} timers of the second kind")
                return


def _timers(source: ProcessorSource, tree: int, number: int, said: CappedNotes) -> Iterator[tuple[int, int]]:
    """The timers of a tree, and which of its nodes each has there; a node is its two children and its parent.

    A node that is of no timer is left out. What it leads to is followed only as far as that is of timers: its own
    bytes may be damaged, or none of a node at all.
    """
    root, least = (read_word(source.memory, tree + at, source.width) for at in (0, source.width))
    if root is None or least is None:
        said.say(f"tree {number} of timers cannot be read")
        return
    if least & 1:
        said.say(f"tree {number} of timers is encoded: it is not followed")
        return
    work, seen = [(root, False)], set[int]()
    while work:
        node, below_damage = work.pop()
        if not node:
            continue
        if len(seen) >= 2 * _MOST:
            said.limit(f"tree {number} of timers has more than {2 * _MOST} nodes: the rest is not followed")
            return
        if node in seen or not is_kernel_address(node, source.bits):
            where = "comes back to" if node in seen else "leads to"
            said.say(f"tree {number} of timers: it {where} {node:#x}, which is not followed")
            continue
        seen.add(node)
        timer, which = _timer_at(source, node, number)
        if timer is not None:
            yield timer, which
        else:
            further = ": nothing below it is followed" if below_damage else ""
            said.say(f"tree {number} of timers: {node:#x} is of no timer{further}")
        if timer is not None or not below_damage:
            for at in (0, source.width):
                work.append((read_word(source.memory, node + at, source.width) or 0, timer is None))


def _timer_at(source: ProcessorSource, node: int, number: int) -> tuple[int | None, int]:
    """The timer to which a node of a tree belongs, and which of its nodes that is; None for none."""
    layout = source.layouts.waits.timer2
    for which in range(2):
        timer = node - layout.offset("RbNodes") - which * 3 * source.width
        kind = read_word(source.memory, timer, 1)
        index = read_word(source.memory, timer + layout.offset("CollectionIndex") + which, 1)
        if kind is not None and kind & 0x7F in _TYPES and index == number:
            return timer, which
    return None, 0


def _read(source: ProcessorSource, address: int, which: int) -> Timer2:
    layout, clock = source.layouts.waits.timer2, source.clock
    try:
        found = read_structure(source.memory, address, layout)
    except ReadError:
        return Timer2(address, None, 0, 0)
    due = int.from_bytes(found.raw("DueTime")[8 * which : 8 * which + 8], "little") if layout.has("DueTime") else 0
    seconds = (due - clock.interrupt_time) / _HUNDRED_NS if clock is not None and due else None
    period = int.from_bytes(found.raw("Period"), "little", signed=True) if layout.has("Period") else 0
    return Timer2(address, seconds, max(period, 0) / _HUNDRED_NS, found.get("Callback") or 0)
