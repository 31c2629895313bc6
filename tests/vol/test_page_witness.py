"""The PFN database of the lab's Windows 11 24H2 beside its page tables: it agrees; where it does not, that is said."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.directories.pfn_database import PfnDatabase, differences
from volplugins.kernel.layouts import built_in
from volplugins.lab.damage.page_database import PFN_DEFECTS, with_pfn_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.memory.reader import SegmentReader
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.scene.page_witness import scene_pages

MACHINE, VICTIM = "win11-24h2-x64", "explorer.exe"
SHARED = 0xFFFFF78000000000
BASE = 0xFFFFCA0000000000
LAYOUT = built_in(64, 26100).pfn


def scene_of(folder, snapshot):
    path = folder / "a.dmp"
    write(snapshot, "full", path)
    return build_scene(open_dump(FileSource(path)))


def test_it_agrees_with_every_directory_and_translation(tmp_path):
    snapshot = build(MACHINE, "driver-read")
    scene = scene_of(tmp_path, snapshot)
    rows = [row for row in pagedirs_rows(scene, (), (), True) if row.verdict.startswith("pfn-database")]
    assert {row.verdict for row in rows} == {"pfn-database: passed"}
    directories = {each["dtb"] for each in snapshot.truth["processes"] if each["dtb"]}
    assert len(rows) >= len(directories) and all("all are where it says" in row.evidence for row in rows)
    kernel = next(each["base"] for each in snapshot.truth["modules"] if each["name"] == "nt")
    victim = next(each for each in snapshot.truth["processes"] if each["name"] == VICTIM)
    addresses = [f"{each:#x}" for each in (victim["peb"], kernel + 0x1000, victim["eprocess"])]
    steps = [row for row in vtop_rows(scene, addresses, (VICTIM,), None) if row.step.endswith("E")]
    assert len(steps) >= 11 and all("the PFN database agrees" in row.note for row in steps if row.state == "valid")


@pytest.mark.parametrize("name", sorted(PFN_DEFECTS))
def test_a_contradiction_is_marked_where_it_is(tmp_path, name):
    snapshot = with_pfn_defect(build(MACHINE, "driver-read"), name)
    told = snapshot.truth["pfn_defect"]
    rows = list(vtop_rows(scene_of(tmp_path, snapshot), [f"{told['address']:#x}"], (f"pid:{told['pid']}",), None))
    wrong = [row for row in rows if "contradicted by the PFN database" in row.note]
    assert [row.step for row in wrong] == ["PTE"]
    said = "on the zeroed list" if name == "pfn-free-in-use" else f"{told['false']:#x}, not {told['true']:#x}"
    assert said in wrong[0].note


def ptes(rows):
    return {row.address: row.note for row in rows if row.step == "PTE"}


def test_pages_that_are_mapped_twice_agree(tmp_path):
    """KUSER_SHARED_DATA in every process; a driver's mapping of a process's page (MmMapLockedPagesSpecifyCache)."""
    snapshot = build(MACHINE, "driver-read")
    frames = snapshot.truth["pfn_database"]["frames"]
    victim = next(each for each in snapshot.truth["processes"] if each["name"] == VICTIM)
    locked = next(frame for frame, use in frames.items() if shown(use["entry"]) == victim["peb"] & -0x1000
                  and use["table"] in frames and top_of(frames, frame) == victim["dtb"] >> 12)  # fmt: skip
    shared = next(use for use in frames.values() if shown(use["entry"]) == SHARED)
    snapshot = with_entry(snapshot, shared["table"], (shared["entry"] & 0xFFF) + 8, 0x8000000000000963 | locked << 12)
    scene = scene_of(tmp_path, snapshot)
    found = ptes(vtop_rows(scene, ["7ffe0000", f"{SHARED + 0x1000:#x}"], (VICTIM,), None))
    assert found[0x7FFE0000] == f"the PFN database agrees (active, mapped elsewhere too, first at {SHARED:#x})"
    assert f"mapped elsewhere too, first at {victim['peb'] & -0x1000:#x})" in found[SHARED + 0x1000]
    kernel = ptes(vtop_rows(scene, [f"{SHARED + 0x1000:#x}"], ("System",), None))
    assert kernel[SHARED + 0x1000].endswith(f"of the directory {victim['dtb'] & -0x1000:#x})")


def test_a_page_table_that_a_program_sees_is_a_contradiction(tmp_path):
    snapshot = build(MACHINE, "driver-read")
    frames = snapshot.truth["pfn_database"]["frames"]
    victim = next(each for each in snapshot.truth["processes"] if each["name"] == VICTIM)
    own = next(use for frame, use in frames.items() if shown(use["entry"]) == victim["peb"] & -0x1000
               and top_of(frames, frame) == victim["dtb"] >> 12)  # fmt: skip
    snapshot = with_entry(snapshot, own["table"], own["entry"] & 0xFFF, own["table"] << 12 | 0x67)
    found = ptes(vtop_rows(scene_of(tmp_path, snapshot), [f"{victim['peb']:#x}"], (VICTIM,), None))
    assert "contradicted by the PFN database" in found[victim["peb"]]


def shown(entry):
    """The address that an entry of the self-map translates."""
    page = (entry & 0x7F_FFFF_FFFF) // 8
    return page << 12 | (0xFFFF_0000_0000_0000 if page >> 35 else 0)


def top_of(frames, frame):
    for _ in range(4):
        frame = frames[frame]["table"] if frame in frames else None
    return frame


def with_entry(snapshot, table, at, entry):
    page = bytearray(snapshot.pages[table])
    page[at : at + 8] = entry.to_bytes(8, "little")
    return replace(snapshot, pages={**snapshot.pages, table: bytes(page)})


def test_from_any_page_up_to_its_directory(tmp_path):
    snapshot = build(MACHINE, "driver-read")
    scene = scene_of(tmp_path, snapshot)
    pages = scene_pages(scene)
    tops = {each["dtb"] >> 12: each for each in snapshot.truth["processes"] if each["dtb"]}
    frames = snapshot.truth["pfn_database"]["frames"]
    own = {frame: use for frame, use in frames.items() if not use["prototype"]}
    led = {frame: pages.directory_of(frame) for frame in own}
    assert len(led) > 500 and set(led.values()) - {None} <= set(tops)
    assert sum(top is None for top in led.values()) * 20 < len(led)
    victim = next(each for each in snapshot.truth["processes"] if each["name"] == VICTIM)
    frame = next(frame for frame, top in led.items() if top == victim["dtb"] >> 12 and frame not in tops)
    (row,) = pagedirs_rows(scene, (), (f"{frame:#x}",), False)
    assert row.verdict == "not-a-process" and f"of {VICTIM} (PID {victim['pid']})" in row.evidence
    assert f"{victim['eprocess']:#x}" in row.next


def database(*entries):
    data = bytearray()
    for entry_at, containing, location in entries:
        entry = bytearray(0x30)
        struct.pack_into("<Q", entry, 0x8, entry_at)
        entry[0x22] = location
        struct.pack_into("<Q", entry, 0x28, containing | 1 << 54)
        data += entry
    return PfnDatabase(SegmentReader({BASE: bytes(data)}), BASE, LAYOUT)


def test_a_way_up_that_loops_or_breaks_ends():
    pages = database((0x8, 1, 6), (0x8, 2, 6), (0x8, 0, 6), (0x11, 3, 6), (0x8, 999, 6), (0x8, 3, 6))
    assert [record.pfn for record in pages.upwards(0)] == [0, 1, 2] and pages.directory_of(0) is None
    assert pages.directory_of(3) == 3 == pages.directory_of(5) and pages.record(3).entry_at == 0x10
    assert pages.directory_of(4) is None and pages.record(1 << 40) is None


def test_what_differs_is_told_member_by_member():
    record = database((0x1000, 7, 1)).record(0)
    assert differences(record, 0x1000, 7, True) == ("the page is on the free list",)
    assert differences(record, 0x2000, 8, True)[1:] == (
        "its entry is at 0x1000, not 0x2000", "that entry is in page 0x7, not 0x8",
    )  # fmt: skip
    assert differences(record, None, 7, True) == ("the page is on the free list",)
