"""Rows by build of a group of structures, put together from lists, tables and stated facts.

A table at hand wins over a list, a list over what is stated; where two disagree, that is kept as a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from maintenance.explained import Difference
from maintenance.known_tables import KnownTable
from maintenance.offset_lists import OffsetList
from maintenance.stated import NEWEST, SIZES, STATED, Stated
from maintenance.stated_structures import STATED_STRUCTURES
from volplugins.kernel import descriptor_layouts, io_layouts, wait_layouts
from volplugins.kernel.layouts import member_size
from volplugins.kernel.made_layouts import Cell
from volplugins.vol.symbols.descriptor_members import DESCRIPTOR_MEMBERS
from volplugins.vol.symbols.members import IO_MEMBERS, MEMBERS, Members, Path
from volplugins.vol.symbols.wait_members import WAIT_MEMBERS

# members of which the first build that is known to have them is the first that has them
_LATE = ("StateTimestamp", "PreviousStateTimestamp", "ProblemCodeLog")
LOWEST = {64: 3790, 32: 2600}
Lists = dict[tuple[str, int], OffsetList]
# structures that begin another: their offsets are the other's
_FIRST_MEMBERS = {"Tcb": "_KTHREAD", "Pcb": "_KPROCESS"}
# members that a table declares with another size than is read of them
_OWN_SIZE = ("ImageFileName", "DirectoryTableBase", "PageDirectoryPte", "ContextFrame", "Number")
# structures of which the lists have the beginning alone, from some build on: what they lack is not absent
_CUT = ("_KPRCB",)
# the lists give members of a union of parameters under the names of the structure's own
_UNIONS = ("stack_location",)


@dataclass(frozen=True, slots=True)
class Group:
    """Structures whose rows are one module of ``kernel/builds``.

    Attributes:
        members: by field of the class of layouts, as the host looks them up in symbols.
        sized: fields whose whole size counts.
        module, table, holder: file, name in it, class of layouts; ``subject``: what they are, in words.
        exact: bit fields as such, and members whose size differs by build; else a row has the offset of their word.
        stated: offsets that neither a list nor a table has.
    """

    members: Mapping[str, Members]
    sized: Sequence[str]
    module: str
    table: str
    holder: str
    subject: str
    exact: bool = False
    stated: Stated = field(default_factory=lambda: STATED)


IO = Group(IO_MEMBERS, io_layouts.SIZED, "io.py", "IO_TABLES", "IoLayouts", "Structures of the I/O system")
WAITS = Group(
    WAIT_MEMBERS, wait_layouts.SIZED, "waits.py", "WAIT_TABLES", "WaitLayouts", "Waits, locks, processors and accounts"
)
DESCRIPTORS = Group(
    DESCRIPTOR_MEMBERS, descriptor_layouts.SIZED, "descriptors.py", "DESCRIPTOR_TABLES", "GateLayouts",
    "Descriptor tables, special registers and interrupt objects",
)  # fmt: skip
STRUCTURES = Group(
    MEMBERS, (), "structures.py", "STRUCTURE_TABLES", "KernelLayouts", "Processes, threads, processors and VADs",
    exact=True, stated=STATED_STRUCTURES,
)  # fmt: skip
GROUPS = (STRUCTURES, IO, WAITS, DESCRIPTORS)


@dataclass(slots=True)
class StructureRows:
    """One structure of one machine: members in order with their sizes in bytes, and rows by first build.

    A row's last value is the structure's size in bytes (SIZED). None: the build has no such member, or its place is
    not known.
    """

    structure: str
    columns: tuple[str, ...]
    sizes: dict[str, int]
    rows: dict[int, tuple[Cell | None, ...]] = field(default_factory=dict)


# numbers of pages: four bytes since Windows 8, in kernels of 64 bits too
_NARROW = ("StartingVpn", "EndingVpn")


def structure_of(members: Members) -> str:
    """The kernel's name of the structure whose members these are."""
    return paths_of(next(iter(members.values())))[0][0]


def paths_of(said: Path | tuple[Path, ...]) -> tuple[Path, ...]:
    """The places where a table may have a member."""
    return said if isinstance(said[0], tuple) else (said,)


def make_rows(
    group: Group, lists: Lists, tables: list[KnownTable], differences: list[Difference]
) -> dict[tuple[str, int], StructureRows]:
    """The rows of a group's structures; ``differences`` gains a line where two sources disagree about one build."""
    return {
        (name, bits): _rows(group, name, bits, lists, tables, differences)
        for name in group.members
        for bits in (64, 32)
    }


def _rows(
    group: Group, name: str, bits: int, lists: Lists, tables: list[KnownTable], differences: list[Difference]
) -> StructureRows:
    members = group.members[name]
    structure = structure_of(members)
    labelled = [table for table in tables if table.bits == bits and table.build is not None]
    sizes = _sizes(group, members, labelled, bits)
    columns = {
        member: _sources(group, name, member, bits, lists, labelled, differences, sizes[member]) for member in members
    }
    if name in group.sized:
        columns["@size"] = _size_by_build(structure, lists, labelled, bits)
    builds = sorted({build for column in columns.values() for build in column} | {LOWEST[bits]})
    found = StructureRows(structure, tuple(members), sizes)
    before: tuple[Cell | None, ...] | None = None
    for build in builds:
        row = tuple(
            _at(columns.get(member, {}), build, member in _LATE or structure in _CUT) for member in (*members, "@size")
        )
        # a row without any place ends the one before it
        if row != before and (before is not None or any(cell is not None for cell in row)):
            found.rows[build] = before = row
    return found


