"""Kernel timers (KTIMER): those that are set, with the deferred call or the thread that each is for.

From 7 on every processor has a table (KPRCB.TimerTable); before, one table is a variable of the kernel
(KiTimerTableListHead): 256 list heads on XP, 512 entries with a time beside the head on Server 2003 and Vista.
On x64 the pointer to the deferred call is encoded from 7 on: exclusive or with KiWaitNever, rotated left by that one's
low byte, exclusive or with the timer's address, bytes in reverse, exclusive or with KiWaitAlways (as volatility3's
windows.timers has it too).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.io.capped_notes import CappedNotes
from volplugins.io.linked_list import ListWalk
from volplugins.io.shared_lists import SharedLists
from volplugins.kernel.members import is_kernel_address, read_member, read_word
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout, read_structure
from volplugins.processors.dpc_queue import Dpc, read_dpc
from volplugins.processors.source import ProcessorSource

_MOST = 1 << 16  # entries of all tables together
_MOST_NOTES = 64
_MOST_ENTRIES, _XP_ENTRIES, _XP_WIDE_ENTRIES = 512, 256, 512
_TIMER_TYPES = (8, 9)  # KOBJECTS: notification and synchronization timers
_FIRST_ENCODED = 7600
_KEYS = ("KiWaitNever", "KiWaitAlways")
_OLD_TABLE = "KiTimerTableListHead"
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer that is set.

    Attributes:
        processor: number of the processor whose table it is in; None where there is one table.
        due: seconds from now; below zero: overdue; None: not known.
        period: seconds from one time to the next; 0: once.
        dpc: the call that is queued then; None: there is none, or it is not known. ``thread``: the first that waits.
        note: what has to be said of it.
    """

    address: int
    processor: int | None
    due: float | None
    period: float
    dpc: Dpc | None
    thread: int
    note: str


def read_timers(source: ProcessorSource, layout: Layout, problems: list[str]) -> Iterator[Timer]:
    """Every timer of the tables once, in their order; ``problems`` takes what is wrong, in words."""
    known = source.layouts.waits.timer
    if not known.has("TimerListEntry"):
        problems.append("timers: their layout is not known in this build")
        return
    keys = _keys(source)
    unknown = f"which call a timer is for is encoded, and {' and '.join(_KEYS)} are not known: symbols name them"
    shared, seen, said = SharedLists(_MOST), set[int](), CappedNotes(problems, "timer lists", _MOST_NOTES)
    for processor, head in _heads(source, layout, problems):
        name = f"timer list {head:#x}"
        walk = ListWalk(source.memory, head, source.bits, _MOST, shared=shared)
        for entry in walk.entries():
            address = entry - known.offset("TimerListEntry")
            if address in seen:
                continue
            timer = _timer(source, address, processor, keys)
            if timer is None:
                said.say(f"{name}: {address:#x} is no timer")
                if walk.problems:
                    break
                seen.add(address)
                continue
            if keys is None and _is_encoded(source) and not seen:
                problems.append(unknown)
            seen.add(address)
            yield timer
        for problem in walk.problems:
            said.say(f"{name}: {problem}")
        if shared.spent:
            problems.append(f"more than {_MOST:,} entries in timer lists: the rest is left out")
            return


def decode_dpc(value: int, timer: int, never: int, always: int) -> int:
    """The address of a KDPC from a KTIMER's encoded member (x64 from 7 on)."""
    turn = never & 0x3F
    mixed = value ^ never
    mixed = (mixed << turn | mixed >> (64 - turn)) & _MASK
    return int.from_bytes(((mixed ^ timer) & _MASK).to_bytes(8, "little"), "big") ^ always


def _is_encoded(source: ProcessorSource) -> bool:
    return source.bits == 64 and source.build >= _FIRST_ENCODED


def _keys(source: ProcessorSource) -> tuple[int, int] | None:
    if not _is_encoded(source):
        return None
    found = []
    for name in _KEYS:
        address = source.variable(name)
        value = read_word(source.memory, address, 8) if address is not None else None
        if value is None:
            return None
        found.append(value)
    return found[0], found[1]


def _heads(source: ProcessorSource, layout: Layout, problems: list[str]) -> Iterator[tuple[int | None, int]]:
    waits = source.layouts.waits
    table, entry = waits.timer_table, waits.timer_entry
    if layout.has("TimerTable") and table.has("TimerEntries") and entry.has("Entry") and entry.size:
        first = layout.offset("TimerTable") + table.offset("TimerEntries")
        count = min((table.size - table.offset("TimerEntries")) // entry.size, _MOST_ENTRIES)
        for processor in source.processors:
            for number in range(count):
                yield processor.index, processor.prcb + first + number * entry.size + entry.offset("Entry")
        return
    address = source.variable(_OLD_TABLE) if source.build < _FIRST_ENCODED else None
    if address is None:
        why = f" without symbols ({_OLD_TABLE})" if source.build < _FIRST_ENCODED else ""
        problems.append(f"timers: where their tables are is not known{why}")
        return
    wide = entry.has("Entry")
    stride, count = (entry.size, _XP_WIDE_ENTRIES) if wide else (2 * source.width, _XP_ENTRIES)
    for number in range(count):
        yield None, address + number * stride


def _timer(source: ProcessorSource, address: int, processor: int | None, keys: tuple[int, int] | None) -> Timer | None:
    try:
        found = read_structure(source.memory, address, source.layouts.waits.timer)
    except ReadError:
        return None
    if found.data[0] & 0x7F not in _TIMER_TYPES:
        return None
    dpc, note = _dpc(source, address, found.get("Dpc") or 0, keys)
    due, clock = found.get("DueTime"), source.clock
    seconds = (due - clock.interrupt_time) / 1e7 if due is not None and clock is not None else None
    thread = _waiting_thread(source, address)
    return Timer(address, processor, seconds, (found.get("Period") or 0) / 1000, dpc, thread, note)


def _dpc(source: ProcessorSource, timer: int, value: int, keys: tuple[int, int] | None) -> tuple[Dpc | None, str]:
    if not value:
        return None, ""
    if _is_encoded(source):
        if keys is None:
            return None, f"its DPC is encoded: {value:#x}"
        value = decode_dpc(value, timer, *keys)
        if not value:
            return None, ""
    dpc = read_dpc(source, value)
    return dpc, "" if dpc is not None else f"its DPC {value:#x} is none"


def _waiting_thread(source: ProcessorSource, timer: int) -> int:
    """The thread of the first wait block in the timer's list; 0 where none waits."""
    waits = source.layouts.waits
    if not waits.dispatcher.has("WaitListHead") or not waits.wait_block.has("Thread"):
        return 0
    head = timer + waits.dispatcher.offset("WaitListHead")
    block = read_word(source.memory, head, source.width)
    if block is None or block == head or not is_kernel_address(block, source.bits):
        return 0
    link = waits.wait_block.offset("WaitListEntry") if waits.wait_block.has("WaitListEntry") else 0
    return read_member(source.memory, block - link, waits.wait_block, "Thread") or 0
