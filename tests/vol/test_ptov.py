"""windows.kd.ptov: against a simple walker of the test's own, one entry at a time, and against what the lab built."""

from __future__ import annotations

import random

import pytest

from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.paging.address_space import AddressSpace
from volplugins.vol.commands.ptov.rows import ptov_rows
from volplugins.vol.scene.crash_scene import scene_of

SHIFTS = {"x64": (39, 30, 21, 12), "pae": (30, 21, 12), "x86": (22, 12)}


def scene(dumps, machine):
    path, snapshot = dumps(machine, kind="full")
    return scene_of(open_dump(FileSource(path))), snapshot


def walk(snapshot, mode, table, depth=0, base=0):
    """Yield (virtual, physical) of every valid or transition page below ``table``: plain recursion over dict pages."""
    shift = SHIFTS[mode][depth]
    size = 4 if mode == "x86" else 8
    count = {"pae": 4}.get(mode, 0x1000 // size) if depth == 0 else 0x1000 // size
    page = snapshot.pages.get(table >> 12, bytes(0x1000))
    for index in range(count):
        at = (table & 0xFFF) + index * size
        entry = int.from_bytes(page[at : at + size], "little")
        virtual = base + (index << shift)
        if virtual >= (1 << 47 if mode == "x64" else 1 << 31):
            return
        if not entry & 1 and (not entry & 0x800 or entry & 0x400):
            continue
        frame = entry & (0xFFFFF000 if mode == "x86" else 0xFFFFFFFFFF000)
        if shift == 12:
            yield virtual, frame
        elif entry & 0x80 and entry & 1 and shift != 39 and not (mode == "pae" and depth == 0):
            for offset in range(0, 1 << shift, 0x1000):
                yield virtual + offset, (frame & ~((1 << shift) - 1)) + offset
        else:
            yield from walk(snapshot, mode, frame, depth + 1, virtual)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_map_of_each_process_is_that_of_a_simple_walker(dumps, machine):
    found, snapshot = scene(dumps, machine)
    mode = "x64" if snapshot.bits == 64 else "pae" if snapshot.pae else "x86"
    for process in [p for p in snapshot.truth["processes"] if p["dtb"]]:
        wanted = dict(walk(snapshot, mode, process["dtb"] & ~(0x1F if mode == "pae" else 0xFFF)))
        rows = list(ptov_rows(found, [], [f"pid:{process['pid']}"]))
        seen = {}
        for row in rows:
            for offset in range(0, row.size, 0x1000):
                seen[row.virtual + offset] = row.physical + offset
        assert seen == wanted
        assert [row.virtual for row in rows] == sorted(row.virtual for row in rows)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_shared_page_shows_all_its_owners(dumps, machine):
    found, snapshot = scene(dumps, machine)
    address = 0xFFFFF78000000000 if snapshot.bits == 64 else 0xFFDF0000
    shared = snapshot.virtual[address] << 12 | 0x26C
    rows = list(ptov_rows(found, [f"{shared:x}"], []))
    kernel = [row for row in rows if row.pid == 0]
    assert [(row.process, row.virtual) for row in kernel] == [("kernel", address | 0x26C)]
    users = {row.pid for row in rows if row.pid}
    with_user_half = {p["pid"] for p in snapshot.truth["processes"] if p["dtb"] and p["peb"]}
    assert users == with_user_half
    assert {row.virtual for row in rows if row.pid} == {0x7FFE026C}


def test_kernel_pages_lead_back_to_their_addresses(dumps):
    found, snapshot = scene(dumps, "win10-x64")
    module = next(m for m in snapshot.truth["modules"] if m["name"] == "acmedrv")
    physical = snapshot.virtual[module["base"]] << 12
    (row,) = [row for row in ptov_rows(found, [f"{physical | 0x40:x}"], []) if row.pid == 0]
    assert row.virtual == module["base"] | 0x40


def test_what_nobody_maps_and_what_makes_no_sense(dumps):
    found, snapshot = scene(dumps, "win10-x64")
    outside = sum(snapshot.runs[-1]) << 12
    rows = list(ptov_rows(found, [f"{outside:x}", "zz"], []))
    assert ["no RAM" in row.note or "not an address" in row.note for row in rows] == [True, True]
    (row,) = ptov_rows(found, [], ["nobody"])
    assert "fits no PID" in row.note


def test_through_plain_vol(dumps, rows):
    path, snapshot = dumps("win7-x64")
    listed = rows(path, "windows.kd.ptov")
    assert {row["PID"] for row in listed} >= {p["pid"] for p in snapshot.truth["processes"] if p["peb"]}


def tables(snapshot, mode, table, depth=0):
    """Page frames of the tables below ``table``, itself left out: plain recursion that ends at large pages."""
    size = 4 if mode == "x86" else 8
    count = {"pae": 4}.get(mode, 0x1000 // size) if depth == 0 else 0x1000 // size
    if depth == len(SHIFTS[mode]) - 1:
        return
    own = {"x64": snapshot.truth["self_map"], "x86": 0x300}.get(mode) if depth == 0 else None
    page = snapshot.pages.get(table >> 12, bytes(0x1000))
    for index in range(count):
        entry = int.from_bytes(page[(table & 0xFFF) + index * size :][:size], "little")
        if index == own or not entry & 1 or (entry & 0x80 and not (mode == "pae" and depth == 0)):
            continue
        frame = entry & (0xFFFFF000 if mode == "x86" else 0xFFFFFFFFFF000)
        yield frame >> 12
        yield from tables(snapshot, mode, frame, depth + 1)


@pytest.mark.parametrize("machine", MACHINES)
def test_page_tables_are_shown_where_the_self_map_has_them(dumps, machine):
    """The address of each row, translated by the process's own tables, leads to the byte that was asked for."""
    found, snapshot = scene(dumps, machine)
    mode = "x64" if snapshot.bits == 64 else "pae" if snapshot.pae else "x86"
    process = next(p for p in snapshot.truth["processes"] if p["name"] == "explorer.exe")
    top = process["dtb"] & ~(0x1F if mode == "pae" else 0xFFF)
    below = sorted(set(tables(snapshot, mode, top)) - {top >> 12})
    frames = random.Random(machine).sample(below, min(len(below), 40)) + ([] if mode == "pae" else [top >> 12])
    asked = [frame << 12 | 0x128 for frame in frames]
    rows = list(ptov_rows(found, [f"{address:x}" for address in asked], []))
    seen = {row.physical for row in rows if "self-map" in row.note and row.pid in (0, process["pid"])}
    assert seen == set(asked)
    assert not [row for row in rows if row.state == "not-mapped"]
    space = AddressSpace(found.target.memory, found.space.space.mode, process["dtb"])
    for row in [row for row in rows if "self-map" in row.note and row.pid in (0, process["pid"])]:
        assert space.translate(row.virtual).physical == row.physical, row
        covered = int(row.note.rpartition("for ")[2], 16)
        steps = [step.entry_physical for step in space.translate(covered).steps]
        assert row.physical in steps, row


def test_a_top_table_that_no_self_map_shows_is_named(dumps):
    path, snapshot = dumps("win10-x64", kind="full", host=1)
    found = scene_of(open_dump(FileSource(path)))
    process = next(p for p in snapshot.truth["processes"] if p["name"] == "explorer.exe")
    (row,) = ptov_rows(found, [f"{process['shadow'] & ~0xFFF:x}"], [])
    assert row.state == "not-mapped"
    assert "KVA shadow of explorer.exe" in row.note


def test_tables_of_five_levels(dumps):
    found, snapshot = scene(dumps, "win10-x64-la57")
    process = next(p for p in snapshot.truth["processes"] if p["name"] == "explorer.exe")
    rows = list(ptov_rows(found, [f"{process['dtb'] & ~0xFFF | 0x40:x}"], ["explorer.exe"]))
    space = AddressSpace(found.target.memory, found.space.space.mode, process["dtb"])
    assert [space.translate(row.virtual).physical for row in rows] == [process["dtb"] & ~0xFFF | 0x40]
