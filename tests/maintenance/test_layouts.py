"""The maker of layout tables: the module is what it writes, and every table at hand agrees with it."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

from maintenance.comparison import compare
from maintenance.explained import Difference, why_updated
from maintenance.known_tables import KnownTable, known_tables
from maintenance.layout_rows import GROUPS, IO, STRUCTURES, Group, StructureRows, make_rows, unsure
from maintenance.layouts import BUILDS, text_of
from maintenance.offset_lists import OffsetList, read_offset_lists
from volplugins.kernel.builds.descriptors import DESCRIPTOR_TABLES
from volplugins.kernel.builds.io import IO_TABLES
from volplugins.kernel.builds.structures import STRUCTURE_TABLES
from volplugins.kernel.builds.waits import WAIT_TABLES
from volplugins.kernel.wait_layouts import built_in_waits

_SHARED = Path(__file__).parents[2].parent / "shared"
_MORE = [Path(each) for each in os.environ.get("SYMBOL_TABLES", "").split(os.pathsep) if each]
# what each group's rows are in the package
_WRITTEN = {
    "structures.py": STRUCTURE_TABLES, "io.py": IO_TABLES, "waits.py": WAIT_TABLES, "descriptors.py": DESCRIPTOR_TABLES,
}  # fmt: skip


def _written(group: Group) -> dict[tuple[str, int], StructureRows]:
    """The rows of a module, in the maker's own form."""
    found = {}
    for name, (structure, machines) in _WRITTEN[group.module].items():
        for bits, (columns, rows) in machines.items():
            found[name, bits] = StructureRows(structure, tuple(name for name, _ in columns), dict(columns), dict(rows))
    return found


def test_lists_are_read_by_structure_and_machine(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("## _A x64\nfield 3790 6002\n@size 0x10 0x18\nB 8 10\nC - c\n## _A x86\nother\n")
    lists = read_offset_lists(tmp_path)
    assert lists == {("_A", 64): OffsetList({3790: 0x10, 6000: 0x18}, {"B": {3790: 8, 6000: 0x10}, "C": {6000: 0xC}})}


@pytest.mark.parametrize("group", GROUPS, ids=lambda each: each.module)
def test_the_modules_are_what_the_maker_writes(group: Group) -> None:
    """``SYMBOL_TABLES`` names a clone of JPCERTCC/Windows-Symbol-Tables."""
    if not _MORE or not (_SHARED / "facts" / "offsets").is_dir():
        pytest.skip("needs the lists of offsets of ../shared and the folder of symbol tables that SYMBOL_TABLES names")
    differences: list[Difference] = []
    rows = make_rows(group, read_offset_lists(_SHARED / "facts" / "offsets"), _tables(), differences)
    assert text_of(group, rows) == (BUILDS / group.module).read_text()
    assert [str(each) for each in differences if not each.why] == []


def test_a_difference_that_nobody_explained_is_said() -> None:
    known = Difference("process.Flags3", 64, 14393, 0x6C4, 0x6CC, "A")
    assert known.why and "UNEXPLAINED" not in str(known)
    assert "UNEXPLAINED" in str(Difference("process.Peb", 64, 14393, 0x3F8, None, "A"))


def test_bit_fields_and_sizes_are_cells_of_their_own() -> None:
    rows = _written(STRUCTURES)
    vad = rows["vad", 64]
    at = {name: index for index, name in enumerate(vad.columns)}
    assert vad.rows[26100][at["MemCommit"]] == (0x30, 4, 25, 1)
    assert vad.rows[6000][at["StartingVpn"]] == (0x18, 8) and vad.rows[9600][at["StartingVpn"]] == 0x18


def test_a_wrong_row_is_seen() -> None:
    tables = _tables()
    if not tables:
        pytest.skip("needs the symbol tables of ../shared")
    rows = _written(IO)
    irp = rows["irp", 64]
    irp.rows = {build: (*row[:3], 0x18, *row[4:]) for build, row in irp.rows.items()}
    assert irp.columns[3] == "Flags"
    wide = [table for table in tables if table.bits == 64]
    assert {where for table in wide for where, _, _ in compare(IO, rows, table)} == {"_IRP.Flags"}


def test_a_member_that_moved_is_not_guessed_between_the_tables() -> None:
    rows = built_in_waits(64, 7601).thread, built_in_waits(64, 9200).thread, built_in_waits(64, 9600).thread
    assert [layout.has("PriorityDecrement") for layout in rows] == [True, False, True]
    assert [layout.has("WaitListEntry") for layout in rows] == [True, True, True]
    column = {7601: 8, 9600: 16, 14393: 16}
    listed = OffsetList(dict.fromkeys([6002, 7601, 9200, 9600, 10240, 14393, 22621], 8))
    assert list(unsure(column, listed)) == [6002, 9200]
    assert not list(unsure({7601: 8, 9600: 8}, listed)) and not list(unsure(column, None))


def _folders() -> list[Path]:
    return [folder for folder in (_SHARED / "data" / "isf", *_MORE) if folder.is_dir()]


def _tables() -> list[KnownTable]:
    return list(known_tables(_folders()))


@pytest.mark.slow
def test_every_table_at_hand_agrees_with_the_rows() -> None:
    """One table at a time: all of them together take gigabytes."""
    written = {group.module: (group, _written(group)) for group in GROUPS}
    seen, differences = 0, list[tuple[str, ...]]()
    for table in known_tables(_folders()):
        seen += 1
        for group, rows in written.values():
            told = [each for each in compare(group, rows, table) if not why_updated(each[0])]
            differences += [(table.guid, group.module, *map(str, each)) for each in told]
    if not seen:
        pytest.skip("no symbol table of a kernel is at hand")
    warnings.warn(f"{seen} symbol tables compared", stacklevel=1)
    assert differences == []
