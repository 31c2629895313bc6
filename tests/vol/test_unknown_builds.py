"""Kernels of builds that nobody knows, without symbols: a layout is believed where System is as System must be."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.sampling import sampled
from tests.vol.damaged import Patched
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.builds.structures import STRUCTURE_TABLES
from volplugins.kernel.builds.waits import WAIT_TABLES
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.layouts import KernelLayouts, built_in, preferred, with_debugger_data
from volplugins.kernel.process_list import list_processes
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.writers.symbol_tables import symbol_table
from volplugins.memory.structure import Layout
from volplugins.vol.commands.address.rows import Wanted, address_rows
from volplugins.vol.commands.dumpinfo.rows import dumpinfo_rows
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.scene.address_maps import vads_of
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.symbols.symbol_layouts import kernel_layouts
from volplugins.vol.symbols.wait_members import WAIT_MEMBERS

# DirectoryTableBase and ProfileListHead belong to the KPROCESS at the start, which is not displaced with the rest
KPROCESS = {"DirectoryTableBase", "ProfileListHead", "UserDirectoryTableBase"}


def opened(dumps, machine, build=None):
    path, snapshot = dumps(machine, kind="full")
    dump = open_dump(FileSource(path))
    return (replace(dump, header=replace(dump.header, minor_version=build)) if build else dump), snapshot


def all_right(scene, snapshot):
    """Every process at its address, with its id, name, parent, PEB and directory."""
    listed = list_processes(scene.memory, scene.target.anchors.active_processes, scene.layouts.process)
    said = [(p.eprocess, p.pid, p.name, p.parent_pid, p.peb, p.directory_table_base) for p in listed.processes]
    truth = snapshot.truth["processes"]
    assert said == [(p["eprocess"], p["pid"], p["name"], p["ppid"], p["peb"], p["dtb"]) for p in truth]


BUILDS = (2600, 3790, 6000, 9200, 9600, 10240, 14393, 15063, 18362, 26100, 30000)


def crosscheck(scene):
    (row,) = [row for row in dumpinfo_rows(scene.target, scene) if (row.group, row.field) == ("crosscheck", "EPROCESS")]
    return row


@pytest.mark.parametrize(("machine", "build"), sampled(product(MACHINES, BUILDS), 3))
def test_a_row_of_another_build_is_believed_only_where_it_fits(dumps, machine, build):
    dump, snapshot = opened(dumps, machine, build)
    scene = build_scene(dump)
    all_right(scene, snapshot)
    assert (crosscheck(scene).value, scene.process.name) == ("ok", snapshot.truth["process"]["name"])
    verdicts = {row.verdict for row in pagedirs_rows(scene, (), (), False) if row.pid is not None}
    assert verdicts == {"ok", "no-directory"}


def displaced(names, row, by):
    return tuple(
        cell if cell is None or name in KPROCESS else cell + by if isinstance(cell, int) else (cell[0] + by, *cell[1:])
        for name, cell in zip(names, row, strict=True)
    )


def displace_waits(monkeypatch, snapshot, by):
    """As the row that the process's structure has, so that of its accounts, but for those in the KPROCESS."""
    structure, machines = WAIT_TABLES["process"]
    columns, rows = machines[snapshot.bits]
    names = [name for name, _ in columns]
    *right, size = rows[max(build for build in rows if build <= snapshot.header["MinorVersion"])]
    inside = {name for name in names if name in ("KernelTime", "UserTime") or WAIT_MEMBERS["process"][name][1] == "Pcb"}
    cells = displaced([name if name not in inside else "DirectoryTableBase" for name in names], right, by)
    monkeypatch.setitem(
        WAIT_TABLES, "process", (structure, {**machines, snapshot.bits: (columns, {26000: (*cells, size)})})
    )
    return inside


@pytest.mark.parametrize("by", [8, -8, 0x10, -0x10, 0x270, -0x80])
@pytest.mark.parametrize("machine", MACHINES)
def test_a_layout_displaced_as_a_whole_is_not_accepted(dumps, monkeypatch, machine, by):
    """The only rows there are lie ``by`` bytes from the truth: what KDBG states and what System shows must do."""
    dump, snapshot = opened(dumps, machine, 27000)
    structure, machines = STRUCTURE_TABLES["process"]
    columns, rows = machines[snapshot.bits]
    names = [name for name, _ in columns]
    *right, size = rows[max(build for build in rows if build <= snapshot.header["MinorVersion"])]
    if snapshot.bits == 32 and by == 0x270:
        by = 0x40
    only = {26000: (*displaced(names, right, by), size)}
    truth = built_in(snapshot.bits, snapshot.header["MinorVersion"])
    monkeypatch.setitem(STRUCTURE_TABLES, "process", (structure, {**machines, snapshot.bits: (columns, only)}))
    inside = displace_waits(monkeypatch, snapshot, by)
    scene = build_scene(dump)
    others = scene.layouts.waits.process
    wrong = {name for name, (at, _) in others.members.items() if at != truth.waits.process.offset(name)}
    assert wrong <= (inside if by == -0x80 else set()), "by so much a row's EPROCESS begins inside the KPROCESS"
    assert others.members or machine == "xp-x86"
    found = scene.layouts.process
    assert crosscheck(scene).value == "ok"
    for column, cell in zip(names, right, strict=True):
        if found.has(column) and cell is not None:
            place = found.bits.get(column, found.members.get(column, (None,)))
            assert place[0] == (cell if isinstance(cell, int) else cell[0]), column
    if machine == "xp-x86":  # its KDBG is an older one, which states none: what is not known stays unknown
        listed = list_processes(scene.memory, dump.header.ps_active_process_head, found).processes
        truth = snapshot.truth["processes"]
        assert [(p.eprocess, p.pid, p.name) for p in listed] == [(p["eprocess"], p["pid"], p["name"]) for p in truth]
        assert not found.has("Peb")
        return
    all_right(scene, snapshot)
    assert f"displaced by {-by:#x}" in found.source