def _sources(
    group: Group, name: str, member: str, bits: int, lists: Lists, tables: list[KnownTable],
    differences: list[Difference], size: int,
) -> dict[int, Cell]:  # fmt: skip
    """Place of one member by the build from which on it holds; -1: from there on there is no such member."""
    paths = paths_of(group.members[name][member])
    listed, stated = _listed(name, paths, bits, lists), group.stated.get((name, member, bits), {})
    column = {**{build: at for build, at in listed.items() if at != -1 or _at(stated, build, True) is None}, **stated}
    unlisted = not listed and all(build >= NEWEST for build in stated)
    for table in tables:
        assert table.build is not None
        says = place_in(group, table, name, member, size)
        known = _at(column, table.build)
        if table.build in column and known != says:
            differences.append(Difference(f"{name}.{member}", bits, table.build, known, says, table.guid))
        column[table.build] = -1 if says is None else says
    if unlisted:
        column |= dict.fromkeys(list(unsure(column, lists.get((paths[0][0], bits)))), -1)
    return column


def place_in(group: Group, table: KnownTable, name: str, member: str, size: int) -> Cell | None:
    """Where a table has a member, in the form of a row's cell; None where it has none."""
    paths = paths_of(group.members[name][member])
    found = next((place for path in paths if (place := table.reader.find(path)) is not None), None)
    if found is None or (group.exact and len(paths) > 1 and found[1]["kind"] == "struct"):
        return None
    at, kind = found
    if not group.exact:
        return at
    if (name, member) == ("thread", "CreateTime") and table.reader.find(("_ETHREAD", "NestedFaultCount")) is not None:
        return at, 8, 3, 61  # XP and Server 2003: the lowest three bits are NestedFaultCount and ApcNeeded
    if kind["kind"] == "bitfield":
        return at, table.reader.size(kind["type"]), kind["bit_position"], kind["bit_length"]
    own = table.reader.size(kind)
    return at if own == size or member in _OWN_SIZE else (at, own)


def unsure(column: dict[int, Cell], listed: OffsetList | None) -> Iterator[int]:
    """Builds of a list that lacks a member which moved: before the first table, and between two that differ."""
    if len(set(column.values())) < 2:
        return
    for build in listed.builds if listed is not None else ():
        before = [at for each, at in sorted(column.items()) if each < build]
        after = [at for each, at in sorted(column.items()) if each > build]
        if build not in column and after and before[-1:] != after[:1]:
            yield build


def _listed(name: str, paths: tuple[Path, ...], bits: int, lists: Lists) -> dict[int, Cell]:
    """A member's offsets by the lists; -1 from a build on that the list describes and that lacks it."""
    column: dict[int, Cell] = {}
    for path in paths:
        listed = _list_of(path, bits, lists)
        # empty: a member whose name the lists do not have
        if listed is None or name in _UNIONS or not listed.members.get(path[-1]):
            continue
        its = listed.members[path[-1]]
        for build in its if path[0] in _CUT else listed.builds:
            if build in its or build not in column:
                column[build] = its.get(build, -1)
    return column


def _list_of(path: Path, bits: int, lists: Lists) -> OffsetList | None:
    """The list of the structure that has a member itself."""
    where = {2: path[0], 3: _FIRST_MEMBERS.get(path[1])}.get(len(path))
    return lists.get((where or "", bits))


def _size_by_build(structure: str, lists: Lists, tables: list[KnownTable], bits: int) -> dict[int, Cell]:
    sizes: dict[int, Cell] = dict(lists.get((structure, bits), OffsetList()).size)
    for table in tables:
        size = table.size(structure)
        if size is not None and table.build is not None:
            sizes[table.build] = size
    return sizes


def _at(column: dict[int, Cell], build: int, late: bool = False) -> Cell | None:
    """What holds for ``build``: the last value up to it; before the first, the first, or none where it is ``late``."""
    known = sorted(column)
    if not known or (late and build < known[0]):
        return None
    value = column[max((each for each in known if each <= build), default=known[0])]
    return None if value == -1 else value


def _sizes(group: Group, members: Members, tables: list[KnownTable], bits: int) -> dict[str, int]:
    """Bytes of each member, by the newest table at hand; a pointer's where none has it."""
    if group.exact:
        return {member: 4 if member in _NARROW else member_size(member, bits // 8) for member in members}
    found = {member: SIZES.get(member, bits // 8) for member in members}
    for table in sorted(tables, key=lambda each: each.build or 0):
        for member, said in members.items():
            for path in paths_of(said):
                place = table.reader.find(path)
                if place is not None:
                    found[member] = table.reader.size(place[1])
    return found
