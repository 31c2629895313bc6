"""Symbol tables compared with the rows that were made: what differs, for a maintainer and for a test."""

from __future__ import annotations

from collections.abc import Iterator

from maintenance.known_tables import KnownTable
from maintenance.layout_rows import Group, StructureRows, place_in
from volplugins.kernel.made_layouts import Cell

Rows = dict[tuple[str, int], StructureRows]
Difference = tuple[str, Cell | None, Cell]


def compare(group: Group, found: Rows, table: KnownTable) -> Iterator[Difference]:
    """How a table differs from the rows of one build: ``structure.member``, the row's place, its own.

    The build is the table's own, where it is stated; else the one of which the rows of all structures together differ
    least. A member that the table lacks is no difference: public tables leave some out.
    """
    own = {name: _own(group, found, table, name) for name, bits in found if bits == table.bits}
    builds = {build for (_, bits), rows in found.items() if bits == table.bits for build in rows.rows}
    wanted = [table.build] if table.build is not None else sorted(builds)
    yield from min(([*_differing(found, own, table.bits, build)] for build in wanted), key=len)


def _own(group: Group, found: Rows, table: KnownTable, name: str) -> dict[str, Cell]:
    sizes = found[name, table.bits].sizes
    places = {member: place_in(group, table, name, member, sizes[member]) for member in group.members[name]}
    return {member: place for member, place in places.items() if place is not None}


def _differing(found: Rows, own: dict[str, dict[str, Cell]], bits: int, build: int) -> Iterator[Difference]:
    for name, places in own.items():
        rows = found[name, bits]
        row = max((each for each in rows.rows if each <= build), default=None)
        if row is not None:
            said = dict(zip(rows.columns, rows.rows[row], strict=False))
            yield from (
                (f"{rows.structure}.{member}", said.get(member), at)
                for member, at in places.items()
                if said.get(member) != at
            )
