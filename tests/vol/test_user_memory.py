"""32-bit Windows booted with increaseuserva: user addresses up to 3 GiB, and the kernel's from wherever they end."""

from __future__ import annotations

import numpy as np
import pytest

from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.directories.page_map import PageMap
from volplugins.kernel.directories.top import read_top
from volplugins.kernel.user_range import user_end
from volplugins.lab.damage.directories import with_directory_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.user import images
from volplugins.lab.writers import write
from volplugins.memory.reader import SegmentReader
from volplugins.paging.mode import PagingMode
from volplugins.vol.commands.address.rows import Wanted, address_rows
from volplugins.vol.commands.lm.rows import Wanted as WantedModules
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.commands.stacks.rows import Wanted as WantedStacks
from volplugins.vol.commands.stacks.rows import stacks_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.scene.crash_scene import scene_of

# with 2900 MiB a page directory of PAE holds user addresses and the kernel's
EACH = pytest.mark.parametrize(
    ("machine", "size"), [("win7-x86-pae", 3072), ("win7-x86-pae", 2900), ("xp-x86", 3072), ("xp-x86", 2900)]
)
TWO_GIB = 0x80000000
HIGH = 0x90000000


@EACH
def test_every_region_up_to_the_limit_is_what_the_lab_made(dumps, machine, size):
    path, snapshot = dumps(machine, kind="full", user_memory=size)
    rows = [row for row in address_rows(scene_of(open_dump(FileSource(path))), Wanted()) if row.process != "*"]
    assert {row.end for row in rows if row.end > TWO_GIB and row.state == "MEM_FREE"} >= {(size << 20) - 0x10000}
    high = 0
    for pid, truth in snapshot.truth["regions"].items():
        for each in truth if pid else ():
            mine = [row for row in rows if row.pid == pid and each["start"] <= row.start < each["end"]]
            assert (mine[0].start, mine[-1].end) == (each["start"], each["end"])
            actual = {word for row in mine for word in row.actual.split(",") if word}
            if each["usage"] != "SharedData":
                assert actual == set(each["actual"])
            assert sum(row.resident for row in mine) == each["resident_pages"] * 0x1000
            high += each["start"] >= TWO_GIB and each["resident_pages"] > 0
    assert high >= 4


@EACH
def test_both_sides_of_the_limit_are_told_apart(dumps, machine, size):
    path, snapshot = dumps(machine, kind="full", user_memory=size)
    scene = scene_of(open_dump(FileSource(path)))
    assert scene.user_end == size << 20
    assert {row.verdict for row in pagedirs_rows(scene, (), (), False)} <= {"ok", "no-directory"}
    space = scene.space.space
    top = read_top(space.physical, space.mode, space.directory_table_base, space.user_end)
    kernel = [leaves.virtual for leaves in PageMap(scene.target.memory, top).kernel(None)]
    mapped = set(np.concatenate(kernel).tolist())
    assert min(mapped) >= size << 20 and set(snapshot.virtual) <= mapped
    victim = next(each for each in snapshot.truth["processes"] if each["name"] == "explorer.exe")
    (row,) = pagedirs_rows(scene, (f"pid:{victim['pid']}",), (), False)
    own = read_top(space.physical, space.mode, victim["dtb"], space.user_end)
    user = sum(
        int(np.count_nonzero(leaves.entries & np.uint64(1))) * (leaves.size >> 12)
        for leaves in PageMap(scene.target.memory, own).user()
    )
    assert row.user_pages == user


@EACH
def test_rows_of_stacks_and_translations_are_those_of_any_machine(dumps, machine, size):
    path, _ = dumps(machine, kind="full", user_memory=size)
    usual, _ = dumps(machine, kind="full")

    def shape(where):
        scene = scene_of(open_dump(FileSource(where)))
        rows = [row for row in stacks_rows(scene, WantedStacks(("explorer.exe",))) if row.process != "error"]
        return [(row.frame, row.ring, row.trust, row.symbol, row.stop) for row in rows]

    assert len(shape(path)) > 5 and shape(path) == shape(usual)
    steps = list(vtop_rows(scene_of(open_dump(FileSource(path))), ["91000000"], ("explorer.exe",), None))
    assert steps[-1].step == "fileoffset", steps


def test_a_module_above_two_gib_is_a_programs(tmp_path, monkeypatch):
    """Its address is not the kernel's: lm looks for it in processes, pagedirs says what an address there is."""
    monkeypatch.setattr(images, "_library_base", lambda _: HIGH)
    make = getattr(build, "__wrapped__", build)
    path = write(make("xp-x86", user_memory=3072), "full", tmp_path / "a.dmp")
    scene = scene_of(open_dump(FileSource(path)))
    rows = list(lm_rows(scene, WantedModules(addresses=(HIGH + 0x1010,))))
    assert {row.module for row in rows} == {"acmeshl.dll"} and all(row.pid for row in rows)
    both = list(lm_rows(scene, WantedModules(addresses=(HIGH + 0x1010, scene.modules.kernel.base))))
    assert {row.module for row in both} == {"acmeshl.dll", scene.modules.kernel.image_name}
    (said,) = [row for row in pagedirs_rows(scene, (), (hex(HIGH + 0x1010),), False) if "EPROCESS" in row.evidence]
    assert "not even a kernel address" in said.evidence


@pytest.mark.parametrize(
    "defect", ["smeared-user-half", "smeared-kernel-half", "kernel-entry-differs", "reused-random"]
)
def test_damage_is_judged_as_on_any_machine(tmp_path, defect):
    snapshot = with_directory_defect(build("win7-x86-pae", user_memory=2900), defect)
    told = snapshot.truth["directory_defect"]
    scene = scene_of(open_dump(FileSource(write(snapshot, "full", tmp_path / "a.dmp"))))
    found = {row.pid: row.verdict for row in pagedirs_rows(scene, (), (), False) if row.dirbase}
    assert found.pop(told["pid"]) == told["verdict"] and set(found.values()) == {"ok"}


@pytest.mark.parametrize(
    ("mode", "highest", "kernel", "end"),
    [
        (PagingMode.X86, 0x7FFEFFFF, 0x80400000, 0x80000000),
        (PagingMode.X86, 0xBFFEFFFF, 0xE0800000, 0xC0000000),
        (PagingMode.PAE, 0xBFFEFFFF, 0xC2A4B000, 0xC0000000),
        (PagingMode.PAE, 0xB53EFFFF, 0xC2A4B000, 0xB5400000),
        (PagingMode.X86, 0xB52EFFFF, 0xE0800000, 0xB5400000),
        (PagingMode.PAE, 0xBFFEFFFF, None, 0xC0000000),
        (PagingMode.PAE, 0xBFFEFFFF, 0x82A4B000, 0x80000000),  # the kernel itself lies below: damaged
        (PagingMode.PAE, 0xFFFEFFFF, 0xC2A4B000, 0x80000000),
        (PagingMode.PAE, 0x12345678, 0xC2A4B000, 0x80000000),
        (PagingMode.PAE, None, 0xC2A4B000, 0x80000000),
        (PagingMode.X64, 0x7FFFFFEFFFF, None, 1 << 47),
    ],
)
def test_where_user_tables_end(mode: PagingMode, highest: int | None, kernel: int | None, end: int):
    width = 8 if mode is PagingMode.X64 else 4
    stored = highest.to_bytes(width, "little") if highest is not None else b""
    data = DebuggerData(0, 0x340, {"MmHighestUserAddress": 0x1000}, {})
    assert user_end(SegmentReader({0x1000: stored}), data, mode, kernel) == end
