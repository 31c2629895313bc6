"""Pages of every state in the lab's processes: each is what was built, alone, in the whole map, and by its owners."""

from __future__ import annotations

from pathlib import Path

import pytest

from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.world.section_pages import LARGE_FRAME, OWNERS
from volplugins.lab.writers import write
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.commands.ptov.rows import ptov_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.scene.crash_scene import scene_of


@pytest.fixture(scope="module", params=MACHINES)
def machine(request, tmp_path_factory):
    snapshot = build(request.param, sections=True)
    path = write(snapshot, "full", Path(tmp_path_factory.mktemp("states")) / f"{request.param}.dmp")
    return scene_of(open_dump(FileSource(path))), snapshot


def rows_of(scene, pid, virtual):
    return list(vtop_rows(scene, [f"{virtual | 0x10:x}"], [f"pid:{pid}"], None))


def test_every_page_has_the_state_that_it_was_built_with(machine):
    scene, snapshot = machine
    for pid, pages in snapshot.truth["user_pages"].items():
        for page in pages:
            rows = rows_of(scene, pid, page["virtual"])
            last = [row for row in rows if row.step not in ("physical", "fileoffset")][-1]
            assert last.state == page["state"], (page, rows)
            physical = [int(row.value, 16) for row in rows if row.step == "physical"]
            assert physical == ([page["physical"] | 0x10] if page["physical"] is not None else [])


def test_the_entry_and_the_prototype_entry_are_shown(machine):
    scene, snapshot = machine
    for pid, pages in snapshot.truth["user_pages"].items():
        for page in pages:
            rows = rows_of(scene, pid, page["virtual"])
            own = next(row for row in rows if row.entry_physical == page["entry_physical"])
            assert own.entry == page["entry"]
            if page.get("prototype"):
                followed = next(row for row in rows if row.step == "prototype")
                assert followed.entry_virtual == page["prototype"]
                assert own.state == "prototype"


def test_a_page_in_a_page_file_says_which_and_where(machine):
    scene, snapshot = machine
    for pid, pages in snapshot.truth["user_pages"].items():
        for page in pages:
            if page.get("page_file"):
                number, offset = page["page_file"]
                notes = " ".join(row.note for row in rows_of(scene, pid, page["virtual"]))
                assert f"page file {number} at page {offset:#x}" in notes


def test_pages_of_every_state_raise_no_alarm(machine):
    scene, snapshot = machine
    rows = [row for row in pagedirs_rows(scene, OWNERS, (), False) if row.pid in snapshot.truth["user_pages"]]
    assert [row.verdict for row in rows] == ["ok", "ok"]


def test_shared_pages_show_all_owners(machine):
    scene, snapshot = machine
    shared = next(page for page in next(iter(snapshot.truth["user_pages"].values())) if page["state"] == "valid")
    wanted = [f"{shared['physical'] | 0x123:x}", f"{(LARGE_FRAME + 3) << 12 | 0x45:x}"]
    rows = list(ptov_rows(scene, wanted, ()))
    small = {(row.pid, row.virtual) for row in rows if row.state == "valid"}
    assert small == {(pid, shared["virtual"] | 0x123) for pid in snapshot.truth["user_pages"]}
    large = {(row.pid, row.virtual) for row in rows if row.state == "large"}
    assert large == {(pid, 0x32003045) for pid in snapshot.truth["user_pages"]}


def test_the_whole_map_has_what_is_in_memory_by_its_own_entry(machine):
    scene, snapshot = machine
    for pid, pages in snapshot.truth["user_pages"].items():
        rows = [row for row in ptov_rows(scene, (), [f"pid:{pid}"]) if row.virtual is not None]
        assert [row.virtual for row in rows] == sorted(row.virtual for row in rows)
        held = {page["virtual"]: page["state"] for page in pages if page["state"] in ("valid", "transition", "large")}
        found = {row.virtual: row.state for row in rows if 0x30000000 <= row.virtual < 0x33000000}
        assert found == held
