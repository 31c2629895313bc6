"""Rows by build of a group of structures, put together from lists, tables and stated facts.

A table at hand wins over a list, a list over what is stated; where two disagree, that is kept as a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from maintenance.known_tables import KnownTable
from maintenance.offset_lists import OffsetList
from maintenance.stated import NEWEST, SIZES, STATED
from volplugins.kernel import descriptor_layouts, io_layouts, wait_layouts
from volplugins.vol.symbols.descriptor_members import DESCRIPTOR_MEMBERS
from volplugins.vol.symbols.members import IO_MEMBERS, Members, Path
from volplugins.vol.symbols.wait_members import WAIT_MEMBERS

# members of which the first build that is known to have them is the first that has them
_LATE = ("StateTimestamp", "PreviousStateTimestamp", "ProblemCodeLog")
LOWEST = {64: 3790, 32: 2600}
Lists = dict[tuple[str, int], OffsetList]
# structures that begin another: their offsets are the other's
_FIRST_MEMBERS = {"Tcb": "_KTHREAD", "Pcb": "_KPROCESS"}
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
    """

    members: Mapping[str, Members]
    sized: Sequence[str]
    module: str
    table: str
    holder: str
    subject: str


IO = Group(IO_MEMBERS, io_layouts.SIZED, "io.py", "IO_TABLES", "IoLayouts", "Structures of the I/O system")
WAITS = Group(
    WAIT_MEMBERS, wait_layouts.SIZED, "waits.py", "WAIT_TABLES", "WaitLayouts", "Waits, locks, processors and accounts"
)
DESCRIPTORS = Group(
    DESCRIPTOR_MEMBERS, descriptor_layouts.SIZED, "descriptors.py", "DESCRIPTOR_TABLES", "GateLayouts",
    "Descriptor tables, special registers and interrupt objects",
)  # fmt: skip
GROUPS = (IO, WAITS, DESCRIPTORS)


@dataclass(slots=True)
class StructureRows:
    """One structure of one machine: members in order with their sizes in bytes, and rows by first build.

    A row's last value is the structure's size in bytes (SIZED). None: the build has no such member, or its place is
    not known.
    """

    structure: str
    columns: tuple[str, ...]
    sizes: dict[str, int]
    rows: dict[int, tuple[int | None, ...]] = field(default_factory=dict)


def structure_of(members: Members) -> str:
    """The kernel's name of the structure whose members these are."""
    return paths_of(next(iter(members.values())))[0][0]


def paths_of(said: Path | tuple[Path, ...]) -> tuple[Path, ...]:
    """The places where a table may have a member."""
    return said if isinstance(said[0], tuple) else (said,)


def make_rows(
    group: Group, lists: Lists, tables: list[KnownTable], differences: list[str]
) -> dict[tuple[str, int], StructureRows]:
    """The rows of a group's structures; ``differences`` gains a line where two sources disagree about one build."""
    return {
        (name, bits): _rows(name, members, bits, lists, tables, differences, name in group.sized)
        for name, members in group.members.items()
        for bits in (64, 32)
    }


def _rows(
    name: str,
    members: Members,
    bits: int,
    lists: Lists,
    tables: list[KnownTable],
    differences: list[str],
    sized: bool,
) -> StructureRows:
    structure = structure_of(members)
    labelled = [table for table in tables if table.bits == bits and table.build is not None]
    columns = {member: _sources(name, member, members, bits, lists, labelled, differences) for member in members}
    columns["@size"] = _size_by_build(structure, lists, labelled, bits) if sized else {}
    builds = sorted({build for column in columns.values() for build in column} | {LOWEST[bits]})
    found = StructureRows(structure, tuple(members), _sizes(members, labelled, bits))
    before: tuple[int | None, ...] | None = None
    for build in builds:
        row = tuple(_at(columns[member], build, member in _LATE or structure in _CUT) for member in (*members, "@size"))
        if row != before and any(cell is not None for cell in row):
            found.rows[build] = before = row
    return found


