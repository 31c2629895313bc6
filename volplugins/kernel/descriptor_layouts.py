"""Layouts that lead to descriptor tables and interrupt objects: from symbols, else built in by build."""

from __future__ import annotations

from dataclasses import dataclass, fields

from volplugins.kernel.builds.descriptors import DESCRIPTOR_TABLES
from volplugins.kernel.made_layouts import completed, made_layout
from volplugins.memory.structure import Layout


@dataclass(frozen=True, slots=True)
class GateLayouts:
    """Where a processor keeps its tables and special registers, a process its LDT; interrupt objects.

    A layout without members: this build has no such structure, or nobody says how it is laid out. ``size`` of
    ``interrupt`` is the structure's own; of the others it is what has to be read for the last member.
    """

    pcr: Layout
    processor: Layout
    state: Layout
    special: Layout
    process: Layout
    interrupt: Layout


NAMES = tuple(each.name for each in fields(GateLayouts))
# structures whose whole size counts: their Size says it
SIZED = ("interrupt",)


def built_in_descriptors(bits: int, build: int) -> GateLayouts:
    """The layouts of the last build up to ``build`` that the tables have a row of."""
    return GateLayouts(**{name: made_layout(DESCRIPTOR_TABLES, name, bits, build) for name in NAMES})


def empty_descriptors(source: str) -> GateLayouts:
    """Layouts that know nothing, for machines without tables."""
    return GateLayouts(**{name: Layout(DESCRIPTOR_TABLES[name][0], 0, {}, source) for name in NAMES})


def preferred_descriptors(known: GateLayouts | None, fallback: GateLayouts) -> GateLayouts:
    """``known``, and of ``fallback`` what it lacks."""
    if known is None:
        return fallback
    return GateLayouts(**{name: completed(getattr(known, name), getattr(fallback, name)) for name in NAMES})
