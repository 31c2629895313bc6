"""Layouts out of the tables by build that maintenance/layouts.py writes; those out of symbols made whole with them."""

from __future__ import annotations

from collections.abc import Mapping

from volplugins.memory.structure import Layout

# where a member is: its offset; or with a size other than the column's; or a bit field, offset and size of its word in
# bytes, lowest bit, width
Cell = int | tuple[int, int] | tuple[int, int, int, int]
# a row: cells in the order of the columns, then the structure's size where others follow it; None: not known
Rows = Mapping[int, tuple[Cell | None, ...]]
# columns with their sizes in bytes, and the rows by first build
Machine = tuple[tuple[tuple[str, int], ...], Rows]
# by field: the structure's name, and the machines by bits
Tables = Mapping[str, tuple[str, Mapping[int, Machine]]]


def made_layout(tables: Tables, name: str, bits: int, build: int) -> Layout:
    """The layout of the last row up to ``build``; without members where there is none."""
    structure, machines = tables[name]
    columns, rows = machines[bits]
    row = max((each for each in rows if each <= build), default=None)
    if row is None:
        return Layout(structure, 0, {}, f"no table for build {build}")
    *cells, size = rows[row]
    members: dict[str, tuple[int, int]] = {}
    bits_of: dict[str, tuple[int, int, int, int]] = {}
    for (member, length), cell in zip(columns, cells, strict=True):
        if isinstance(cell, int):
            members[member] = (cell, length)
        elif cell is not None and len(cell) == 2:
            members[member] = cell
        elif cell is not None:
            bits_of[member] = cell
    ends = [at + length for at, length, *_ in (*members.values(), *bits_of.values())]
    exact = "" if row == build else f" (nearest to {build})"
    whole = size if isinstance(size, int) and size else max(ends, default=0)
    return Layout(structure, whole, members, f"built-in {row}{exact}", bits_of)


def completed(mine: Layout, other: Layout) -> Layout:
    """``mine``, and what it lacks of ``other``.

    Members are added only where all that both know lie at the same places: then they describe one kernel.
    """
    if not mine.members and not mine.bits:
        return other
    lacking = {name: place for name, place in other.members.items() if not mine.has(name)}
    common = mine.members.keys() & other.members.keys()
    if not lacking or any(mine.offset(name) != other.offset(name) for name in common):
        return mine
    source = f"{mine.source}; {other.source} for {', '.join(lacking)}"
    return Layout(mine.name, max(mine.size, other.size), {**mine.members, **lacking}, source, mine.bits)
