"""Writes modules of volplugins/kernel/builds: structures by build, ``structures``, ``io``, ``waits`` and
``descriptors``.

``python -m maintenance.layouts --lists FOLDER --tables FOLDER…`` takes lists of offsets as text and folders with
symbol tables (ISF), prints what they say differently of one build, and with ``--write`` writes the modules. ``--check``
compares every table at hand with the nearest rows, and with ``--types`` those of volatility 2 in these folders too.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from maintenance.comparison import compare
from maintenance.explained import Difference, why_updated
from maintenance.known_tables import KnownTable, known_tables
from maintenance.layout_rows import GROUPS, Group, StructureRows, make_rows
from maintenance.offset_lists import read_offset_lists
from maintenance.type_tables import type_tables, why_different
from volplugins.kernel.made_layouts import Cell

BUILDS = Path(__file__).parent.parent / "volplugins" / "kernel" / "builds"
_HEAD = '''"""{subject} by build: written by maintenance/layouts.py, not by hand.

Sources: symbol tables of 7601, 9600, 14393, 17763, 19041, 20348 and 22000 (x64), 2600, 7601 and 19041 (x86); the other
builds by public listings of structures, the oldest object headers by the type tables of volatility 2. A row holds up to
the next one; its last value is the structure's size in bytes where others follow it directly. None: the build has no
such member, or its place is not known.
"""

from __future__ import annotations

from volplugins.kernel.made_layouts import Tables

# field of {holder}: the structure's name; bits to its members with their sizes in bytes, and rows by first build
{table}: Tables = {{
'''


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=Path, required=True, help="folder with lists of offsets by build")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="folders with symbol tables")
    parser.add_argument("--write", action="store_true", help="write the modules")
    parser.add_argument("--check", action="store_true", help="compare every table at hand with the rows")
    parser.add_argument("--types", type=Path, nargs="+", default=[], help="folders with type tables of volatility 2")
    given = parser.parse_args()
    of_types = list(type_tables(given.types))
    tables, lists = list(known_tables(given.tables)), read_offset_lists(given.lists)
    for group in GROUPS:
        differences: list[Difference] = []
        found = make_rows(group, lists, tables, differences)
        print("\n".join(map(str, differences)))
        if given.check:
            check(group, found, tables)
            for text, why in check_types(group, found, of_types):
                print(f"{text} ({why or 'UNEXPLAINED'})")
        if given.write:
            (BUILDS / group.module).write_text(text_of(group, found))


def check(group: Group, found: dict[tuple[str, int], StructureRows], tables: list[KnownTable]) -> None:
    """Print how many tables were seen, and each difference with the number of tables that have it."""
    seen = (each for table in tables for each in compare(group, found, table))
    counted = Counter(
        f"{where}: {said} here, {own} there ({why_updated(where) or 'UNEXPLAINED'})" for where, said, own in seen
    )
    print(f"{group.module}: {len(tables)} tables compared, {len(counted)} differences")
    for text, count in counted.most_common():
        print(f"{count:4} x {text}")


def check_types(
    group: Group, found: dict[tuple[str, int], StructureRows], tables: list[KnownTable]
) -> Iterator[tuple[str, str]]:
    """How type tables differ from the rows of their builds, and why. What no row has is no difference here.

    A byte of its own that a row states with its size is where the table has it without one.
    """
    for table in tables:
        for where, said, own in compare(group, found, table):
            alike = isinstance(said, tuple) and said[:1] == (own,)
            if said is not None and not alike:
                yield f"{table.guid}: {where}: {said} here, {own} there", why_different(table.guid, where)


def text_of(group: Group, found: dict[tuple[str, int], StructureRows]) -> str:
    """The module's text."""
    head = _HEAD.format(subject=group.subject, holder=group.holder, table=group.table)
    lines = [head.rstrip("\n")]
    for name in dict.fromkeys(name for name, _ in found):
        lines.append(f'    "{name}": ("{found[name, 64].structure}", {{')
        for bits in (64, 32):
            lines += _machine(bits, found[name, bits])
        lines.append("    }),")
    return "\n".join([*lines, "}  # fmt: skip", ""])


def _machine(bits: int, rows: StructureRows) -> list[str]:
    columns = [f'("{member}", {rows.sizes[member]:#x})' for member in rows.columns]
    lines = [f"        {bits}: ((", *_wrapped(columns, 12), "        ), {"]
    for build, row in rows.rows.items():
        cells = [_cell(cell) for cell in row]
        whole = f"            {build}: ({', '.join(cells)}),"
        lines += [whole] if len(whole) <= 120 else [f"            {build}: (", *_wrapped(cells, 16), "            ),"]
    return [*lines, "        }),"]


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return "None"
    return hex(cell) if isinstance(cell, int) else f"({', '.join(hex(each) for each in cell)})"


def _wrapped(cells: list[str], indent: int) -> list[str]:
    lines, line = [], ""
    for cell in cells:
        if len(line) + len(cell) + indent > 116:
            lines.append(" " * indent + line.rstrip())
            line = ""
        line += f"{cell}, "
    return [*lines, " " * indent + line.rstrip()] if line else lines


if __name__ == "__main__":
    main()
