"""Deferred procedure calls: those that wait on a processor, and the one that runs.

KPRCB.DpcData holds two queues, of normal and of threaded calls (_KDPC_DATA); XP has one list in the block itself.
The links lead through KDPC.DpcListEntry: in a circle back to the head, or from 8 on up to a null.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.io.capped_notes import CappedNotes
from volplugins.kernel.members import is_kernel_address, read_member, read_word
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout, read_structure
from volplugins.processors.source import ProcessorSource

_MOST = 1 << 12  # calls of one queue
_MOST_NOTES = 16  # of what is no call
_QUEUES = ("normal", "threaded")
# KOBJECTS: a DPC, a threaded one (24 before Windows 8, 26 from then on)
DPC_TYPES = (19, 24, 26)


@dataclass(frozen=True, slots=True)
class Dpc:
    """One KDPC. ``threaded``: it runs at PASSIVE_LEVEL, in a thread of the processor's."""

    address: int
    routine: int
    context: int
    threaded: bool = False
    type: int = DPC_TYPES[0]


def read_dpc(source: ProcessorSource, address: int) -> Dpc | None:
    """The KDPC there; None where it cannot be read or is none."""
    layout = source.layouts.waits.dpc
    if not is_kernel_address(address, source.bits) or not layout.has("DeferredRoutine"):
        return None
    try:
        found = read_structure(source.memory, address, layout)
    except ReadError:
        return None
    kind = found.unsigned("Type")
    if kind not in DPC_TYPES:
        return None
    routine, context = found.unsigned("DeferredRoutine"), found.get("DeferredContext") or 0
    return Dpc(address, routine, context, kind != DPC_TYPES[0], kind)


def queued_dpcs(source: ProcessorSource, prcb: int, layout: Layout, problems: list[str]) -> Iterator[Dpc]:
    """The calls that wait on the processor whose block is at ``prcb``; ``problems`` takes what is wrong, in words."""
    said = CappedNotes(problems, "DPC queues", _MOST_NOTES)
    for word, head in _heads(source, prcb, layout):
        good = True  # what one bad entry leads to may be sound; what two in a row do, is not
        for count, address in enumerate(_followed(source, head, f"{word} DPC queue", problems)):
            if count == _MOST:
                problems.append(f"{word} DPC queue: more than {_MOST} calls")
                break
            dpc, trusted = read_dpc(source, address), good
            good = dpc is not None
            if dpc is None:
                said.say(f"{word} DPC queue: {address:#x} is no DPC")
                if not trusted:
                    break
                continue
            yield Dpc(dpc.address, dpc.routine, dpc.context, word == "threaded", dpc.type)


def active_routine(source: ProcessorSource, prcb: int, layout: Layout) -> int:
    """The routine of the call that runs, where the block says so; 0 where it does not."""
    routine = read_member(source.memory, prcb, layout, "CurrentDpcRoutine")
    if is_kernel_address(routine, source.bits):
        return routine or 0
    data = source.layouts.waits.dpc_data
    if not layout.has("DpcData") or not data.has("ActiveDpc"):
        return 0
    active = read_member(source.memory, prcb + layout.offset("DpcData"), data, "ActiveDpc")
    dpc = read_dpc(source, active) if active else None
    return dpc.routine if dpc is not None else 0


def knows_queues(source: ProcessorSource, layout: Layout) -> bool:
    """Whether the places of the queues are known."""
    return layout.has("DpcListHead") or (layout.has("DpcData") and source.layouts.waits.dpc_data.has("DpcList"))


def _heads(source: ProcessorSource, prcb: int, layout: Layout) -> Iterator[tuple[str, int]]:
    data = source.layouts.waits.dpc_data
    if layout.has("DpcData") and data.has("DpcList"):
        at, _ = layout.members["DpcData"]
        for number, word in enumerate(_QUEUES):
            yield word, prcb + at + number * data.size + data.offset("DpcList")
    elif layout.has("DpcListHead"):
        yield _QUEUES[0], prcb + layout.offset("DpcListHead")


def _followed(source: ProcessorSource, head: int, name: str, problems: list[str]) -> Iterator[int]:
    """Addresses of the KDPCs of one list; a loop and what cannot be read end it."""
    link = source.layouts.waits.dpc.members["DpcListEntry"][0] if source.layouts.waits.dpc.has("DpcListEntry") else 0
    entry = read_word(source.memory, head, source.width)
    seen: set[int] = set()
    while entry and entry != head:
        if entry in seen or not is_kernel_address(entry, source.bits):
            problems.append(f"{name}: {'it runs in a loop at' if entry in seen else 'it leads to'} {entry:#x}")
            return
        seen.add(entry)
        yield entry - link
        following = read_word(source.memory, entry, source.width)
        if following is None:
            problems.append(f"{name}: {entry:#x} cannot be read")
        entry = following