def test_nothing_fits_and_that_is_said(dumps):
    dump, snapshot = opened(dumps, "win10-x64", 27000)
    system = next(p for p in snapshot.truth["processes"] if p["name"] == "System")
    scene = build_scene(dump)
    at = scene.layouts.process.offset("UniqueProcessId")
    memory = Patched(dump.memory)
    memory.write(scene.space.space.translate(system["eprocess"] + at).physical, (1234).to_bytes(8, "little"))
    scene = build_scene(replace(dump, memory=memory))
    row = crosscheck(scene)
    assert row.value == "differs"
    assert "UniqueProcessId is 1234" in row.note
    assert any("unsure" in note for note in scene.notes)


def test_what_kdbg_states_wins_and_what_it_cannot_mean_does_not():
    row = built_in(64, 19041)
    data = DebuggerData(0, 0x360, {}, {"SizeEProcess": 0xA40, "OffsetEprocessPeb": 0x558})
    assert with_debugger_data(row, data, 64).process.offset("Peb") == 0x558
    beyond = DebuggerData(0, 0x360, {}, {"SizeEProcess": 0xA40, "OffsetEprocessPeb": 0xFF00})
    assert with_debugger_data(row, beyond, 64).process.offset("Peb") == row.process.offset("Peb")


def without(types, *names):
    return {name: kind for name, kind in types.items() if name not in names}


def mixed(dump, table, *lacking):
    said = kernel_layouts(without(table["user_types"], *lacking), table["base_types"], {}, dump.header.bits)
    return build_scene(dump, layouts_of=lambda *_: said), said


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("build", [None, 27000])
def test_a_symbol_table_without_vads_takes_the_built_in_ones(dumps, machine, build):
    dump, _ = opened(dumps, machine, build)
    table = symbol_table(PROFILES[machine])
    lacking = ("_MMVAD", "_MMVAD_SHORT", "_MM_AVL_TABLE", "_MMADDRESS_NODE", "_RTL_AVL_TREE")
    scene, said = mixed(dump, table, *lacking)
    assert not said.vad.members
    assert scene.layouts.process.source.startswith("symbols")
    assert scene.layouts.vad.source.startswith("built-in")
    whole = scene_of(open_dump(FileSource(dumps(machine, kind="full")[0])))
    for process in list_processes(whole.memory, dump.header.ps_active_process_head, whole.layouts.process).processes:
        mine = next(
            each
            for each in list_processes(
                scene.memory, dump.header.ps_active_process_head, scene.layouts.process
            ).processes
            if each.eprocess == process.eprocess
        )
        ours, theirs = vads_of(scene, mine), vads_of(whole, process)
        assert [(vad.start, vad.end) for vad in ours.ranges] == [(vad.start, vad.end) for vad in theirs.ranges]
        assert ours.notes == ()
    rows = list(address_rows(scene, Wanted(who=("explorer.exe",))))
    assert {row.state for row in rows} >= {"MEM_COMMIT", "MEM_FREE"}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_symbol_table_without_processes_takes_a_layout_that_fits(dumps, machine):
    dump, snapshot = opened(dumps, machine, 27000)
    scene, _ = mixed(dump, symbol_table(PROFILES[machine]), "_EPROCESS", "_KPROCESS")
    all_right(scene, snapshot)
    assert scene.layouts.thread.source.startswith("symbols")
    assert scene.process.name == snapshot.truth["process"]["name"]


def test_members_are_added_only_where_all_that_both_know_agrees():
    def layouts(**members: int) -> KernelLayouts:
        row = built_in(64, 19041)
        return replace(row, process=Layout("_EPROCESS", 0x900, {k: (at, 8) for k, at in members.items()}, "symbols"))

    row = built_in(64, 19041)
    place = {name: at for name, (at, _) in row.process.members.items()}
    known = {name: place[name] for name in ("UniqueProcessId", "ActiveProcessLinks", "ImageFileName", "Peb")}
    known["DirectoryTableBase"] = place["DirectoryTableBase"]
    assert preferred(layouts(**known), row).process.offset("VadRoot") == place["VadRoot"]
    assert "built-in 19041 for VadRoot" in preferred(layouts(**known), row).process.source
    other = preferred(layouts(**{**known, "Peb": place["Peb"] + 8}), row).process
    assert not other.has("VadRoot")
    assert not preferred(layouts(**known), row).process.has("Flags3"), "a build may have none"
    useless = preferred(layouts(Peb=8), row).process
    assert useless == row.process
