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
    """``known``, and of ``fallback`` the structures that it lacks."""
    if known is None:
        return fallback
    return IoLayouts(**{
        name: getattr(known, name) if getattr(known, name).members else getattr(fallback, name) for name in NAMES
    })  # fmt: skip


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
