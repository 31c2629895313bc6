"""Layouts of the kernel's structures: from the symbol table where the host has one, else built in, else found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from volplugins.kernel.builds.sizes import PAIRS, SIZES
from volplugins.kernel.builds.structures import STRUCTURE_TABLES
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.descriptor_layouts import (
    GateLayouts,
    built_in_descriptors,
    empty_descriptors,
    preferred_descriptors,
)
from volplugins.kernel.io_layouts import IoLayouts, built_in_io, empty_io, preferred_io
from volplugins.kernel.made_layouts import made_layout
from volplugins.kernel.wait_layouts import WaitLayouts, built_in_waits, empty_waits, preferred_waits
from volplugins.memory.structure import Layout
from volplugins.paging.invalid_entry import InvalidLayout


@dataclass(frozen=True, slots=True)
class KernelLayouts:
    """The structures that this suite reads without symbols.

    ``invalid`` is the layout of page-table entries that are not valid, from the symbols; None where they are not at
    hand, and the built-in one of the paging mode holds. ``invalid_mask`` is the address of the kernel's
    InvalidPteMask relative to its image, where the symbols know it.
    """

    process: Layout
    thread: Layout
    processor: Layout
    processor_stacks: Layout
    vad: Layout
    handle_table: Layout
    session: Layout
    subsection: Layout
    control_area: Layout
    file_object: Layout
    pfn: Layout
    io: IoLayouts
    waits: WaitLayouts
    descriptors: GateLayouts
    invalid: InvalidLayout | None = None
    invalid_mask: int | None = None


# fields of KernelLayouts that the tables by build have, in one module
STRUCTURES = tuple(STRUCTURE_TABLES)
# members without which a structure cannot be used
_NEEDED = {
    "process": ("UniqueProcessId", "ActiveProcessLinks", "ImageFileName", "DirectoryTableBase"),
    "thread": ("StackBase", "ThreadListEntry"),
    "processor": ("CurrentThread",),
    "vad": ("Left", "Right", "StartingVpn", "EndingVpn"),
    "pfn": ("PteAddress", "PteFrame"),
}
# members that every build has, so that a symbol table without them lacks something
_EVERY_BUILD = {
    "process": (*_NEEDED["process"], "VadRoot", "Peb", "InheritedFromUniqueProcessId", "ThreadListHead"),
    "thread": (*_NEEDED["thread"], "Cid", "Teb", "KernelStack", "InitialStack", "State", "ApcProcess"),
    "vad": (*_NEEDED["vad"], "Protection", "PrivateMemory", "CommitCharge", "FirstPrototypePte", "LastContiguousPte"),
}
# what the debugger data block states: the structure's size, then our member name and the block's
_STATED = {
    "process": ("SizeEProcess", {
        "Peb": "OffsetEprocessPeb", "InheritedFromUniqueProcessId": "OffsetEprocessParentCID",
        "DirectoryTableBase": "OffsetEprocessDirectoryTableBase",
    }),
    "thread": ("SizeEThread", {
        "InitialStack": "OffsetKThreadInitialStack", "KernelStack": "OffsetKThreadKernelStack",
        "ApcProcess": "OffsetKThreadApcProcess", "State": "OffsetKThreadState", "Teb": "OffsetKThreadTeb",
    }),
    "processor": ("SizePrcb", {
        "CurrentThread": "OffsetPrcbCurrentThread", "Number": "OffsetPrcbNumber",
        "ContextFrame": "OffsetPrcbProcStateContext",
    }),
}  # fmt: skip
_LARGEST = 1 << 16
_FEWEST_COMMON = 3  # members that must agree before others are added to a structure


def built_in(bits: int, build: int) -> KernelLayouts:
    """The built-in layouts for ``build``: its own row, else that of the nearest build below (or the lowest)."""
    found: dict[str, Any] = {}
    for field in STRUCTURES:
        lowest = min(STRUCTURE_TABLES[field][1][bits][1])
        found[field] = made_layout(STRUCTURE_TABLES, field, bits, max(build, lowest))
    io, waits = built_in_io(bits, build), built_in_waits(bits, build)
    return KernelLayouts(**found, io=io, waits=waits, descriptors=built_in_descriptors(bits, build))


def known_builds(bits: int) -> list[int]:
    """Builds that have a row of EPROCESS of their own, ascending."""
    return sorted(STRUCTURE_TABLES["process"][1][bits][1])


def empty(bits: int) -> KernelLayouts:
    """Layouts that know nothing yet, for machines without tables: the debugger data block fills in what it states."""
    width = bits // 8
    source = "no table for this machine"
    found: dict[str, Any] = {field: Layout(STRUCTURE_TABLES[field][0], 0, {}, source) for field in STRUCTURES}
    found["processor"] = Layout("_KPRCB", 0x10, {"CurrentThread": (width, width)}, source)
    io, waits, descriptors = empty_io(source), empty_waits(source), empty_descriptors(source)
    return KernelLayouts(**found, io=io, waits=waits, descriptors=descriptors)


def preferred(layouts: KernelLayouts, fallback: KernelLayouts) -> KernelLayouts:
    """``layouts``, and of ``fallback`` what they lack.

    A structure that lacks a member without which it cannot be used is taken from ``fallback`` whole. Members are added
    to one only where all that both know agree, since then they describe the same kernel, and only those that every
    build has: another may be absent because this kernel has none.
    """
    chosen: dict[str, Any] = {
        field: _completed(getattr(layouts, field), getattr(fallback, field), field) for field in STRUCTURES
    }
    io, waits = preferred_io(layouts.io, fallback.io), preferred_waits(layouts.waits, fallback.waits)
    descriptors = preferred_descriptors(layouts.descriptors, fallback.descriptors)
    return KernelLayouts(
        **chosen, io=io, waits=waits, descriptors=descriptors, invalid=layouts.invalid,
        invalid_mask=layouts.invalid_mask,
    )  # fmt: skip


def differing(left: Layout, right: Layout) -> tuple[int, int]:
    """How many members both layouts know, and how many of these lie at different places."""
    places = [{**{name: at for name, (at, _) in each.members.items()}, **each.bits} for each in (left, right)]
    # a bit field here and the bytes that it fills there cannot be compared by their places
    common = [name for name in places[0] if name in places[1] and (name in left.bits) == (name in right.bits)]
    return len(common), sum(places[0][name] != places[1][name] for name in common)


def _completed(mine: Layout, other: Layout, field: str) -> Layout:
    """``mine`` with the members that every build has and it lacks, or ``other`` where it is of no use without them."""
    common, wrong = differing(mine, other)
    lacking = [name for name in _EVERY_BUILD.get(field, ()) if not mine.has(name) and other.has(name)]
    if common >= _FEWEST_COMMON and not wrong:
        if not lacking:
            return mine
        members = {**mine.members, **{name: other.members[name] for name in lacking if name in other.members}}
        bits = {**mine.bits, **{name: other.bits[name] for name in lacking if name in other.bits}}
        source = f"{mine.source}; {other.source} for {', '.join(lacking)}"
        return Layout(mine.name, max(mine.size, other.size), members, source, bits)
    needed = _NEEDED.get(field, ())
    usable = (mine.members or mine.bits) and all(mine.has(name) for name in needed)
    return mine if usable or not all(other.has(name) for name in needed) else other


def stated(data: DebuggerData) -> dict[str, dict[str, int]]:
    """Offsets that the debugger data block states, by field of KernelLayouts and our member name.

    What lies beyond the size that the block states of the structure is left out: then one of the two is damaged.
    """
    said, found = data.offsets, {}
    for field, (size, members) in _STATED.items():
        limit = said.get(size, _LARGEST)
        found[field] = {ours: said[theirs] for ours, theirs in members.items() if 0 < said.get(theirs, 0) < limit}
    return found


def with_debugger_data(layouts: KernelLayouts, data: DebuggerData, bits: int) -> KernelLayouts:
    """The layouts with the offsets that the kernel's own debugger data block states, which win."""
    said, width = stated(data), bits // 8
    return replace(
        layouts,
        process=_overlay(layouts.process, said["process"], width),
        thread=_overlay(layouts.thread, said["thread"], width),
        processor=_overlay(layouts.processor, said["processor"], width),
    )


