"""What is lost without the kernel's symbols: rows of every plugin on the lab's machines, with them and without.

``python -m maintenance.without_symbols`` makes a complete dump of each machine of the lab twice, of a kernel that has a
symbol table and of the same kernel with an identity that none has, runs triage on both and compares rows cell by cell.
It prints the table of docs/support.md; ``--cells`` prints the cells that differ.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path

from volplugins.lab.machine.profiles import PROFILES

Row = dict[str, object]
# columns that hold names of functions, or sentences in which names and sources of layouts stand
NAMES = frozenset({
    "Symbol", "Note", "Evidence", "Next", "Status", "Pdb", "GuidAge", "ObjectName", "Completion",
})  # fmt: skip
# groups of rows that say what was known of symbols
_ABOUT = frozenset({"symbols", "layout", "secondary"})


@dataclass(slots=True)
class Compared:
    """One plugin on one machine: rows on both sides, cells compared, those that differ.

    ``names``: how many of them hold names or sentences; ``cells``: the others, as column, with symbols, without.
    """

    rows: tuple[int, int]
    compared: int = 0
    names: int = 0
    cells: list[tuple[str, object, object]] = field(default_factory=list)

    @property
    def differ(self) -> int:
        """Cells that differ and hold neither a name nor a sentence; a row that one side lacks counts whole."""
        return len(self.cells)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", action="store_true", help="print the cells that differ")
    given = parser.parse_args()
    found = {machine: dict(compared(machine)) for machine in PROFILES}
    print(table_of(found))
    if given.cells:
        for machine, plugins in found.items():
            for plugin, each in plugins.items():
                for column, left, right in each.cells:
                    print(f"{machine} {plugin} {column}: {left!r} {right!r}")


def compared(machine: str) -> Iterator[tuple[str, Compared]]:
    """Every plugin's rows of one machine."""
    with tempfile.TemporaryDirectory() as folder:
        sides = [_rows(machine, Path(folder) / name, name == "without") for name in ("with", "without")]
    for plugin in sorted(sides[0].keys() | sides[1].keys()):
        yield plugin, compare(sides[0].get(plugin, []), sides[1].get(plugin, []))


def compare(left: list[Row], right: list[Row]) -> Compared:
    """Two lists of rows beside each other."""
    lists = [[row for row in each if row.get("Group", row.get("Section")) not in _ABOUT] for each in (left, right)]
    found = Compared((len(lists[0]), len(lists[1])))
    for one, other in _pairs(*lists):
        for column in one.keys() | other.keys():
            found.compared += 1
            values = one.get(column), other.get(column)
            if values[0] != values[1]:
                if _is_name(column, one, values):
                    found.names += 1
                else:
                    found.cells.append((column, *values))
    return found


def _pairs(left: list[Row], right: list[Row]) -> Iterator[tuple[Row, Row]]:
    """Rows that belong together; an empty row where one side has none."""
    keys = [[str([value for column, value in row.items() if column not in NAMES]) for row in each]
            for each in (left, right)]  # fmt: skip
    for _, first, end, other_first, other_end in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        yield from zip_longest(left[first:end], right[other_first:other_end], fillvalue={})


def _is_name(column: str, row: Row, values: tuple[object, object]) -> bool:
    """Whether a cell holds a name of a function, or a sentence."""
    return column in NAMES or row.get("Section") == "stack" or any("!" in str(value) for value in values)


def _rows(machine: str, folder: Path, bare: bool) -> dict[str, list[Row]]:
    """Rows by plugin that triage gives of a dump."""
    folder.mkdir()
    command = [sys.executable, "-m", "volplugins.cli.main"]
    dump = folder / "a.dmp"
    options = ["--no-symbols"] if bare else []
    subprocess.run([*command, "lab", "make", "--machine", machine, *options, "-o", str(dump)], check=True,
                   capture_output=True)  # fmt: skip
    subprocess.run([*command, "triage", str(dump), "-q", "--no-hash", "-o", str(folder / "out")], check=False,
                   capture_output=True)  # fmt: skip
    files = sorted((folder / "out" / "rows").glob("*.jsonl"))
    return {file.stem: [_row(line) for line in file.read_text("utf-8").splitlines()] for file in files}


def _row(line: str) -> Row:
    """A row's cells, by column."""
    row = json.loads(line)["row"]
    assert isinstance(row, dict)
    return row


def table_of(found: dict[str, dict[str, Compared]]) -> str:
    """The table of docs/support.md: a row per plugin, a column per machine."""
    machines = list(found)
    plugins = sorted({plugin for each in found.values() for plugin in each})
    lines = [f"| rows | {' | '.join(machines)} |", "|---|" + "---|" * len(machines)]
    for plugin in plugins:
        cells = [found[machine].get(plugin) for machine in machines]
        lines.append(f"| {plugin} | {' | '.join(_cell(each) for each in cells)} |")
    return "\n".join(lines)


def _cell(found: Compared | None) -> str:
    if found is None:
        return ""
    return f"{found.differ} ({found.names}) of {found.compared}"


if __name__ == "__main__":
    main()
