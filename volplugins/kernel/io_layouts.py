"""Layouts of the I/O system's structures: from the symbol table where the host has one, else built in by build."""

from __future__ import annotations

from dataclasses import dataclass, fields

from volplugins.kernel.builds.io import IO_TABLES
from volplugins.kernel.made_layouts import completed, made_layout
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
    return IoLayouts(**{name: made_layout(IO_TABLES, name, bits, build) for name in NAMES})


def empty_io(source: str) -> IoLayouts:
    """Layouts that know nothing, for machines without tables."""
    return IoLayouts(**{name: Layout(IO_TABLES[name][0], 0, {}, source) for name in NAMES})


def preferred_io(known: IoLayouts | None, fallback: IoLayouts) -> IoLayouts:
    """``known``, and of ``fallback`` what it lacks."""
    if known is None:
        return fallback
    return IoLayouts(**{name: completed(getattr(known, name), getattr(fallback, name)) for name in NAMES})
