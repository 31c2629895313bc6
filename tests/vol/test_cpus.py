"""windows.kd.cpus against what the lab built, against volatility3's timers, and on damaged memory."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.bugcheck.labelled import has
from tests.sampling import sampled
from tests.vol.damaged import PAE, X64, X86, Machine
from volplugins.bugcheck.scene.crash_scene import CrashScene, build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource, FileSource
from volplugins.imagefile.open_image import open_image
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.waits.hang_scenes import HANGS
from volplugins.lab.writers import write
from volplugins.target.of_image import target_of_image
from volplugins.vol.commands.cpus.entries import Lists, entry_rows
from volplugins.vol.commands.cpus.row import CpuRow
from volplugins.vol.commands.cpus.rows import cpu_rows
from volplugins.vol.scene.crash_scene import scene_of

TICK = 1 / 64
EVERY = pytest.mark.parametrize("machine", MACHINES)
WITH = pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])
ALL = Lists(True, True, True)


@lru_cache(maxsize=4)
def dump_of(machine: str, fault: str, kind: str = "full") -> tuple[bytes, dict[str, Any]]:
    snapshot = build(machine, fault)
    return written(snapshot, kind), snapshot.truth


def written(snapshot: Snapshot, kind: str = "full") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write(snapshot, kind, Path(folder) / "made.dmp").read_bytes()


def scene(data: bytes, symbols: bool = True) -> CrashScene:
    dump = open_dump(BytesSource(data))
    return scene_of(dump) if symbols else build_scene(dump)


def shown(rows: list) -> tuple[list, list[str]]:
    """The rows, and what the failures say."""
    failed = [row for row in rows if "error" in (row[4] if isinstance(row, CpuRow) else "", getattr(row, "list", ""))]
    return [row for row in rows if row not in failed], [row.note for row in failed]


HUNG = pytest.mark.parametrize(
    ("machine", "fault"),
    sampled([(machine, fault) for machine in MACHINES for fault in HANGS if has(machine, fault)], 5),
)


@HUNG
@WITH
def test_processors_are_told_as_they_were_built(machine: str, symbols: bool, fault: str) -> None:
    data, truth = dump_of(machine, fault)
    here = scene(data, symbols)
    rows, _ = shown(list(cpu_rows(here)))
    built = truth["waits"]["cpus"]
    uptime = here.target.system_uptime / 1e7
    assert [row.processor for row in rows] == [each["number"] for each in built]
    for row, each in zip(rows, built, strict=True):
        assert (row.thread, row.idle_thread, row.next_thread or 0) == (each["thread"], each["idle"], each["next"])
        assert (row.kernel, row.user) == (each["kernel"] * TICK, each["user"] * TICK)
        assert (row.dpc, row.interrupt) == (each["dpc"] * TICK, each["interrupt"] * TICK)
        assert row.switches == each["switches"]
        if each["switches"]:
            assert row.rate == pytest.approx(each["switches"] / uptime, rel=1e-3)
        mine = [one for one in truth["waits"]["ready"] if machine == X86 or one["cpu"] in (None, each["number"])]
        assert row.ready == (len(mine) if symbols or machine != X86 else None)
        assert row.in_dpc == bool(each["active"])
        assert ("its interrupts are off" in row.note) == each["masked"]
        assert row.dpcs == len(each["dpcs"])
    owners = {t["ethread"]: p for p in truth["processes"] for t in p["threads"]}
    for row in rows:
        owner = owners.get(row.thread)
        assert (row.pid, row.process) == ((owner["pid"], owner["name"][:14]) if owner else (0, "Idle"))


@HUNG
def test_queues_are_told_as_they_were_built(machine: str, fault: str) -> None:
    data, truth = dump_of(machine, fault)
    rows, _ = shown(list(entry_rows(scene(data), ALL)))
    waits = truth["waits"]
    built = {each["ethread"]: (each["priority"], each["seconds"]) for each in waits["ready"]}
    assert {row.object: (row.priority, row.waited) for row in rows if row.list == "ready"} == built
    for cpu in waits["cpus"]:
        mine = [row.routine for row in rows if row.list == "dpc" and row.processor == cpu["number"]]
        assert mine == cpu["dpcs"]
    uptime = 1e-7 * build_header(machine, fault)["SystemUpTime"]
    timers = {
        row.object: (row.processor, row.routine or 0, row.period)
        for row in rows
        if row.list == "timer" and row.note != "KTIMER2"
    }
    assert timers == {each["timer"]: (each["cpu"], each["routine"], each["period"] / 1000) for each in waits["timers"]}
    for row in rows:
        due = next((each["due"] for each in waits["timers"] if each["timer"] == row.object), None)
        assert due is None or row.due_time == pytest.approx(due / 1e7 - uptime, abs=0.02)


def test_timers_of_the_second_kind_stand_behind_the_others() -> None:
    """Those of Windows 10's trees; without symbols nothing leads to them, and nothing is made up."""
    data, truth = dump_of("win10-x64", "hang-stuck-dpc")
    rows, _ = shown(list(entry_rows(scene(data), ALL)))
    seconds = [row for row in rows if row.note == "KTIMER2"]
    built = {each["timer"]: each for each in truth["waits"]["timers2"]}
    assert {row.object for row in seconds} == built.keys() and len(seconds) == len(built)
    uptime = 1e-7 * build_header("win10-x64", "hang-stuck-dpc")["SystemUpTime"]
    for row in seconds:
        each = built[row.object or 0]
        assert (row.routine, row.period, row.processor) == (each["routine"], each["period"] / 1000, None)
        assert any(row.due_time == pytest.approx(due / 1e7 - uptime, abs=0.02) for due in each["due"])
    rows, _ = shown(list(entry_rows(scene(data, False), ALL)))
    assert not [row for row in rows if "KTIMER2" in row.note]


