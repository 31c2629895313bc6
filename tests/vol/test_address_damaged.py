"""windows.kd.address over damaged page tables, VADs and directories: rows still add up, and say what is not known."""

from __future__ import annotations

import random
import struct

import pytest

from tests.sampling import sampled
from tests.vol.damaged import PAE, X64, X86, frame
from tests.vol.test_peb_damaged import Patient
from volplugins.vol.commands.address.rows import AddressRow, Wanted, address_rows, summary_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.owned_structures import vads_of

MODES = pytest.mark.parametrize("name", [X64, PAE, X86])
LIMITS = {X64: 0x7FFFFFFF0000, PAE: 0x7FFF0000, X86: 0x7FFF0000}


def report(patient: Patient) -> tuple[list[AddressRow], list[str]]:
    """The victim's regions and what its other rows say."""
    rows = list(address_rows(scene_of(patient.dump), Wanted([f"pid:{patient.victim['pid']}"], False)))
    assert not [row for row in rows if row.process == "error"]
    return [row for row in rows if row.start is not None], [row.note for row in rows if row.start is None]


def check_whole(rows: list[AddressRow], name: str) -> None:
    assert [row.start for row in rows] == [0, *(row.end for row in rows)][:-1]
    assert rows[-1].end == LIMITS[name] == sum(row.size for row in rows)


def table_entry(patient: Patient, virtual: int) -> tuple[int, int]:
    """Physical address of the entry that leads to the lowest table for ``virtual``, and where that table is."""
    steps = patient.space.translate(virtual).steps
    return steps[-2].entry_physical, frame(steps[-2].entry)


@MODES
def test_pages_made_executable_are_marked(dumps, name):
    rows, _ = report(Patient(dumps, name))
    marked = [row for row in rows if "made executable after the range was made" in row.note]
    if name == X86:  # only the software protection of a page in transition can say so
        assert all("PAGE_EXECUTE" in row.actual and "PAGE_EXECUTE" not in row.protect for row in marked)
        return
    assert marked
    for row in marked:
        assert "EXECUTE" not in row.protect and "PAGE_EXECUTE" in row.actual
    calm = [row for row in rows if row.protect == row.actual]
    assert calm and not [row for row in calm if "protection changed" in row.note or "executable" in row.note]


@MODES
def test_a_table_that_is_not_in_the_dump(dumps, name):
    patient = Patient(dumps, name)
    whole, _ = report(patient)
    stack = next(row for row in whole if row.usage == "Stack" and row.resident)
    _, table = table_entry(patient, stack.end - 0x1000)
    patient.memory.remove(table >> 12)
    rows, _ = report(patient)
    check_whole(rows, name)
    span = 0x200000 if name != X86 else 0x400000
    low = stack.start & -span
    lost = [row for row in rows if low <= row.start < low + span and row.state != "MEM_FREE"]
    assert lost and {row.state for row in lost} == {"unknown"}
    assert all("is not in the dump" in row.note and row.resident is None for row in lost)
    others = [row for row in whole if row.type and not low <= row.start < low + span]
    assert others and [row for row in rows if row.type and row.state != "unknown"] == others


@MODES
def test_a_table_that_is_paged_out(dumps, name):
    patient = Patient(dumps, name)
    whole, _ = report(patient)
    stack = next(row for row in whole if row.usage == "Stack" and row.resident)
    where, _ = table_entry(patient, stack.end - 0x1000)
    patient.set_entry(where, 0x4321 << (12 if name == X86 else 32) | 4 << 5)
    rows, _ = report(patient)
    check_whole(rows, name)
    assert [row for row in rows if row.state == "unknown" and "is in the page file" in row.note]


@MODES
def test_without_a_page_directory_ranges_are_shown_all_the_same(dumps, name):
    patient = Patient(dumps, name)
    whole, _ = report(patient)
    patient.set_dirbase(0)
    rows, _ = report(patient)
    check_whole(rows, name)
    busy = [row for row in rows if row.state != "MEM_FREE"]
    assert {row.state for row in busy} == {"unknown"}
    assert all("page-directory:no-directory" in row.note for row in busy)
    assert {row.type for row in busy} == {row.type for row in whole if row.type}
    assert {row.end for row in busy} <= {row.end for row in whole}


@MODES
def test_every_pointer_of_the_vads_wild_in_turn(dumps, name):
    patient = Patient(dumps, name)
    scene = patient.scene
    process = next(p for p in scene_processes(patient) if p.pid == patient.victim["pid"])
    whole, _ = report(patient)
    layout = scene.layouts.vad
    for vad in vads_of(scene, process).ranges:
        for member in ("Left", "Right", "Subsection", "ControlArea", "FirstPrototypePte"):
            if not layout.has(member) or (vad.private and member not in ("Left", "Right")):
                continue
            at = scene.space.space.translate(vad.address + layout.offset(member)).physical
            kept = patient.memory.read(at, patient.width)
            patient.memory.write(at, struct.pack("<Q", 0xFFFFDEADBEEF0000)[: patient.width])
            rows, notes = report(patient)
            patient.memory.write(at, kept)
            check_whole(rows, name)
            if member in ("Left", "Right"):
                # at least this range is still there; what was lost has a reason
                assert [row for row in rows if vad.start <= row.start < vad.end and row.type]
                assert notes or {row.start for row in rows} == {row.start for row in whole}
            else:
                assert {row.start for row in rows if row.type} >= {row.start for row in whole if row.type and
                                                                     row.usage != "PageFileSection"}  # fmt: skip


def scene_processes(patient: Patient):
    from volplugins.vol.scene.process_selection import gather

    return gather(patient.scene, False).processes


@MODES
def test_an_unreadable_root_leaves_nothing_to_be_called_free(dumps, name):
    patient = Patient(dumps, name)
    process = next(p for p in scene_processes(patient) if p.pid == patient.victim["pid"])
    patient.memory.remove(patient.scene.space.space.translate(process.vad_root).physical >> 12)
    rows, notes = report(patient)
    check_whole(rows, name)
    if len(rows) == 1:
        assert (rows[0].state, rows[0].usage) == ("unknown", "Unknown")
    assert [note for note in notes if "cannot be read" in note]


@MODES
@pytest.mark.parametrize("seed", sampled(range(12), 3))
def test_tables_full_of_noise_end_and_add_up(dumps, name, seed):
    patient = Patient(dumps, name)
    whole, _ = report(patient)
    chooser = random.Random(seed)
    busy = [row for row in whole if row.resident]
    for row in chooser.sample(busy, 3):
        steps = patient.space.translate(row.start).steps
        step = chooser.choice(steps[1:] if name != X86 else steps)
        table = step.entry_physical & -0x1000
        patient.memory.write(table, chooser.randbytes(0x1000))
    rows, _ = report(patient)
    check_whole(rows, name)
    sums = list(summary_rows(scene_of(patient.dump), Wanted([f"pid:{patient.victim['pid']}"], False)))
    for by in ("Usage", "State"):
        assert sum(each.size for each in sums if each.by == by) == LIMITS[name]


@MODES
def test_a_table_that_leads_to_itself_ends(dumps, name):
    patient = Patient(dumps, name)
    whole, _ = report(patient)
    row = next(row for row in whole if row.resident)
    steps = patient.space.translate(row.start).steps
    upper = steps[-2]
    table = upper.entry_physical & -0x1000
    for at in range(table, table + 0x800, patient.size):
        patient.set_entry(at, table | 0x67)
    rows, _ = report(patient)
    check_whole(rows, name)
