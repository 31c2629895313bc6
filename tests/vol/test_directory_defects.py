"""Every damage that the lab knows by name, in every mode in which it can exist: its own verdict, and nobody else's."""

from __future__ import annotations

import pytest

from tests.sampling import sampled
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.directory_subject import mode_of
from volplugins.lab.machines.catalogue import build
from volplugins.lab.machines.five_levels import with_five_levels
from volplugins.lab.writers import write
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.commands.ptov.rows import ptov_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.scene.crash_scene import scene_of

MACHINES = {"x64": "win10-x64", "x64-la57": "win10-x64", "pae": "win7-x86-pae", "x86": "xp-x86"}
CASES = [(name, mode) for name, defect in DIRECTORY_DEFECTS.items() for mode in defect.modes]
# what is read as another mode is, but for a level or offsets
ALIKE = [(name, mode) for mode in ("x64-la57", "win7") for name, of in CASES if of == mode.replace("win7", "x64")]


@pytest.fixture(scope="module")
def snapshots():
    made = {mode: build(machine) for mode, machine in MACHINES.items() if mode != "x64-la57"}
    made["x64-la57"] = with_five_levels(made["x64"])
    made["win7"] = build("win7-x64")
    return made


def judged(snapshot, name, folder):
    path = write(snapshot, DIRECTORY_DEFECTS[name].kind or "full", folder / "damaged.dmp")
    scene = scene_of(open_dump(FileSource(path)))
    return {row.pid: row for row in pagedirs_rows(scene, (), (), False)}


@pytest.mark.parametrize(
    ("name", "mode"), [*((name, mode) for name, mode in CASES if mode != "x64-la57"), *sampled(ALIKE, 3)]
)
def test_each_defect_has_its_own_verdict(snapshots, tmp_path, name, mode):
    sound = snapshots[mode]
    damaged = with_directory_defect(sound, name)
    truth = damaged.truth["directory_defect"]
    rows = judged(damaged, name, tmp_path)
    row = rows[truth["pid"]]
    if truth["verdict"]:
        assert (row.verdict, row.level or truth["level"]) == (truth["verdict"], truth["level"] or row.level), row
    if truth["entry_physical"] and truth["verdict"] not in ("", "ok"):
        assert f"{truth['entry_physical']:#x}" in row.evidence
    others = {pid: each.verdict for pid, each in rows.items() if pid != truth["pid"]}
    assert others == {p["pid"]: "ok" if p["dtb"] else "no-directory" for p in sound.truth["processes"]
                      if p["pid"] != truth["pid"]}  # fmt: skip


@pytest.mark.parametrize("mode", ["x64", "pae", "x86"])
def test_the_same_damage_everywhere_is_named_for_the_dump_as_a_whole(snapshots, tmp_path, mode):
    name = "table-lost-below-top" if mode != "pae" else "table-lost-below-pde"
    damaged = with_directory_defect(snapshots[mode], name, "*")
    rows = judged(damaged, name, tmp_path)
    assert (rows[None].process, rows[None].verdict) == ("*", "tables-missing")


def test_a_defect_that_a_mode_cannot_have_is_refused(snapshots):
    with pytest.raises(ValueError, match="no directory defect"):
        with_directory_defect(snapshots["x64"], "misaligned")
    with pytest.raises(ValueError, match="no process"):
        with_directory_defect(snapshots["x64"], "no-directory", "nobody.exe")
    assert mode_of(snapshots["x64-la57"]) == "x64-la57"


@pytest.mark.parametrize("mode", ["x64", "x64-la57", "pae", "x86"])
def test_a_ring_of_tables_ends_everywhere(snapshots, tmp_path, mode):
    damaged = with_directory_defect(snapshots[mode], "table-leads-to-top")
    path = write(damaged, "full", tmp_path / "ring.dmp")
    scene = scene_of(open_dump(FileSource(path)))
    pid = damaged.truth["directory_defect"]["pid"]
    assert [row.pid for row in pagedirs_rows(scene, [f"pid:{pid}"], (), True) if row.depth == 0] == [pid]
    rows = list(ptov_rows(scene, (), [f"pid:{pid}"]))
    assert len(rows) < 1 << 20
    assert list(ptov_rows(scene, ["1000"], [f"pid:{pid}"]))
    assert list(vtop_rows(scene, ["0", "30000000", "7ffe0000"], [f"pid:{pid}"], None))
