"""--dirbase: a process whose own directory is lost is read whole through the one given; a bare one is a context.

The undamaged machine's rows are what a damaged one's must be, but for notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.vol.damaged import PAE, VICTIM, X64, X86, Machine
from volplugins.address.region import FREE
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.damage.directories import with_directory_defect
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.vol.commands.address.rows import Wanted as AddressWanted
from volplugins.vol.commands.address.rows import address_rows
from volplugins.vol.commands.lm.rows import Wanted as LmWanted
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.commands.peb.rows import peb_rows
from volplugins.vol.commands.ptov.rows import ptov_rows
from volplugins.vol.commands.stacks.rows import Wanted as StacksWanted
from volplugins.vol.commands.stacks.rows import stacks_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.scene.crash_scene import scene_of

Rows = Callable[..., Iterator[Any]]
COMMANDS: dict[str, Rows] = {
    "address": lambda scene, who, base: address_rows(scene, AddressWanted(who, False, dirbase=base)),
    "lm": lambda scene, who, base: lm_rows(scene, LmWanted(who, scan=False, dirbase=base)),
    "peb": lambda scene, who, base: peb_rows(scene, who, True, False, None, base),
    "stacks": lambda scene, who, base: stacks_rows(scene, StacksWanted(who, dirbase=base), scan=False),
    "ptov": lambda scene, who, base: ptov_rows(scene, [], who, False, None, base),
    "vtop": lambda scene, who, base: vtop_rows(scene, ["7ffe0000"], who, base),
}
DEFECTS = [
    ("no-directory", "win10-x64"), ("outside-memory", "win7-x64"), ("misaligned", "xp-x86"),
    ("misaligned", "win7-x86-pae"), ("user-shadow", "win10-x64"),
]  # fmt: skip
OF_A_PROCESS = ("lm", "peb", "stacks")


def rows_of(machine: Machine, command: str, who: list[str], base: str | None) -> list[Any]:
    return list(COMMANDS[command](scene_of(machine.dump), who, base))


def plain(rows: list[Any]) -> list[Any]:
    return [row._replace(note="") for row in rows]


def offered(machine: Machine) -> str:
    """The --dirbase of the command that Next has for the victim."""
    ours = re.search(r"windows\.kd\.address --process (\S+) --dirbase (0x[0-9a-f]+)", machine.verdict().next)
    assert ours is not None
    assert ours[1] == f"eprocess:{machine.victim['eprocess']:#x}"
    assert f".context {ours[2]}" in machine.verdict().next
    return ours[2]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_process_without_a_directory_is_read_whole_through_the_one_that_is_offered(dumps, machine):
    sound, lost = Machine(dumps, machine, "full"), Machine(dumps, machine, "full")
    lost.set_dirbase(0)
    base = offered(lost)
    for command in COMMANDS:
        expected = rows_of(sound, command, [VICTIM], None)
        assert len(expected) > 1
        without = plain(rows_of(lost, command, [VICTIM], None))
        assert without != plain(expected), f"{command}: nothing was lost"
        found = rows_of(lost, command, [VICTIM], base)
        assert plain(found) == plain(expected), command
        assert any(f"read through DirBase {base}, its own is 0x0" in row.note for row in found), command


@pytest.mark.parametrize("machine", [X64, X86])
def test_the_directory_is_taken_by_its_page_frame_number_too(dumps, machine):
    found = Machine(dumps, machine, "full")
    base = found.victim["dtb"]
    for command in COMMANDS:
        expected = rows_of(found, command, [] if command == "vtop" else [VICTIM], f"{base:x}")
        for text in (f"{base >> 12:x}", f"pfn:{base >> 12:x}", f"PFN:0x{base >> 12:x}"):
            rows = rows_of(found, command, [], text)
            assert plain(rows) == plain(expected), (command, text)
            assert any(f"PFN of DirBase {base:#x} ({VICTIM}, PID {found.victim['pid']})" in row.note for row in rows)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_directory_that_no_process_has_is_shown_by_its_tables_alone(dumps, machine):
    found = Machine(dumps, machine, "full")
    top = found.top
    expected = rows_of(found, "ptov", [VICTIM], None)
    whole = rows_of(found, "address", [VICTIM], None)
    found.set_dirbase(0)
    mapped = rows_of(found, "ptov", [], f"{top:x}")
    assert {row.process for row in mapped} == {f"DirBase {top:#x}"}
    assert [row[2:7] for row in mapped] == [row[2:7] for row in expected]
    regions = [row for row in rows_of(found, "address", [], f"{top:x}") if row.start is not None]
    assert sum(row.size for row in regions) == sum(row.size for row in whole)
    assert sum(row.resident or 0 for row in regions) > 0
    own = {page for row in mapped if row.state in ("valid", "large") for page in pages(row.virtual, row.size)}
    shown = {page for row in regions if row.actual for page in pages(row.start, row.size)}
    assert own <= shown
    assert "no VADs" in regions[0].note
    assert not [row for row in regions if row.state == FREE], "without VADs nothing is known to be free"


def pages(start: int, size: int) -> range:
    return range(start >> 12, start + size >> 12)


@pytest.mark.parametrize("command", OF_A_PROCESS)
def test_what_a_bare_directory_lacks_is_one_row(dumps, command):
    found = Machine(dumps, X64, "full")
    found.set_dirbase(0)
    (row,) = rows_of(found, command, [], f"{found.top:x}")
    assert "no process has it as its own" in row.note
    assert "--pid with --dirbase" in row.note


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("text", ["0", "gg", "", "name:x", "dirbase:", "pfn:0", "pfn:ffffffffffffffff", "-1", "1" * 40])
def test_what_is_no_directory_is_one_row(dumps, command, text):
    found = Machine(dumps, X64, "full")
    for who in ([], [VICTIM]):
        (row,) = rows_of(found, command, who, text)
        assert row.note == f"{text}: not a DirBase (hexadecimal, not zero), nor the PFN of one"


@pytest.mark.parametrize("machine", [X64, PAE, X86])
@pytest.mark.parametrize("place", ["beyond", "text", "high"])
def test_the_verdict_is_that_on_the_given_directory(dumps, machine, place):
    found = Machine(dumps, machine, "full")
    end = max(base + count for base, count in found.snapshot.runs)
    found.memory.write((end - 1) << 12, b"nothing that looks like a table ".ljust(0x1000, b"."))
    given = {"beyond": (end + 0x100) << 12, "text": (end - 1) << 12, "high": 0xFFFFFFFFFFFFF000}[place]
    words = {"beyond": "outside-memory", "text": "not-a-directory", "high": "outside-memory"}
    for command in COMMANDS:
        for who in ([VICTIM],) if command in (*OF_A_PROCESS, "vtop") else ([VICTIM], []):
            rows = rows_of(found, command, who, f"{given:x}")
            texts = " ".join(f"{getattr(row, 'state', '')} {getattr(row, 'stop', '')} {row.note}" for row in rows)
            assert f"page-directory:{words[place]}" in texts, command


@pytest.mark.parametrize(("name", "machine"), DEFECTS)
def test_what_the_lab_does_to_dirbase_is_undone_by_the_right_one(tmp_path, name, machine):
    sound = build(machine)
    scenes = [
        scene_of(open_dump(FileSource(write(snapshot, "full", tmp_path / f"{number}.dmp"))))
        for number, snapshot in enumerate((sound, with_directory_defect(sound, name)))
    ]
    base = next(p["dtb"] for p in sound.truth["processes"] if p["name"] == VICTIM)
    for command in ("peb", "address", "stacks"):
        expected, found = (
            plain(list(COMMANDS[command](scene, [VICTIM], given)))
            for scene, given in zip(scenes, (None, f"{base:#x}"), strict=True)
        )
        assert found == expected, command


def test_a_byte_is_looked_for_in_a_bare_directory_alone(dumps):
    found = Machine(dumps, X64, "full")
    found.set_dirbase(0)
    scene, base = scene_of(found.dump), f"{found.top:x}"
    mapped = next(row for row in ptov_rows(scene, [], (), False, None, base) if row.state == "valid")
    rows = list(ptov_rows(scene, [f"{mapped.physical:x}"], (), False, None, base))
    assert (f"DirBase {found.top:#x}", mapped.virtual) in [(row.process, row.virtual) for row in rows]
    assert {row.process for row in rows} == {f"DirBase {found.top:#x}"}


def test_the_own_verdict_stays_what_it_is(dumps):
    """A run that reads a process through another directory says nothing of its own."""
    found = Machine(dumps, X64, "full")
    scene = scene_of(found.dump)
    list(peb_rows(scene, [VICTIM], False, False, None, "7ffff000"))
    assert [row.process for row in peb_rows(scene, [VICTIM], False, False)][:1] == [VICTIM]
    assert found.verdict().verdict == "ok"
