"""Entries with reserved bits set: vtop, pagedirs, ptov and address say the same of them and of what lies below."""

from __future__ import annotations

import pytest

from tests.vol.test_directory_defects import MACHINES
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.directory_subject import Patient
from volplugins.lab.machines.catalogue import build
from volplugins.lab.machines.five_levels import with_five_levels
from volplugins.lab.writers import write
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.commands.ptov.rows import ptov_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.scene.address_maps import AddressMaps
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.process_selection import gather

NAMES = [name for name, defect in DIRECTORY_DEFECTS.items() if defect.verdict == "reserved-bits"]
CASES = [(name, mode) for name in NAMES for mode in DIRECTORY_DEFECTS[name].modes]


@pytest.fixture(scope="module")
def sound():
    made = {mode: build(machine) for mode, machine in MACHINES.items() if mode != "x64-la57"}
    made["x64-la57"] = with_five_levels(made["x64"])
    return made


def scene(snapshot, folder):
    return scene_of(open_dump(FileSource(write(snapshot, "full", folder / "reserved.dmp"))))


def mapped(rows):
    return {
        page: row.physical + page - row.virtual
        for row in rows
        if row.physical is not None
        for page in range(row.virtual, row.virtual + row.size, 0x1000)
    }


def valid_pages(rows):
    return sum(row.size >> 12 for row in rows if row.state in ("valid", "large"))


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_every_plugin_gives_the_same_answer(sound, tmp_path, name, mode):
    damaged = with_directory_defect(sound[mode], name)
    truth = damaged.truth["directory_defect"]
    who = [f"pid:{truth['pid']}"]
    before, after = scene(sound[mode], tmp_path / ".."), scene(damaged, tmp_path)
    was = mapped(ptov_rows(before, [], who))
    rows = list(ptov_rows(after, [], who))
    now, (hole,) = mapped(rows), [row for row in rows if row.state == "reserved-bits"]
    below = range(hole.virtual, hole.virtual + hole.size)
    assert {page: at for page, at in was.items() if page not in below} == now
    lost = [page for page in was if page in below]
    assert lost
    (verdict,) = [row for row in pagedirs_rows(after, who, (), False) if row.pid == truth["pid"]]
    assert (verdict.verdict, verdict.user_pages) == ("reserved-bits", valid_pages(rows))
    steps = list(vtop_rows(after, [f"{lost[0]:x}"], who, None))
    assert (steps[-1].step, steps[-1].state) == (truth["level"], "reserved-bits")
    assert steps[-1].entry_physical == truth["entry_physical"]
    gathered = gather(after)
    process = next(each for each in gathered.processes if each.pid == truth["pid"])
    regions = list(AddressMaps(after, gathered.processes).of(process).regions)
    unknown = [each for each in regions if each.state == "unknown"]
    assert all(each.start in below and each.resident == 0 for each in unknown)
    assert all("reserved bits" in " ".join(each.notes) for each in unknown)
    busy = [each for each in regions if each.state not in ("unknown", "MEM_FREE")]
    assert not [each for each in busy if each.start in below]
    nobody = [row for row in ptov_rows(after, [f"{was[lost[0]]:x}"], who) if row.state == "not-mapped"]
    shared = was[lost[0]] in now.values()
    assert shared or "reserved bits" in nobody[0].note


def test_a_page_whose_own_entry_faults_is_not_counted(sound, tmp_path):
    """PAE: bits 52 to 62 of a page's entry; the directory itself is sound."""
    snapshot = with_directory_defect(sound["pae"], "table-in-transition")  # a copy whose truth names the process
    truth = snapshot.truth["directory_defect"]
    patient = Patient(snapshot, next(p for p in snapshot.truth["processes"] if p["pid"] == truth["pid"]))
    before = mapped(ptov_rows(scene(snapshot, tmp_path), [], [f"pid:{truth['pid']}"]))
    table = patient.entry(patient.user_entry("PDE")) & 0xFFFFFF000
    where = next(at for at in range(table, table + 0x1000, 8) if patient.entry(at) & 1)
    patient.set_entry(where, patient.entry(where) | 1 << 55)
    after = scene(snapshot, tmp_path)
    rows = list(ptov_rows(after, [], [f"pid:{truth['pid']}"]))
    (hole,) = [row for row in rows if row.state == "reserved-bits"]
    assert before.keys() - mapped(rows).keys() == {hole.virtual}
    (verdict,) = [row for row in pagedirs_rows(after, [f"pid:{truth['pid']}"], (), False) if row.pid]
    assert (verdict.verdict, verdict.user_pages) == ("ok", valid_pages(rows))
    assert "1 pages are not counted" in verdict.evidence


@pytest.mark.parametrize("number", range(4))
def test_all_four_pointers_of_pae_are_looked_at(sound, tmp_path, number):
    """The processor takes none of them in if one has reserved bits set."""
    snapshot = with_directory_defect(sound["pae"], "table-in-transition")
    truth = snapshot.truth["directory_defect"]
    patient = Patient(snapshot, next(p for p in snapshot.truth["processes"] if p["pid"] == truth["pid"]))
    where = patient.top + 8 * number
    patient.set_entry(where, patient.entry(where) | 1 << 5)
    (row,) = [row for row in pagedirs_rows(scene(snapshot, tmp_path), [f"pid:{truth['pid']}"], (), False) if row.pid]
    assert (row.verdict, row.level) == ("reserved-bits", "PDPE")
    assert f"{where:#x}" in row.evidence
