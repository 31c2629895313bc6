"""From a kernel's symbol table (the dictionaries of an ISF file) to the core's layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from volplugins.kernel import descriptor_layouts, io_layouts, wait_layouts
from volplugins.kernel.builds.descriptors import DESCRIPTOR_TABLES
from volplugins.kernel.builds.io import IO_TABLES
from volplugins.kernel.builds.structures import STRUCTURE_TABLES
from volplugins.kernel.builds.waits import WAIT_TABLES
from volplugins.kernel.descriptor_layouts import GateLayouts
from volplugins.kernel.io_layouts import IoLayouts
from volplugins.kernel.layouts import STRUCTURES, KernelLayouts, from_offsets
from volplugins.kernel.made_layouts import Tables
from volplugins.kernel.wait_layouts import WaitLayouts
from volplugins.memory.structure import Layout
from volplugins.paging.invalid_entry import InvalidLayout, from_bits
from volplugins.vol.symbols.descriptor_members import DESCRIPTOR_MEMBERS
from volplugins.vol.symbols.members import IO_MEMBERS, MEMBERS, Members, Path
from volplugins.vol.symbols.wait_members import WAIT_MEMBERS

Types = Mapping[str, Mapping[str, Any]]


def kernel_layouts(types: Types, base_types: Types, symbols: Mapping[str, int], bits: int) -> KernelLayouts:
    """Layouts of the kernel's structures; one that the table lacks has no members.

    Args:
        types: ``user_types`` of the ISF file; ``base_types`` as there.
        symbols: relative virtual addresses by name; MiState is asked for.
        bits: 32 or 64.
    """
    reader = TableReader(types, base_types, bits)
    found = {field: reader.layout(STRUCTURE_TABLES[field][0], MEMBERS[field]) for field in STRUCTURES}
    if found["thread"].has("CreateTime") and reader.find(("_ETHREAD", "NestedFaultCount")) is not None:
        found["thread"] = _with_shifted_create_time(found["thread"])
    invalid, mask = _invalid(reader), _invalid_mask(reader, symbols)
    io = IoLayouts(**_group(reader, IO_TABLES, IO_MEMBERS, io_layouts.SIZED))
    waits = WaitLayouts(**_group(reader, WAIT_TABLES, WAIT_MEMBERS, wait_layouts.SIZED))
    gates = GateLayouts(**_group(reader, DESCRIPTOR_TABLES, DESCRIPTOR_MEMBERS, descriptor_layouts.SIZED))
    return KernelLayouts(**found, io=io, waits=waits, descriptors=gates, invalid=invalid, invalid_mask=mask)


def _group(
    reader: TableReader, tables: Tables, members: Mapping[str, Members], sized: Sequence[str]
) -> dict[str, Layout]:
    """A group's layouts by field; members have the sizes that the table states."""
    found: dict[str, Layout] = {}
    for name, paths in members.items():
        structure = tables[name][0]
        layout = reader.layout(structure, paths, fixed=False)
        size = int(reader.types.get(structure, {}).get("size", 0)) if name in sized else 0
        found[name] = replace(layout, size=size or layout.size)
    return found


def _with_shifted_create_time(thread: Layout) -> Layout:
    """XP and Server 2003: the lowest three bits of the create time are NestedFaultCount and ApcNeeded."""
    members = dict(thread.members)
    at, size = members.pop("CreateTime")
    return replace(thread, members=members, bits={**thread.bits, "CreateTime": (at, size, 3, 8 * size - 3)})


class TableReader:
    """Looks up members of one symbol table: the ``user_types`` and ``base_types`` of an ISF file."""

    def __init__(self, types: Types, base_types: Types, bits: int) -> None:
        self.types = types
        self._base = base_types
        self._bits = bits

    def layout(self, structure: str, members: Mapping[str, Path | tuple[Path, ...]], fixed: bool = True) -> Layout:
        """The layout of a structure; ``fixed``: members that have one size in every build keep that."""
        places: dict[str, tuple[int, int]] = {}
        fields: dict[str, tuple[int, int, int, int]] = {}
        for ours, said in members.items():
            paths: tuple[Path, ...] = said if isinstance(said[0], tuple) else (said,)
            found = next((place for path in paths if (place := self.find(path)) is not None), None)
            # one of several places is a number or a pointer; a structure there is one whose members the table lacks
            if found is None or (len(paths) > 1 and found[1]["kind"] == "struct"):
                continue
            offset, kind = found
            if kind["kind"] == "bitfield":
                size = self.size(kind["type"])
                fields[ours] = (offset, size, kind["bit_position"], kind["bit_length"])
            else:
                places[ours] = (offset, self.size(kind))
        if not places and not fields:
            return Layout(structure, 0, {}, "symbols")
        if not fixed:
            end = max((at + size for at, size in places.values()), default=0)
            return Layout(structure, end, places, "symbols", fields)
        return from_offsets(structure, places, fields, self._bits, "symbols")

    def find(self, path: Path) -> tuple[int, Mapping[str, Any]] | None:
        """Offset and type of a member, by a path that starts with its structure."""
        total, structure = 0, path[0]
        kind: Mapping[str, Any] = {}
        for member in path[1:]:
            entry = self.types.get(structure, {}).get("fields", {}).get(member)
            if entry is None:
                return None
            total += entry["offset"]
            kind = entry["type"]
            structure = (kind["subtype"] if kind["kind"] == "array" else kind).get("name", "")
        return total, kind

    def size(self, kind: Mapping[str, Any]) -> int:
        """Size in bytes of a type; that of a pointer where the table does not say."""
        if kind["kind"] == "array":
            return int(kind["count"]) * self.size(kind["subtype"])
        if kind["kind"] == "enum":
            return 4  # every enumeration of the kernel's
        table = self._base if kind["kind"] == "base" else self.types
        return int(table.get(kind.get("name", ""), {}).get("size", self._bits // 8))

    def bits_of(self, structure: str, member: str) -> tuple[int, int] | None:
        """Lowest bit and width of a bit field."""
        found = self.find((structure, member))
        if found is None or found[1]["kind"] != "bitfield":
            return None
        return found[1]["bit_position"], found[1]["bit_length"]


def _invalid(reader: TableReader) -> InvalidLayout | None:
    """The layout of entries that are not valid, where the table has all three of its structures."""
    names = {
        "page_file_low": ("_MMPTE_SOFTWARE", "PageFileLow"),
        "page_file_high": ("_MMPTE_SOFTWARE", "PageFileHigh"),
        "in_store": ("_MMPTE_SOFTWARE", "InStore"),
        "transition_frame": ("_MMPTE_TRANSITION", "PageFrameNumber"),
        "prototype_address": ("_MMPTE_PROTOTYPE", "ProtoAddress"),
        "prototype_low": ("_MMPTE_PROTOTYPE", "ProtoAddressLow"),
        "prototype_high": ("_MMPTE_PROTOTYPE", "ProtoAddressHigh"),
        "swizzle": ("_MMPTE_SOFTWARE", "SwizzleBit"),
    }
    return from_bits({ours: reader.bits_of(*where) for ours, where in names.items()}, "symbols")


def _invalid_mask(reader: TableReader, symbols: Mapping[str, int]) -> int | None:
    """Where the kernel keeps InvalidPteMask, relative to its image."""
    state = symbols.get("MiState")
    place = reader.find(("_MI_SYSTEM_INFORMATION", "Hardware", "InvalidPteMask"))
    return state + place[0] if state is not None and place is not None else None