def _sources(
    name: str, member: str, members: Members, bits: int, lists: Lists, tables: list[KnownTable],
    differences: list[str],
) -> dict[int, int]:  # fmt: skip
    """Offset of one member by the build from which on it holds; -1: from there on there is no such member."""
    path = paths_of(members[member])[0]
    listed, stated = _listed(name, path, bits, lists), STATED.get((name, member, bits), {})
    column = {**listed, **stated}
    unlisted = not listed and all(build >= NEWEST for build in stated)
    for table in tables:
        assert table.build is not None
        place = next((at for each in paths_of(members[member]) if (at := table.reader.find(each)) is not None), None)
        says = None if place is None else place[0]
        known = _at(column, table.build)
        if table.build in column and known != says:
            differences.append(
                f"{name}.{member}, {bits} bits, {table.build}: {_text(known)} in a list, {_text(says)} in {table.guid}"
            )
        column[table.build] = -1 if says is None else says
    if unlisted:
        column |= dict.fromkeys(list(unsure(column, lists.get((path[0], bits)))), -1)
    return column


def unsure(column: dict[int, int], listed: OffsetList | None) -> Iterator[int]:
    """Builds of a list that lacks a member which moved: before the first table, and between two that differ."""
    if len(set(column.values())) < 2:
        return
    for build in listed.builds if listed is not None else ():
        before = [at for each, at in sorted(column.items()) if each < build]
        after = [at for each, at in sorted(column.items()) if each > build]
        if build not in column and after and before[-1:] != after[:1]:
            yield build


def _listed(name: str, path: Path, bits: int, lists: Lists) -> dict[int, int]:
    """A member's offsets by the lists; -1 from a build on that the list describes and that lacks it."""
    listed = _list_of(path, bits, lists)
    if listed is None or name in _UNIONS or path[-1] not in listed.members:
        return {}
    column = listed.members[path[-1]]
    if not column:  # a member whose name the lists do not have
        return {}
    if path[0] in _CUT:
        return dict(column)
    return {build: column.get(build, -1) for build in listed.builds}


def _list_of(path: Path, bits: int, lists: Lists) -> OffsetList | None:
    """The list of the structure that has a member itself."""
    where = {2: path[0], 3: _FIRST_MEMBERS.get(path[1])}.get(len(path))
    return lists.get((where or "", bits))


def _text(offset: int | None) -> str:
    return "absent" if offset is None else hex(offset)


def _size_by_build(structure: str, lists: Lists, tables: list[KnownTable], bits: int) -> dict[int, int]:
    sizes = dict(lists.get((structure, bits), OffsetList()).size)
    for table in tables:
        size = table.size(structure)
        if size is not None and table.build is not None:
            sizes[table.build] = size
    return sizes


def _at(column: dict[int, int], build: int, late: bool = False) -> int | None:
    """What holds for ``build``: the last value up to it; before the first, the first, or none where it is ``late``."""
    known = sorted(column)
    if not known or (late and build < known[0]):
        return None
    value = column[max((each for each in known if each <= build), default=known[0])]
    return None if value < 0 else value


def _sizes(members: Members, tables: list[KnownTable], bits: int) -> dict[str, int]:
    """Bytes of each member, by the newest table at hand; a pointer's where none has it."""
    found = {member: SIZES.get(member, bits // 8) for member in members}
    for table in sorted(tables, key=lambda each: each.build or 0):
        for member, said in members.items():
            for path in paths_of(said):
                place = table.reader.find(path)
                if place is not None:
                    found[member] = table.reader.size(place[1])
    return found


def compare(
    group: Group, found: dict[tuple[str, int], StructureRows], table: KnownTable
) -> Iterator[tuple[str, int | None, int]]:
    """How a table differs from the nearest row of each structure: ``structure.member``, the row's offset, its own.

    The row is that of the table's build, else the one with the fewest differences.
    """
    for (name, bits), rows in found.items():
        if bits != table.bits or not rows.rows:
            continue
        own = {
            member: next((at[0] for path in paths_of(said) if (at := table.reader.find(path)) is not None), None)
            for member, said in group.members[name].items()
        }
        if all(offset is None for offset in own.values()):
            continue
        least = min((_differing(rows, row, own) for row in rows.rows.values()), key=len)
        yield from ((f"{rows.structure}.{member}", said, is_at) for member, said, is_at in least)


def _differing(
    rows: StructureRows, row: tuple[int | None, ...], own: dict[str, int | None]
) -> list[tuple[str, int | None, int]]:
    return [
        (member, said, is_at)
        for member, said in zip(rows.columns, row, strict=False)
        if (is_at := own[member]) is not None and is_at != said
    ]