@lru_cache(maxsize=4)
def build_header(machine: str, fault: str) -> dict[str, Any]:
    return build(machine, fault).header


@EVERY
@pytest.mark.parametrize("kind", ["bitmap-kernel", "raw"])
def test_other_targets_show_the_same(machine: str, kind: str, tmp_path: Path) -> None:
    path = write(build(machine, "hang-objects"), kind, tmp_path / f"made.{kind}")
    image = open_image(FileSource(path), None, str(path)) if kind == "raw" else None
    target = target_of_image(image) if image is not None else open_dump(BytesSource(path.read_bytes()))
    usual = list(cpu_rows(scene(dump_of(machine, "hang-objects")[0])))
    assert [row._replace(note="") for row in cpu_rows(scene_of(target))] == [row._replace(note="") for row in usual]


@EVERY
def test_a_small_dump_shows_its_own_processor(machine: str) -> None:
    data, truth = dump_of(machine, "hang-objects", "triage")
    rows, problems = shown(list(cpu_rows(scene(data))))
    (row,) = rows
    each = truth["waits"]["cpus"][row.processor]
    assert (row.thread, row.prcb) == (each["thread"], each["prcb"])
    assert row.ready is None and row.dpcs is None and "a small dump holds no queues" in row.note
    assert any("1 of 2 processors are not in the dump" in text for text in problems)
    (only,) = entry_rows(scene(data), ALL)
    assert only.list == "error" and "small dump" in only.note


@pytest.mark.parametrize("machine", [each for each in MACHINES if each.endswith("x64")])
def test_the_processor_that_hangs_is_marked(machine: str) -> None:
    data, truth = dump_of(machine, "clock-watchdog")
    rows, _ = shown(list(cpu_rows(scene(data))))
    marked = [row for row in rows if "answers no clock interrupt and no IPI" in row.note]
    assert [row.prcb for row in marked] == [build(machine, "clock-watchdog").header["BugCheckParameter3"]]
    assert marked[0].thread != truth["thread"]["ethread"]


@pytest.mark.parametrize("machine", [X64, PAE, X86])
def test_memory_that_is_gone_costs_what_was_in_it(dumps, machine: str) -> None:
    found = Machine(dumps, machine)
    prcb = found.scene.processors[1].prcb
    at = found.scene.layouts.waits.processor.offset("KernelTime")
    physical = found.scene.space.space.translate(prcb + at).physical
    found.memory.remove(physical >> 12)
    rows, _ = shown(list(cpu_rows(scene_of(found.dump))))
    if machine == X64:
        assert [row.kernel is None for row in rows] == [False, True] and rows[1].thread is not None
    assert all(row.note for row in entry_rows(scene_of(found.dump), ALL))


def test_a_processor_of_a_live_dump_has_not_crashed() -> None:
    """0x161 is what a dump of a machine that went on records, our own snapshots too."""
    data = bytearray(dump_of("win10-x64", "driver-read")[0])
    at = 0x38  # BugCheckCode
    notes = {}
    for code in (0xD1, 0x161):
        data[at : at + 4] = code.to_bytes(4, "little")
        notes[code] = " / ".join(row.note for row in cpu_rows(scene(bytes(data))))
    assert "crashed (" in notes[0xD1] and "crashed" not in notes[0x161] and "current" in notes[0x161]
