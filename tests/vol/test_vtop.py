"""windows.kd.vtop: against what the lab built, against the tables' own self-map, and through plain ``vol``."""

from __future__ import annotations

import random

import pytest

from tests.vol.damaged import PAE, VICTIM, Machine, frame
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.paging.translation import State
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.scene.crash_scene import scene_of

WHO = ["acmetray.exe"]


def scene(dumps, machine, kind="full"):
    path, snapshot = dumps(machine, kind=kind)
    return scene_of(open_dump(FileSource(path))), snapshot, path


@pytest.mark.parametrize("machine", [*MACHINES, "win10-x64-la57"])
def test_kernel_pages_lead_to_the_pages_that_were_built(dumps, machine):
    found, snapshot, path = scene(dumps, machine)
    data = path.read_bytes()
    pages = random.Random(machine).sample(sorted(snapshot.virtual), 40)
    rows = list(vtop_rows(found, [f"{page | 0x123:x}" for page in pages], [], None))
    physical = {row.address: int(row.value, 16) for row in rows if row.step == "physical"}
    offsets = {row.address: int(row.value, 16) for row in rows if row.step == "fileoffset"}
    assert physical == {page | 0x123: snapshot.virtual[page] << 12 | 0x123 for page in pages}
    for page in pages:
        content = snapshot.pages.get(snapshot.virtual[page], bytes(0x1000))
        assert data[offsets[page | 0x123]] == content[0x123]


@pytest.mark.parametrize("machine", [*MACHINES, "win10-x64-la57"])
def test_entry_addresses_are_those_of_the_self_map(dumps, machine):
    """The kernel sees an entry at EntryVirtual: translating that address must give EntryPhysical."""
    found, snapshot, _ = scene(dumps, machine)
    pages = random.Random(machine).sample(sorted(snapshot.virtual), 8)
    rows = [row for row in vtop_rows(found, [f"{page:x}" for page in pages], WHO, None) if row.entry_virtual]
    assert rows
    for row in rows:
        steps = list(vtop_rows(found, [f"{row.entry_virtual:x}"], WHO, None))
        (physical,) = (each.value for each in steps if each.step == "physical")
        assert int(physical, 16) == row.entry_physical, row


def test_what_was_not_kept_in_a_kernel_dump_is_told_from_what_is_not_mapped(dumps):
    found, snapshot, _ = scene(dumps, "win10-x64", "bitmap-kernel")
    whole, _, _ = scene(dumps, "win10-x64")
    peb = snapshot.truth["process"]["peb"]
    (there,) = [row for row in vtop_rows(whole, [f"{peb:x}"], WHO, None) if row.step == "fileoffset"]
    assert there.state == State.VALID.value
    rows = list(vtop_rows(found, [f"{peb:x}", "1000"], WHO, None))
    assert {row.state for row in rows if row.address == peb and row.step in ("physical", "PTE")} & {"not-in-dump"}
    assert [row.state for row in rows if row.address == 0x1000][-1] == State.NOT_MAPPED.value
    assert not [row for row in rows if row.step == "fileoffset" and row.address == peb]


@pytest.mark.parametrize(
    ("addresses", "who", "dirbase", "says"),
    [
        (["xyz"], [], None, "not an address"),
        (["12345678901234567"], [], None, "not an address"),
        (["1000"], ["nobody"], None, "fits no PID"),
        (["1000"], [], "0", "not a DirBase"),
        (["1000"], [], "gg", "not a DirBase"),
        ([], [], None, "no --address"),
    ],
)
def test_what_makes_no_sense_is_one_row_with_the_reason(dumps, addresses, who, dirbase, says):
    found, _, _ = scene(dumps, "win10-x64")
    rows = list(vtop_rows(found, addresses, who, dirbase))
    assert len(rows) == 1
    assert says in rows[0].note


def test_a_process_is_found_by_each_of_its_names(dumps):
    found, snapshot, _ = scene(dumps, "win10-x64")
    process = snapshot.truth["process"]
    names = [
        str(process["pid"]),
        f"pid:{process['pid']}",
        process["name"].upper(),
        f"{process['eprocess']:#x}",
        f"{process['dtb']:x}",
        f"pfn:{process['dtb'] >> 12:x}",
    ]
    for name in names:
        rows = list(vtop_rows(found, ["fffff78000000000"], [name], None))
        assert [row.entry_physical & ~0xFFF for row in rows if row.step == "PML4E"] == [process["dtb"] & ~0xFFF], name


def test_a_small_dump_has_no_page_tables_and_says_so(dumps, rows):
    path, _ = dumps("win10-x64", kind="triage")
    (row,) = rows(path, "windows.kd.vtop")
    assert row["Step"] == "error"
    assert "page tables" in row["Note"]


def test_through_plain_vol(dumps, vol):
    path, snapshot = dumps("win7-x86-pae")
    done = vol("-r", "csv", "-f", str(path), "windows.kd.vtop", "--address", "ffdf0000", "--pid", "4")
    assert done.returncode == 0, done.stderr
    assert [line.split(",")[2] for line in done.stdout.splitlines() if line.startswith("0,0xffdf0000")] == [
        "PDPE", "PDE", "PTE", "physical", "fileoffset",
    ]  # fmt: skip
    assert f"{snapshot.virtual[0xFFDF0000] << 12:#x}" in done.stdout


@pytest.mark.parametrize("machine", MACHINES)
def test_a_bad_directory_is_named_before_anything_is_translated(dumps, machine):
    damaged = Machine(dumps, machine)
    peb = f"{damaged.victim['peb']:x}"
    damaged.set_dirbase(0x7FFFF000)
    rows = list(vtop_rows(scene_of(damaged.dump), [peb], [VICTIM], None))
    assert [(row.step, row.state) for row in rows] == [("directory", "page-directory:outside-memory")]
    damaged.set_dirbase(damaged.victim["dtb"])
    pages = [damaged.top] if machine != PAE else [frame(damaged.entry(damaged.top + 8 * i)) for i in range(4)]
    for page in pages:
        damaged.memory.write(page, bytes(range(1, 256)) * 16 + bytes(16))
    rows = list(vtop_rows(scene_of(damaged.dump), [peb], [VICTIM], None))
    assert [(row.step, row.state) for row in rows] == [("directory", "page-directory:not-a-directory")]


def test_five_levels_through_plain_vol(dumps, rows):
    path, snapshot = dumps("win10-x64-la57", kind="full")
    kernel = next(m for m in snapshot.truth["modules"] if m["name"] == "nt")["base"]
    found = rows(path, "windows.kd.vtop", plugin_options=("--address", f"{kernel:x}"))
    assert [row["Step"] for row in found][:2] == ["PML5E", "PML4E"]
    assert found[-1]["Step"] == "fileoffset"