def member_size(member: str, width: int, offset: int = 0) -> int:
    """Bytes that are read of a member, of which ``width`` is that of a pointer.

    A processor's number is one byte on x86, and at offset 4, where the oldest x64 kernels have it.
    """
    if member == "Number":
        return 1 if width == 4 or offset == 4 else 4
    return 2 * width if member in PAIRS else SIZES.get(member, width)


def _end(members: Mapping[str, tuple[int, int]]) -> int:
    return max((at + size for at, size in members.values()), default=0)


def _overlay(layout: Layout, said: Mapping[str, int], width: int) -> Layout:
    members = {**layout.members, **{member: (at, member_size(member, width, at)) for member, at in said.items()}}
    return Layout(layout.name, max(_end(members), layout.size), members, f"{layout.source}, KDBG", layout.bits)


def from_offsets(
    name: str,
    places: Mapping[str, tuple[int, int]],
    fields: Mapping[str, tuple[int, int, int, int]],
    bits: int,
    source: str,
) -> Layout:
    """The layout whose members are at ``places`` (offset, size in bytes) and whose bit fields are ``fields``.

    A member that has one size in every build keeps that, whatever the symbols say of it (XP declares
    DirectoryTableBase as two words).
    """
    width = bits // 8
    fixed = SIZES.keys() | PAIRS | {"DirectoryTableBase", "Number"}
    members = {
        member: (at, member_size(member, width, at) if member in fixed else size)
        for member, (at, size) in places.items()
    }
    ends = [at + size for at, size, _, _ in fields.values()]
    return Layout(name, max([_end(members), *ends]), members, source, dict(fields))
