"""How sure the layout of each structure is: from symbols, from a table, calibrated on live objects, or unsure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from volplugins.kernel.calibration.bounded_reads import CUT_OFF, BoundedReads
from volplugins.kernel.calibration.judgement import (
    NOTHING,
    Judgement,
    judge_process,
    judge_thread,
    objects_of,
    thread_lists,
)
from volplugins.kernel.calibration.search import FOUND
from volplugins.kernel.layouts import STRUCTURES, KernelLayouts
from volplugins.memory.reader import MemoryReader
from volplugins.memory.structure import Layout

SYMBOLS, TABLE, CALIBRATED, UNSURE = "symbols", "table", "calibrated", "unsure"
_WORST = (UNSURE, CALIBRATED, TABLE, SYMBOLS)
# builds up to which rows are stated: 28000 (26H1) has the offsets of 26100 (System Informer's list); the last for x86
NEWEST_KNOWN = {64: 28000, 32: 19045}
# what the block's queues and accounts are read by is known up to this build
_NEWEST_BLOCK = 22000
# the field under which a judgement of that layout stands
BLOCK = "processor_block"


@dataclass(frozen=True, slots=True)
class StructureState:
    """A ``structure`` by the kernel's name, how sure its layout is, where that is from and what speaks for it."""

    structure: str
    word: str
    sources: tuple[str, ...]
    witness: str = ""


def judgements(memory: MemoryReader, links: int, layouts: KernelLayouts, bits: int) -> dict[str, Judgement]:
    """What live objects say of EPROCESS and ETHREAD, by field of KernelLayouts.

    Args:
        links: address of System's ActiveProcessLinks; 0 where there is none.
    """
    objects, problem = objects_of(BoundedReads(memory), links, layouts.process, bits)
    process = judge_process(objects, layouts.process, problem)
    head = layouts.process.offset("ThreadListHead") if layouts.process.has("ThreadListHead") else None
    lists = thread_lists(objects, head) if head is not None else ()
    distance = lists[0].distance if lists else None
    thread = judge_thread(objects, layouts.thread, layouts.process, distance)
    return {"process": _cut(process, objects.cut), "thread": _cut(thread, objects.cut)}


def _cut(said: Judgement, cut: str) -> Judgement:
    """A judgement that was cut off: what then failed for want of reads speaks against no member."""
    return Judgement(said.right, frozenset(), "; ".join(filter(None, [said.problem, cut])), True) if cut else said


def structure_states(
    layouts: KernelLayouts, judged: Mapping[str, Judgement], build: int, bits: int
) -> tuple[StructureState, ...]:
    """The states of all structures that anything is known of, by name; of several layouts of one, the least sure.

    Args:
        judged: what live objects say, by field; a caller adds what else it has checked.
        build: that of the kernel.
    """
    known = (
        build <= NEWEST_KNOWN[bits]
        and not _strange(layouts.process)
        and judged.get("process", NOTHING).fits is not False
    )
    found: dict[str, list[StructureState]] = {}
    for field, layout in _layouts(layouts):
        if layout.members or layout.bits:
            said = judged.get(field, NOTHING)
            sure = known and (field != BLOCK or build <= _NEWEST_BLOCK)
            state = StructureState(layout.name, _word(layout, said, sure), (layout.source,), str(said))
            found.setdefault(layout.name, []).append(state)
    return tuple(_joined(found[name]) for name in found)


def _layouts(layouts: KernelLayouts) -> Iterator[tuple[str, Layout]]:
    for field in STRUCTURES:
        yield field, getattr(layouts, field)
    for group in (layouts.io, layouts.waits, layouts.descriptors):
        for each in fields(group):
            layout = getattr(group, each.name)
            yield BLOCK if layout is layouts.waits.processor else "", layout


def _strange(process: Layout) -> bool:
    """Whether EPROCESS is not as the row of this build says, so that nothing else of it need be."""
    return process.source.startswith(FOUND) or "fits this kernel" in process.source


def _word(layout: Layout, said: Judgement, known: bool) -> str:
    if layout.source.startswith("symbols"):
        return SYMBOLS
    if said.fits is False or CUT_OFF in layout.source:
        return UNSURE
    if layout.source.startswith(FOUND):
        return CALIBRATED
    return TABLE if known or said.fits else UNSURE


def _joined(states: list[StructureState]) -> StructureState:
    word = min((each.word for each in states), key=_WORST.index)
    sources = tuple(dict.fromkeys(source for each in states for source in each.sources))
    return StructureState(
        states[0].structure, word, sources, next((each.witness for each in states if each.witness), "")
    )
