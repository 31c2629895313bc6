"""Times through volatility3's own timeliner, against what the lab wrote; and times that cannot be.

The table that volatility3 2.28 prints gives every row the times of the last one; its body file is right, and our
descriptions hold the time themselves.
"""

from __future__ import annotations

import calendar
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path

import pytest

from tests.sampling import sampled
from tests.vol.conftest import SHARED
from tests.vol.damaged import PAE, X64, X86, Machine
from tests.vol.test_process_threads import MACHINES, name_of, write
from volplugins.bugcheck.words.codes import bugcheck_name
from volplugins.image.headers import DIRECTORY_DEBUG, read_headers
from volplugins.lab.damage.files import apply
from volplugins.target.of_dump import target_of_dump
from volplugins.vol.commands.analyze.timeline import crash_events
from volplugins.vol.commands.lm.rows import Wanted as WantedModules
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.commands.lm.timeline import module_events
from volplugins.vol.commands.process.rows import Wanted, process_rows
from volplugins.vol.commands.process.timeline import process_events
from volplugins.vol.output.rows import moment
from volplugins.vol.output.timeline import Clock, Event, Kind, guarded
from volplugins.vol.scene.crash_scene import scene_of

MODES = pytest.mark.parametrize("name", [X64, PAE, X86])
START = datetime(1601, 1, 1, tzinfo=timezone.utc)
GARBAGE = [0, 1, (1 << 64) - 1, (1 << 63) - 1, 1 << 63, 0x4547415045474150, 0x4141414141414141, 120_000_000_000_000_000]


