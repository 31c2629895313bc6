"""Layouts of the I/O system's structures: from the symbol table where the host has one, else built in by build."""

from __future__ import annotations

from dataclasses import dataclass, fields

from volplugins.kernel.builds.io import IO_TABLES
from volplugins.memory.structure import Layout


@dataclass(frozen=True, slots=True)
class IoLayouts:
    """Object headers, drivers, devices, device nodes, requests, and what the power manager keeps for a crash.

    A layout without members: this build has no such structure, or nobody says how it is laid out. ``size`` of ``irp``,
    ``stack_location``, ``object_name`` and ``object_creator`` is the structure's own; of the others it is what has to
    be read for the last member.
    """

    object_header: Layout
    object_name: Layout
    object_creator: Layout
    object_type: Layout
    driver_object: Layout
    driver_extension: Layout
    device_object: Layout
    device_extension: Layout
    vpb: Layout
    file: Layout
    device_node: Layout
    irp: Layout
    stack_location: Layout
    thread: Layout
    power_irp: Layout
    power_triage: Layout
    pnp_triage: Layout
    node_triage: Layout
    fx_triage: Layout
    fx_device: Layout


NAMES = tuple(each.name for each in fields(IoLayouts))
# structures that others follow directly, so that their whole size counts
SIZED = ("irp", "stack_location", "object_name", "object_creator")


def built_in_io(bits: int, build: int) -> IoLayouts:
    """The layouts of the last build up to ``build`` that the tables have a row of."""
    return IoLayouts(**{name: _layout(name, bits, build) for name in NAMES})


def empty_io(source: str) -> IoLayouts:
    """Layouts that know nothing, for machines without tables."""
    return IoLayouts(**{name: Layout(IO_TABLES[name][0], 0, {}, source) for name in NAMES})


def preferred_io(known: IoLayouts | None, fallback: IoLayouts) -> IoLayouts:
    """``known``, and of ``fallback`` what it lacks.

    Members are added to a structure only where all that both know lie at the same places: then they describe one
    kernel.
    """
    if known is None:
        return fallback
    return IoLayouts(**{name: _completed(getattr(known, name), getattr(fallback, name)) for name in NAMES})


def _completed(mine: Layout, other: Layout) -> Layout:
    if not mine.members:
        return other
    lacking = {name: place for name, place in other.members.items() if name not in mine.members}
    common = mine.members.keys() & other.members.keys()
    if not lacking or any(mine.offset(name) != other.offset(name) for name in common):
        return mine
    source = f"{mine.source}; {other.source} for {', '.join(lacking)}"
    return Layout(mine.name, max(mine.size, other.size), {**mine.members, **lacking}, source, mine.bits)


def _layout(name: str, bits: int, build: int) -> Layout:
    structure, machines = IO_TABLES[name]
    columns, rows = machines[bits]
    row = max((each for each in rows if each <= build), default=None)
    if row is None:
        return Layout(structure, 0, {}, f"no table for build {build}")
    *offsets, size = rows[row]
    members = {
        member: (at, length) for (member, length), at in zip(columns, offsets, strict=True) if at is not None
    }  # fmt: skip
    end = max((at + length for at, length in members.values()), default=0)
    exact = "" if row == build else f" (nearest to {build})"
    return Layout(structure, size or end, members, f"built-in {row}{exact}")
