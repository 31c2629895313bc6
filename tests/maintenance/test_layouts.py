"""The maker of layout tables: the module is what it writes, and every table at hand agrees with it."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

from maintenance.comparison import compare
from maintenance.explained import Difference, why_updated
from maintenance.known_tables import KnownTable, known_tables
from maintenance.layout_rows import GROUPS, IO, STRUCTURES, WAITS, Group, StructureRows, make_rows, unsure
from maintenance.layouts import BUILDS, check_types, text_of
from maintenance.offset_lists import OffsetList, read_offset_lists
from maintenance.type_tables import read_types, type_tables
from volplugins.kernel.builds.descriptors import DESCRIPTOR_TABLES
from volplugins.kernel.builds.io import IO_TABLES
from volplugins.kernel.builds.structures import STRUCTURE_TABLES
from volplugins.kernel.builds.waits import WAIT_TABLES
from volplugins.kernel.io_layouts import built_in_io
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


def test_rows_end_where_their_builds_do() -> None:
    """Places that public type tables of these builds have, and what none has: no row of another build stands in."""
    audit = [built_in_waits(bits, 10586).process.offset("SeAuditProcessCreationInfo") for bits in (64, 32)]
    pool = [built_in_waits(32, build).pool_descriptor.offset("TotalPages") for build in (10240, 14393, 18362)]
    stacks = [built_in_waits(bits, build).processor.offset("DpcStack") for bits in (64, 32) for build in (6000, 6002)]
    names = [built_in_io(bits, build).object_type.offset("Name") for bits in (64, 32) for build in (6000, 6001, 7600)]
    assert (audit, pool) == ([0x468, 0x188], [0xC0, 0x44, 0x44])
    assert stacks == [0x3340, 0x3440, 0x1988, 0x1A08] and names == [0x78, 0x10, 0x10, 0x40, 0x8, 0x8]
    partitions = [built_in_waits(64, build).partition for build in (14393, 15063, 16299, 17134)]
    assert [each.has("AvailablePages") for each in partitions] == [True, False, False, True]
    assert [built_in_waits(64, build).memory_state.members == {} for build in (15063, 17134, 17763)] == [1, 1, 0]


def test_type_tables_are_read_and_not_run(tmp_path: Path) -> None:
    """In the form of volatility 2's files."""
    text = """
small = {}
types = {
  '_A': [0x10, {
    'B': [0x0, ['unsigned long']], 'C': [0x8, ['BitField', dict(start_bit = 3, end_bit = 5, native_type='long')]],
    'D': [0x4, ['array', 2, ['_B']]], 'E': [0xc, ['pointer', ['_B']]],
    'F': [0x8, ['Enumeration', dict(target = 'long', choices = {0: 'x', -1: u'y'})]],
  }], '_B': [0x2, {'G': [0x1, ['unsigned char']]}],
}
"""
    (tmp_path / "win10_x86_16299_vtypes.py").write_text(text)
    (tmp_path / "unknown_vtypes.py").write_text(text)
    (table,) = type_tables([tmp_path])
    assert (table.guid, table.bits, table.build, table.size("_A")) == ("win10_x86_16299", 32, 16299, 0x10)
    layout = table.reader.layout("_A", {each: ("_A", each) for each in "BCDEF"}, fixed=False)
    assert layout.members == {"B": (0, 4), "D": (4, 4), "E": (12, 4), "F": (8, 4)} and layout.bits == {
        "C": (8, 4, 3, 2)
    }
    for wrong in ("x = 1", "types = {'_A': [open('x'), {}]}", "types = {'_A': {**y}}"):
        with pytest.raises(ValueError):
            read_types(wrong)


def test_a_row_that_a_type_table_denies_is_said(tmp_path: Path) -> None:
    text = "t = {'_POOL_DESCRIPTOR': [0x60, {'TotalPages': [%s, ['unsigned long']]}]}"
    for at, wrong in ((0x44, []), (0xC0, ["win10_x86_16299: _POOL_DESCRIPTOR.TotalPages: 68 here, 192 there"])):
        (tmp_path / "win10_x86_16299_vtypes.py").write_text(text % at)
        told = list(check_types(WAITS, _written(WAITS), list(type_tables([tmp_path]))))
        assert told == [(each, "") for each in wrong]


def test_every_type_table_at_hand_agrees_with_the_rows() -> None:
    """``TYPE_TABLES`` names a folder with those of volatility 2."""
    tables = list(type_tables([Path(each) for each in os.environ.get("TYPE_TABLES", "").split(os.pathsep) if each]))
    if not tables:
        pytest.skip("needs the type tables of volatility 2 in the folder that TYPE_TABLES names")
    told = [each for group in GROUPS for each in check_types(group, _written(group), tables)]
    assert [text for text, why in told if not why] == []


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