def iso(filetime: int) -> str:
    return (START + timedelta(microseconds=filetime // 10)).isoformat(timespec="microseconds")


@pytest.fixture
def body(vol, tmp_path):
    """``body(dump, plugin)``: description to (access, modification, change, creation) of a real run's body file."""

    def ask(dump: Path, *plugins: str) -> dict[str, tuple[int, ...]]:
        done = vol("-o", str(tmp_path), "-f", str(dump), "timeliner.Timeliner", "--create-bodyfile",
                   "--plugin-filter", *plugins)  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        found = {}
        for line in (tmp_path / "volatility.body").read_text().splitlines():
            _, text, *_, accessed, modified, changed, created = line.split("|")
            found[text.partition(" - ")[2]] = tuple(map(int, (accessed, modified, changed, created)))
        return found

    return ask


def checked(found: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """Description to the kind of its one time, which is the one that the description ends with."""
    kinds = {}
    for text, (accessed, modified, changed, created) in found.items():
        assert (accessed, changed) == (0, 0)
        said = datetime.fromisoformat(text.rpartition(" ")[2])
        assert calendar.timegm(said.utctimetuple()) == modified + created
        kinds[text] = "created" if created else "modified"
    return kinds


@pytest.mark.parametrize("machine", MACHINES)
def test_processes_and_threads(dumps, body, machine):
    path, snapshot = dumps(machine, kind="full")
    expected = {}
    for process in snapshot.truth["processes"]:
        what = f"Process {process['pid']} {process['name'][:14]} ({process['eprocess']:#x})"
        add(expected, what, process)
        for thread in process["threads"]:
            start = name_of(snapshot, process, thread["win32_start"] or thread["start"])
            identity = f"Thread {thread['tid']} of {process['pid']} {process['name'][:14]} ({thread['ethread']:#x})"
            add(expected, identity + (f" {start}" if start else ""), thread)
    assert checked(body(path, "windows.kd.process")) == expected
    assert sum(text.startswith("Thread") and kind == "modified" for text, kind in expected.items()) == 2


def add(expected: dict[str, str], what: str, made: dict) -> None:
    if made["created"]:
        expected[f"{what}: created {iso(made['created'])}"] = "created"
    if made["exited"]:
        expected[f"{what}: exited {iso(made['exited'])}"] = "modified"


@pytest.mark.parametrize("machine", MACHINES)
def test_modules(dumps, body, machine):
    path, snapshot = dumps(machine, kind="full")
    names = {process["pid"]: process["name"][:14] for process in snapshot.truth["processes"]}
    expected = {}
    stamped = [(each["path"], each["timestamp"]) for each in snapshot.truth["modules"]]
    for pid, user in snapshot.truth["user"].items():
        for each in user["modules"]:
            stamped.append((each["path"], each["timestamp"]))
            if each["loaded"]:
                what = f"Module {each['path']} ({each['base']:#x}) of {pid} {names[pid]}"
                expected[f"{what}: loaded {iso(each['loaded'])}"] = "created"
    for gone in snapshot.truth["unloaded"]:
        what = f"Kernel module {gone['name']} ({gone['base']:#x})"
        expected[f"{what}: unloaded {iso(gone['time'])}"] = "modified"
    for where, seconds in stamped:
        when = datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="microseconds")
        expected[f"Image {where}: linked, by the time stamp of its header, {when}"] = "modified"
    assert checked(body(path, "windows.kd.lm")) == expected
    assert any("loaded" in text for text in expected)


@pytest.mark.parametrize(("machine", "kind"), sampled(product(MACHINES, ["bitmap-kernel", "triage"]), 3))
def test_the_crash_and_the_boot(dumps, body, rows, machine, kind):
    path, snapshot = dumps(machine, kind=kind)
    header = snapshot.header
    (signature,) = [row["Value"] for row in rows(path, "windows.kd.analyze") if row["Field"] == "FAILURE_SIGNATURE"]
    code = header["BugCheckCode"]
    assert checked(body(path, "windows.kd.analyze")) == {
        f"Crash {code:#x} {bugcheck_name(code)} {signature}: happened {iso(header['SystemTime'])}": "created",
        f"Boot (SystemTime - SystemUpTime): at {iso(header['SystemTime'] - header['SystemUpTime'])}": "created",
    }


def test_all_three_at_once_and_volatility3s_own(dumps, body):
    """The plugins that volatility3 builds one after the other, whichever is first, do not get into each other's way."""
    path, snapshot = dumps("win10-x64", kind="full")
    found = body(path, "windows.kd.", "windows.pslist", "windows.thrdscan")
    kinds = Counter(text.split(" ", 1)[0] for text in found)
    assert set(kinds) == {"Process", "Thread", "Module", "Kernel", "Image", "Crash", "Boot", "Process:", "Thread:"}
    assert kinds["Process:"] == len(snapshot.truth["processes"])


@pytest.mark.parametrize(
    ("plugin", "defect"),
    sampled(
        product(
            ["windows.kd.process", "windows.kd.lm", "windows.kd.analyze"],
            ["encrypted", "header-only", "truncated-half", "truncated-header"],
        ),
        3,
    ),
)
def test_damaged_dumps_give_what_they_have_and_no_fault(dumps, vol, tmp_path, plugin, defect):
    path, _ = dumps("win10-x64", kind="full")
    damaged = tmp_path / "damaged.dmp"
    damaged.write_bytes(path.read_bytes())
    apply(defect, damaged)
    done = vol("-vv", "-r", "csv", "-f", str(damaged), "timeliner.Timeliner", "--plugin-filter", plugin)
    assert done.returncode == 0, done.stderr
    assert "Exception occurred running plugin" not in done.stderr
    assert "Traceback" not in done.stdout
    found = [line for line in done.stdout.splitlines() if line.startswith("0,")]
    if defect != "truncated-half":
        assert not found
    elif plugin == "windows.kd.analyze":  # the header has it; which half has the other lists is chance
        assert found


def events_of(machine: Machine) -> list[Event]:
    scene = scene_of(machine.dump)
    clock = Clock(scene.target.system_time)
    found = list(process_events(process_rows(scene, Wanted((), True)), clock))
    for kernel in (True, False):
        found += module_events(lm_rows(scene, WantedModules(kernel=kernel, times=True)), clock)
    return found


@pytest.mark.parametrize(("name", "garbage"), sampled(product([X64, PAE, X86], GARBAGE), 5))
def test_garbage_times_give_no_row(dumps, name, garbage):
    machine = Machine(dumps, name)
    thread = machine.victim["threads"][0]
    layouts = machine.scene.layouts
    other = next(p for p in machine.snapshot.truth["processes"] if p["exited"])
    ended = other["threads"][0]
    process_at, thread_at = layouts.process.offset, layouts.thread
    created = (thread_at.members.get("CreateTime") or thread_at.bits["CreateTime"])[0]
    gone = 0
    for address in (
        machine.victim["eprocess"] + process_at("CreateTime"),
        other["eprocess"] + process_at("ExitTime"),
        thread["ethread"] + created,
        ended["ethread"] + thread_at.offset("ExitTime"),
    ):
        gone += 1
        machine.memory.write(machine.scene.space.space.translate(address).physical, garbage.to_bytes(8, "little"))
    whole = Machine(dumps, name)
    expected = {each.description for each in events_of(whole)}
    found = {each.description for each in events_of(machine)}
    assert found < expected
    assert len(expected - found) == gone


@MODES
def test_load_times_are_those_of_the_entry(dumps, name):
    """A load time that cannot be costs its own row; Windows XP keeps none."""
    machine = Machine(dumps, name)
    loaded = [each for each in events_of(machine) if ": loaded " in each.description]
    count = sum(bool(m["loaded"]) for user in machine.snapshot.truth["user"].values() for m in user["modules"])
    assert len(loaded) == count
    assert bool(count) == (name != X86)
    assert all(each.kind is Kind.CREATED for each in loaded)


@MODES
@pytest.mark.parametrize("absent", [False, True])
def test_the_time_stamp_of_a_reproducible_build_is_a_hash(dumps, name, absent):
    """Nor is one a time whose debug directory is not there to tell."""
    expected = {each.description for each in events_of(Machine(dumps, name))}
    machine = Machine(dumps, name)
    module = next(each for each in machine.snapshot.truth["modules"] if each["name"] == "acmedrv")
    directory, _ = read_headers(machine.scene.memory, module["base"]).directories[DIRECTORY_DEBUG]
    physical = machine.scene.space.space.translate(module["base"] + directory).physical
    if absent:
        machine.memory.remove(physical >> 12)
    else:
        machine.memory.write(physical + 12, (16).to_bytes(4, "little"))
    (lost,) = expected - {each.description for each in events_of(machine)}
    assert lost.startswith(f"Image {module['path']}: linked")


@pytest.mark.parametrize("name", ["triage_x64.dmp", "triage_arm64.dmp"])
def test_real_small_dumps_have_no_time_stamp_that_is_known_to_be_one(body, rows, name):
    """Their images' headers are cut short, and most of those builds' stamps are hashes."""
    path = SHARED / "triage" / name
    if not path.exists():
        pytest.skip("the real dumps are not beside the repository")
    found = checked(body(path, "windows.kd"))
    assert not [text for text in found if text.startswith("Image")]
    assert [text.split(" ", 1)[0] for text in found if text[:4] in ("Cras", "Boot")] == ["Crash", "Boot"]
    processes = rows(path, "windows.kd.process", plugin_options=("--threads",))
    assert not [row for row in processes if row["Name"] == "error"]
    (thread,) = [row for row in processes if row["ETHREAD"]]
    if name == "triage_arm64.dmp":
        (row,) = rows(path, "windows.kd.stacks")
        assert row["Note"].startswith("stacks of this kind of machine are not walked")
    if name == "triage_x64.dmp":
        assert (thread["TID"], thread["State"]) == (0x108, "Running")
        assert f"Thread {0x108} of 4 System" in "\n".join(found)


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_crash_without_a_time(dumps, garbage):
    target = target_of_dump(Machine(dumps, X64).dump)
    assert list(crash_events(replace(target, system_time=garbage), "")) == []
    damaged = list(crash_events(replace(target, system_uptime=garbage), ""))
    assert [each.when for each in damaged if "Crash" in each.description] == [moment(target.system_time)]
    for each in damaged[1:]:
        assert each.when <= damaged[0].when


def test_which_times_can_be():
    crash = 132_500_000_000_000_000
    clock = Clock(crash)
    assert clock.time(crash) == moment(crash)
    assert clock.time(crash + 2 * 864_000_000_000) is None
    assert [clock.time(each) for each in GARBAGE] == [None] * len(GARBAGE)
    assert [clock.unix_time(each) for each in (None, 0, -1, 1, 0xFFFFFFFF, 1 << 40)] == [None] * 6
    assert clock.unix_time(1_500_000_000) == datetime(2017, 7, 14, 2, 40, tzinfo=timezone.utc)
    for nothing in (*GARBAGE, None):
        assert Clock(nothing).crash is None
        assert Clock(nothing).time(crash) == moment(crash)


def test_a_fault_ends_the_line_and_repeated_rows_are_left_out():
    when = datetime(2020, 1, 1, tzinfo=timezone.utc)

    def events():
        yield Event("a", Kind.CREATED, when)
        yield Event("a", Kind.CREATED, when)
        yield Event("b", Kind.MODIFIED, when)
        raise ValueError("hostile")

    assert [each.description for each in guarded(events())] == ["a", "b"]


def test_names_from_the_dump_cannot_break_a_line(dumps):
    machine = Machine(dumps, X64)
    at = machine.scene.layouts.process.offset("ImageFileName")
    write(machine, machine.victim["eprocess"] + at, int.from_bytes(b"a\n\x1b[31m|", "little"))
    for each in events_of(machine):
        assert each.description.isprintable()
