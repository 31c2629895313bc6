"""Layouts out of the tables by build that maintenance/layouts.py writes; those out of symbols made whole with them."""

from __future__ import annotations

from collections.abc import Mapping

from volplugins.memory.structure import Layout

# a row: offsets in the order of the columns, then the structure's size where others follow it; None: not known
Rows = Mapping[int, tuple[int | None, ...]]
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
    *offsets, size = rows[row]
    members = {member: (at, length) for (member, length), at in zip(columns, offsets, strict=True) if at is not None}
    end = max((at + length for at, length in members.values()), default=0)
    exact = "" if row == build else f" (nearest to {build})"
    return Layout(structure, size or end, members, f"built-in {row}{exact}")


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
