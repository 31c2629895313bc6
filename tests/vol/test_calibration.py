"""A kernel that no row describes: rows judged on live objects, wrong members dropped, others found with a witness."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.vol.test_unknown_builds import opened
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.kernel.builds.structures import STRUCTURE_TABLES
from volplugins.kernel.calibration import calibrate, states
from volplugins.kernel.calibration.bounded_reads import BoundedReads
from volplugins.kernel.calibration.judgement import judge_process, judge_thread, objects_of, thread_lists
from volplugins.kernel.layout_choice import first_links
from volplugins.kernel.layouts import built_in
from volplugins.kernel.process_list import list_processes
from volplugins.kernel.thread import walk_threads
from volplugins.vol.commands.dumpinfo.layout_rows import layout_rows

MACHINES = ("win10-x64", "win7-x64", "win7-x86-pae", "xp-x86")


def moved(table, bits, build, behind, by):
    """The row of a build, its members behind one offset moved; the only row there is."""
    structure, machines = STRUCTURE_TABLES[table]
    columns, rows = machines[bits]
    *cells, size = rows[max(each for each in rows if each <= build)]
    names = [name for name, _ in columns]
    first = cells[names.index(behind)]
    return structure, {**machines, bits: (columns, {26000: (*(_moved(cell, first, by) for cell in cells), size)})}


def _moved(cell, first, by):
    if cell is None:
        return None
    at = cell if isinstance(cell, int) else cell[0]
    if at < first:
        return cell
    return cell + by if isinstance(cell, int) else (cell[0] + by, *cell[1:])


@pytest.mark.parametrize("machine", MACHINES)
def test_the_right_rows_are_right_in_every_fact(dumps, machine):
    dump, _ = opened(dumps, machine)
    scene = build_scene(dump)
    layouts = scene.layouts
    assert layouts.process.source.startswith("built-in") and layouts.thread.source.startswith("built-in")
    links = first_links(scene.memory, scene.target.anchors.active_processes, scene.bits)
    objects, problem = objects_of(scene.memory, links, layouts.process, scene.bits)
    distance = thread_lists(objects, layouts.process.offset("ThreadListHead"))[0].distance
    process = judge_process(objects, layouts.process)
    thread = judge_thread(objects, layouts.thread, layouts.process, distance)
    assert not problem and not process.wrong and not thread.wrong
    assert {"UniqueProcessId", "ThreadListHead", "ObjectTable", "Peb"} <= process.right.keys()
    assert {"Cid", "ThreadListEntry", "Process", "StackLimit"} <= thread.right.keys()
    assert {row.value for row in layout_rows(scene)} == {"table"}


def test_a_build_far_in_the_future_is_unsure_but_for_what_is_checked(dumps):
    dump, _ = opened(dumps, "win10-x64", 60000)
    rows = {row.field: row for row in layout_rows(build_scene(dump))}
    assert (rows["_EPROCESS"].value, rows["_ETHREAD"].value) == ("unsure", "unsure")
    assert "fits this kernel of build 60000" in rows["_EPROCESS"].note and "checked: " in rows["_ETHREAD"].note
    assert rows["_MMVAD_SHORT"].value == rows["_IRP"].value == "unsure"


@pytest.mark.parametrize("by", [8, 0x18, -0x10])
@pytest.mark.parametrize("machine", MACHINES)
def test_a_row_that_fits_half_is_calibrated(dumps, monkeypatch, machine, by):
    dump, snapshot = opened(dumps, machine, 27000)
    truth = built_in(snapshot.bits, snapshot.header["MinorVersion"])
    behind = "ThreadListHead" if machine != "win7-x64" else "ObjectTable"
    for table, first in (("process", behind), ("thread", "Cid")):
        monkeypatch.setitem(
            STRUCTURE_TABLES, table, moved(table, snapshot.bits, snapshot.header["MinorVersion"], first, by)
        )
    scene = build_scene(dump)
    for field in ("process", "thread"):
        found, right = getattr(scene.layouts, field), getattr(truth, field)
        assert found.source.startswith("found in"), found.source
        wrong = {name for name in found.members if right.has(name) and found.offset(name) != right.offset(name)}
        assert wrong == set(), found.source
    words = {row.field: row.value for row in layout_rows(scene)}
    assert (words["_EPROCESS"], words["_ETHREAD"]) == ("calibrated", "calibrated")
    assert words["_IRP"] == words["_HANDLE_TABLE"] == "unsure" and words["_KPRCB"] in ("table", "unsure")
    assert scene.layouts.process.has("ThreadListHead") and scene.layouts.thread.has("Cid")
    listed = list_processes(scene.memory, scene.target.anchors.active_processes, scene.layouts.process).processes
    said = [(p.pid, t.tid) for p in listed for t in
            walk_threads(scene.memory, p.eprocess, scene.layouts.process, scene.layouts.thread)]  # fmt: skip
    assert said == [(p["pid"], t["tid"]) for p in snapshot.truth["processes"] for t in p["threads"]]


@pytest.mark.parametrize("most", [100, 500, 1500, 2500, 3900])
def test_reads_that_were_used_up_leave_out_and_never_make_up(dumps, monkeypatch, most):
    dump, snapshot = opened(dumps, "win10-x64", 27000)
    truth = built_in(64, 19041)
    for table, first in (("process", "ThreadListHead"), ("thread", "Cid")):
        monkeypatch.setitem(STRUCTURE_TABLES, table, moved(table, 64, snapshot.header["MinorVersion"], first, 0x18))
    monkeypatch.setattr(calibrate, "BoundedReads", lambda memory: BoundedReads(memory, most))
    scene = build_scene(dump)
    found = scene.layouts.process
    assert not {name for name in found.members if found.offset(name) != truth.process.offset(name)}
    rows = {row.field: row for row in layout_rows(scene)}
    for name in ("_EPROCESS", "_ETHREAD"):
        assert rows[name].value == "unsure" and f"live objects were given up after {most} reads" in rows[name].note


def test_a_judgement_that_was_cut_off_is_none(dumps, monkeypatch):
    dump, _ = opened(dumps, "win10-x64")
    scene = build_scene(dump)
    assert {row.field: row.value for row in layout_rows(scene)}["_EPROCESS"] == "table"
    monkeypatch.setattr(states, "BoundedReads", lambda memory: BoundedReads(memory, 100))
    row = {row.field: row for row in layout_rows(scene)}["_EPROCESS"]
    assert row.value == "unsure" and "live objects were given up after 100 reads" in row.note
    assert "does not fit" not in row.note


def test_nothing_alive_means_no_verdict(dumps):
    dump, _ = opened(dumps, "win10-x64")
    scene = build_scene(dump)
    objects, _ = objects_of(scene.memory, 0, scene.layouts.process, 64)
    assert judge_process(objects, scene.layouts.process).fits is None
    assert judge_thread(objects, scene.layouts.thread, scene.layouts.process, None).fits is None
    hostile = replace(objects, processes=())
    assert not judge_process(hostile, scene.layouts.process).wrong


def test_where_threads_fit_another_builds_row_all_their_members_are_of_it(dumps):
    """Windows 7 without later updates: ETHREAD is as build 7600 has it, the row of 7601 is the patched kernel's."""
    right = build_scene(opened(dumps, "win7-x64")[0]).layouts
    scene = build_scene(opened(dumps, "win7-x64", 7600)[0])
    found = scene.layouts
    assert built_in(64, 7600).io.thread.members != built_in(64, 7601).io.thread.members
    assert found.thread.members == right.thread.members and "its threads fit" in found.thread.source
    assert found.io.thread.members == right.io.thread.members and "its threads fit" in found.io.thread.source
    assert found.waits.thread.members == right.waits.thread.members
