"""windows.kd.process --details, and the accounts of --threads, against what the lab wrote."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from volplugins.bugcheck.scene.crash_scene import CrashScene, build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.vol.commands.process.details import detailed_rows
from volplugins.vol.commands.process.row import WITH_ALL, WITH_DETAILS, ProcessRow, ThreadRow
from volplugins.vol.commands.process.rows import Wanted, process_rows
from volplugins.vol.output.table import Detailed
from volplugins.vol.scene.crash_scene import scene_of

TICK = 1 / 64
EVERY = pytest.mark.parametrize("machine", MACHINES)
WITH = pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])
VICTIM = "explorer.exe"
# member of EPROCESS or KTHREAD, the field of the row, a value
PROCESS = {
    "VirtualSize": ("virtual_size", 0x12345000), "PeakVirtualSize": ("virtual_size_peak", 0x23456000),
    "Token": ("token", 0), "Job": ("job", 0),
}  # fmt: skip


def scene(snapshot: Snapshot, symbols: bool = True, kind: str = "full") -> CrashScene:
    with tempfile.TemporaryDirectory() as folder:
        data = write(snapshot, kind, Path(folder) / "made.dmp").read_bytes()
    dump = open_dump(BytesSource(data))
    return scene_of(dump) if symbols else build_scene(dump)


@lru_cache(maxsize=2)
def made(machine: str) -> Snapshot:
    return build(machine, "hang-objects")


@lru_cache(maxsize=2)
def shown(machine: str, symbols: bool) -> tuple[Any, ...]:
    return tuple(detailed_rows(scene(made(machine), symbols), Wanted((), True)))


def put(snapshot: Snapshot, address: int, value: int, size: int) -> None:
    page, start = snapshot.virtual[address & ~0xFFF], address & 0xFFF
    old = snapshot.pages.get(page, bytes(0x1000))
    snapshot.pages[page] = old[:start] + value.to_bytes(size, "little") + old[start + size :]


def get(snapshot: Snapshot, address: int, size: int) -> int:
    start = address & 0xFFF
    return int.from_bytes(snapshot.pages[snapshot.virtual[address & ~0xFFF]][start : start + size], "little")


@EVERY
@WITH
def test_threads_have_the_accounts_that_were_written(machine: str, symbols: bool) -> None:
    waits = made(machine).truth["waits"]
    accounts = {each["ethread"]: each for each in waits["accounts"]}
    waiting = {each["ethread"]: each["seconds"] for each in (*waits["threads"], *waits["ready"])}
    rows = {each.row.ethread: each for each in shown(machine, symbols) if isinstance(each.row, ThreadRow)}
    assert len(rows) > 20 and set(waiting) <= set(rows)
    for ethread, found in rows.items():
        row, built = found.row, accounts.get(ethread)
        assert row.waited == waiting.get(ethread)
        if built is not None:
            assert (row.kernel_time, row.user_time) == (built["kernel"] * TICK, built["user"] * TICK)
            assert (row.priority, row.base_priority) == (built["priority"], built["base"])
            assert row.context_switches == built["switches"]


@EVERY
@WITH
def test_a_process_has_the_time_of_its_threads_and_its_image(machine: str, symbols: bool) -> None:
    snapshot = made(machine)
    accounts = {each["ethread"]: each for each in snapshot.truth["waits"]["accounts"]}
    built = {each["eprocess"]: each for each in snapshot.truth["processes"]}
    own = {each["eprocess"]: each for each in snapshot.truth["waits"]["processes"]}
    found = [each for each in shown(machine, symbols) if isinstance(each.row, ProcessRow)]
    assert {each.row.eprocess for each in found} == set(built)
    for row, details in found:
        threads = [accounts[t["ethread"]] for t in built[row.eprocess]["threads"] if t["ethread"] in accounts]
        # its own counters are those of threads that have ended
        ended = own.get(row.eprocess, {"KernelTime": 0, "UserTime": 0})
        assert details.kernel_time == (ended["KernelTime"] + sum(each["kernel"] for each in threads)) * TICK
        assert details.user_time == (ended["UserTime"] + sum(each["user"] for each in threads)) * TICK
        if row.peb and row.life == "running":
            assert details.full_name.lower().endswith(f"\\{built[row.eprocess]['name']}".lower())
            assert details.full_name.startswith("\\Device\\HarddiskVolume2\\")
        if row.create_time:
            end = row.exit_time or snapshot.header["SystemTime"]
            assert details.elapsed == pytest.approx((end - row.create_time) / 1e7)


@EVERY
@WITH
def test_members_are_read_where_the_structures_have_them(machine: str, symbols: bool) -> None:
    snapshot = build(machine, "hang-objects")
    known, width = PROFILES[machine].structures, snapshot.bits // 8
    victim = next(each for each in snapshot.truth["processes"] if each["name"] == VICTIM)
    thread = victim["threads"][0]["ethread"]
    expected = {}
    for member, (field, value) in PROCESS.items():
        if known.has("_EPROCESS", member):
            expected[field] = value or snapshot.truth["thread"]["ethread"] & ~0xF
            counted = 7 if member == "Token" else 0
            put(snapshot, victim["eprocess"] + known.offset("_EPROCESS", member), expected[field] | counted, width)
    put(snapshot, thread + known.offset("_KTHREAD", "ApcState.KernelApcPending"), 1, 1)
    mode = known.offset("_KTHREAD", "WaitMode")
    put(snapshot, thread + mode, 1, 1)
    found = list(detailed_rows(scene(snapshot, symbols), Wanted((f"pid:{victim['pid']}",), True)))
    assert len(expected) >= 2
    assert {field: getattr(found[0].details, field) for field in expected} == expected
    details = next(each.details for each in found[1:] if each.row.ethread == thread)
    assert (details.apcs, details.wait_mode) == ("kernel", "user")
    assert details.teb == get(snapshot, thread + known.offset("_KTHREAD", "Teb"), width) != 0
    assert details.stack_limit < details.kernel_stack < details.stack_base


@EVERY
def test_requests_of_a_thread_are_counted(machine: str) -> None:
    snapshot = build(machine)
    built: dict[int, int] = {}
    owners = {t["tid"]: t["ethread"] for p in snapshot.truth["processes"] for t in p["threads"]}
    for each in snapshot.truth["io"]["requests"]:
        if each["source"] == "thread":
            built[owners[each["tid"]]] = built.get(owners[each["tid"]], 0) + 1
    rows = [each for each in detailed_rows(scene(snapshot), Wanted((), True)) if isinstance(each.row, ThreadRow)]
    assert {each.row.ethread: each.details.requests for each in rows if each.details.requests} == built and built


@EVERY
def test_the_usual_rows_stay_as_they_are(machine: str) -> None:
    rows = shown(machine, True)
    assert [each.row for each in rows] == list(process_rows(scene(made(machine)), Wanted((), True)))
    ((_, cells), (_, thread), *_) = WITH_ALL.grid_rows(rows)
    assert len(cells) == len(thread) == len(WITH_ALL.names)
    assert len(WITH_DETAILS.names) < len(WITH_ALL.names)


def test_a_small_dump_has_the_record_of_its_process() -> None:
    process, thread = detailed_rows(scene(build("win10-x64"), kind="triage"), Wanted((), True))
    assert isinstance(process, Detailed) and isinstance(thread, Detailed)
    assert thread.row.priority == 9 and thread.row.base_priority == 8 and process.details.elapsed > 0


@EVERY
def test_hostile_records_are_shown_as_they_are(machine: str) -> None:
    snapshot = build(machine, "hang-objects")
    width = snapshot.bits // 8
    victim = next(each for each in snapshot.truth["processes"] if each["name"] == VICTIM)
    layouts = scene(snapshot).layouts.waits
    for name, (at, size) in layouts.process.members.items():
        if name not in ("ObjectTable",):
            put(snapshot, victim["eprocess"] + at, (1 << 8 * min(size, width)) - 1, min(size, width))
    rows = list(detailed_rows(scene(snapshot), Wanted((f"pid:{victim['pid']}",), True)))
    assert rows[0].details.full_name == "" and rows[0].details.kernel_time >= 0xFFFFFFFF * TICK
    assert list(WITH_ALL.grid_rows(rows))
