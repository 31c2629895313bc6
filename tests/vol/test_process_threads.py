"""windows.kd.process --threads: against what the lab wrote, against volatility3, and on damaged lists."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from itertools import product

import pytest

from tests.sampling import sampled
from tests.vol.damaged import PAE, X64, X86, Machine
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.kernel.thread_words import state_word, wait_word
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.vol.commands.process.rows import ProcessRow, Wanted, process_rows
from volplugins.vol.commands.process.thread_rows import ThreadRow
from volplugins.vol.scene.crash_scene import scene_of

COLUMNS = ("TID", "ETHREAD", "State", "Wait", "ContextSwitches", "StartAddress", "Start", "ThreadCreateTime",
           "ThreadExitTime", "Win32StartAddress", "KernelStartAddress")  # fmt: skip
ACCOUNTS = ("Priority", "BasePriority", "Waited", "KernelTime", "UserTime")
MODES = pytest.mark.parametrize("name", [X64, PAE, X86])


def iso(filetime: int) -> str | None:
    start = datetime(1601, 1, 1, tzinfo=timezone.utc)
    when = start + timedelta(microseconds=filetime // 10)
    return when.isoformat(timespec="microseconds") if filetime else None


def name_of(snapshot, process, address: int) -> str | None:
    """What the lab mapped at an address: kernel names by its symbols, a program's by its base alone."""
    for module in snapshot.truth["modules"]:
        if module["base"] <= address < module["base"] + module["size"]:
            names = {at: name for name, at in snapshot.truth["symbols"][module["name"]].items()}
            return f"{module['name']}!{names[address - module['base']]}"
    for module in snapshot.truth["user"].get(process["pid"], {"modules": ()})["modules"]:
        if module["base"] <= address < module["base"] + module["size"]:
            stem = module["path"].rpartition("\\")[2].partition(".")[0]
            return "ntdll!RtlUserThreadStart" if stem == "ntdll" else f"{stem}+{address - module['base']:#x}"
    return None


def expected(snapshot, process, thread) -> dict:
    start = thread["win32_start"] or thread["start"]
    return {
        "TID": thread["tid"],
        "ETHREAD": thread["ethread"],
        "State": state_word(thread["state"]),
        "Wait": wait_word(thread["state"], thread["reason"]),
        "ContextSwitches": thread["switches"],
        "StartAddress": start,
        "Start": name_of(snapshot, process, start) or "",
        "ThreadCreateTime": iso(thread["created"]),
        "ThreadExitTime": iso(thread["exited"]),
        "Win32StartAddress": thread["win32_start"] or None,
        "KernelStartAddress": thread["start"] or None,
    }


@pytest.mark.parametrize("machine", MACHINES)
def test_threads_are_those_that_were_built(dumps, rows, machine):
    path, snapshot = dumps(machine, kind="full")
    found = rows(path, "windows.kd.process", plugin_options=("--threads",))
    built = []
    for process in snapshot.truth["processes"]:
        built.append((process["eprocess"], None))
        built += [(process["eprocess"], expected(snapshot, process, thread)) for thread in process["threads"]]
    listed = []
    for row in found:
        cells = {name: row[name] for name in COLUMNS}
        for name in ("ETHREAD", "StartAddress", "Win32StartAddress", "KernelStartAddress"):
            cells[name] = int(cells[name], 16) if cells[name] else None
        listed.append((int(row["EPROCESS"], 16), cells if cells["TID"] is not None else None))
    assert listed == built
    processes = {each["pid"]: each for each in snapshot.truth["processes"]}
    for row in found:
        assert row["Name"] == processes[row["PID"]]["name"][:14]
        assert row["Source"] == "list"
    (crashed,) = [row for row in found if row["TID"] and "|# " in row["Note"]]
    assert int(crashed["ETHREAD"], 16) == snapshot.truth["thread"]["ethread"]
    assert "|. current on processor 0" in crashed["Note"]
    ended = {t["ethread"]: t["exit_status"] for p in processes.values() for t in p["threads"] if t["exited"]}
    noted = {int(r["ETHREAD"], 16): r["Note"] for r in found if r["State"] == "Terminated"}
    assert set(noted) == set(ended) and len(ended) == 2
    for ethread, status in ended.items():
        assert noted[ethread].startswith(f"terminated, exit status {status:#x}")
    kept = {int(r["ETHREAD"], 16) for r in found if r["TID"] and "Win32StartAddress is not kept" in r["Note"]}
    assert kept == {t["ethread"] for p in processes.values() if p["peb"] for t in p["threads"] if not t["win32_start"]}
    assert bool(kept) == (machine == X86)


def test_without_the_option_nothing_changes(dumps, rows):
    path, _ = dumps("win7-x64")
    plain = rows(path, "windows.kd.process")
    with_threads = rows(path, "windows.kd.process", plugin_options=("--threads",))
    assert list(plain[0]) == list(with_threads[0])[: -len(COLUMNS + ACCOUNTS)]
    parents = [row for row in with_threads if row["TID"] is None]
    assert [{name: row[name] for name in plain[0]} for row in parents] == plain
    assert [row["Note"] for row in plain if row["Life"] == "exited"] == ["exited"]


@pytest.mark.parametrize(("machine", "plugin"), sampled(product(MACHINES, ["windows.threads", "windows.thrdscan"]), 3))
def test_volatility3_sees_the_same(dumps, rows, vol, machine, plugin):
    path, snapshot = dumps(machine, kind="full")
    done = vol("-r", "json", "-f", str(path), plugin)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout[done.stdout.index("[") :])
    mask = (1 << (48 if snapshot.bits == 64 else 32)) - 1
    values = {}
    for row in theirs:
        start = (row["Win32StartAddress"] or 0) & mask
        values[row["TID"]] = (row["PID"], row["Offset"] & mask, start, row["CreateTime"], row["ExitTime"])
    mine = [row for row in rows(path, "windows.kd.process", plugin_options=("--threads",)) if row["TID"]]
    if plugin == "windows.threads":
        assert {row["TID"] for row in mine} == set(values)
    compared = 0
    for row in mine:
        if row["TID"] not in values:  # what its scan finds depends on how large the pool block is
            continue
        pid, offset, start, created, exited = values[row["TID"]]
        if plugin == "windows.threads":
            assert offset == int(row["ETHREAD"], 16) & mask
        assert (pid, second(created)) == (row["PID"], second(row["ThreadCreateTime"]))
        if row["State"] == "Terminated":
            assert second(exited) == second(row["ThreadExitTime"]) is not None
        if "Win32StartAddress is not kept" not in row["Note"] and (machine != X86 or row["PID"] != 4):
            assert start == int(row["StartAddress"], 16) & mask
            compared += 1
    assert compared > 15


def second(text: str | None) -> str | None:
    """A time to the second, as volatility3 gives them."""
    return text[:19] if text and text[:2] == "20" else None


def found_rows(machine: Machine, symbols: bool = True, **more) -> list[ProcessRow | ThreadRow]:
    scene = scene_of(machine.dump) if symbols else build_scene(machine.dump)
    rows = list(process_rows(scene, Wanted((), True, **more)))
    assert not [row for row in rows if row.name == "error"]
    return rows


@pytest.mark.parametrize("machine", MACHINES)
def test_without_symbols_the_same_is_read(dumps, machine):
    made = Machine(dumps, machine)
    plain, named = (
        [row._replace(start="", note="") for row in found_rows(made, symbols) if isinstance(row, ThreadRow)]
        for symbols in (False, True)
    )
    assert plain == named


def links(machine: Machine, thread: dict) -> int:
    return thread["ethread"] + machine.scene.layouts.thread.offset("ThreadListEntry")


def write(machine: Machine, address: int, *pointers: int) -> None:
    width = machine.snapshot.bits // 8
    data = b"".join(pointer.to_bytes(width, "little") for pointer in pointers)
    machine.memory.write(machine.scene.space.space.translate(address).physical, data)


def read(machine: Machine, address: int) -> int:
    width = machine.snapshot.bits // 8
    data = machine.memory.read(machine.scene.space.space.translate(address).physical, width)
    return int.from_bytes(data, "little")


def of_victim(machine: Machine, **more) -> tuple[ProcessRow, list[ThreadRow]]:
    mine = [row for row in found_rows(machine, **more) if row.eprocess == machine.victim["eprocess"]]
    assert isinstance(mine[0], ProcessRow)
    return mine[0], mine[1:]


def unlink(machine: Machine, entry: int) -> None:
    width = machine.snapshot.bits // 8
    after, before = read(machine, entry), read(machine, entry + width)
    write(machine, before, after)
    write(machine, after + width, before)


@MODES
def test_a_thread_that_was_taken_out_of_its_list(dumps, name):
    machine = Machine(dumps, name)
    hidden = machine.victim["threads"][1]
    unlink(machine, links(machine, hidden))
    process, threads = of_victim(machine)
    assert process.threads == 2
    (row,) = [row for row in threads if row.source == "scan"]
    assert (row.ethread, row.tid) == (hidden["ethread"], hidden["tid"])
    assert row.note == "hidden: not in its process's list of threads, found by a scan"
    _, unscanned = of_victim(machine, scan=False)
    assert hidden["ethread"] not in [row.ethread for row in unscanned]


@MODES
def test_a_process_that_was_taken_out_of_the_list_keeps_its_threads(dumps, name):
    machine = Machine(dumps, name)
    unlink(machine, machine.victim["eprocess"] + machine.scene.layouts.process.offset("ActiveProcessLinks"))
    process, threads = of_victim(machine)
    assert process.source in ("scan", "thread")
    assert process.note.startswith("hidden: in no list of processes, not exited, found by a ")
    assert [(row.ethread, row.source) for row in threads] == [(t["ethread"], "list") for t in machine.victim["threads"]]


@MODES
def test_a_list_that_breaks_shows_the_others_from_its_end(dumps, name):
    machine = Machine(dumps, name)
    first, second_thread, third = machine.victim["threads"]
    write(machine, links(machine, first), 0x1230)
    process, threads = of_victim(machine, scan=False)
    assert [row.ethread for row in threads] == [each["ethread"] for each in (first, third, second_thread)]
    assert process.note == "thread list breaks: it leads to 0x1230, which is no thread's"
    assert process.threads == 3


@MODES
def test_a_list_whose_next_thread_is_not_in_memory(dumps, name):
    machine = Machine(dumps, name)
    first, second_thread, third = machine.victim["threads"]
    absent = 0xFFFFE00000000000 if machine.snapshot.bits == 64 else 0xF0000000
    at = machine.scene.layouts.thread.offset("ThreadListEntry")
    write(machine, links(machine, first), absent + at)
    process, threads = of_victim(machine, scan=False)
    assert [row.ethread for row in threads] == [each["ethread"] for each in (first, third, second_thread)]
    assert process.note.startswith(f"thread list breaks at {absent:#x}: ")


@MODES
def test_a_list_that_loops(dumps, name):
    machine = Machine(dumps, name)
    first, second_thread, _ = machine.victim["threads"]
    write(machine, links(machine, second_thread), links(machine, first))
    process, threads = of_victim(machine)
    assert {row.ethread for row in threads} == {each["ethread"] for each in machine.victim["threads"]}
    assert f"thread list: loop at {links(machine, first):#x}" in process.note


@MODES
def test_a_head_that_leads_to_no_thread(dumps, name):
    """Both ends lead to another object: the scan finds the threads all the same."""
    machine = Machine(dumps, name)
    head = machine.victim["eprocess"] + machine.scene.layouts.process.offset("ThreadListHead")
    write(machine, head, machine.victim["eprocess"] + 0x100, machine.victim["eprocess"] + 0x100)
    process, threads = of_victim(machine)
    assert process.note.count("thread list breaks: it leads to ") == 1
    assert {(row.ethread, row.source) for row in threads} == {
        (each["ethread"], "scan") for each in machine.victim["threads"]
    }
    assert {row.note for row in threads} == {"not reached by the process's list of threads: found by a scan"}


@MODES
def test_hidden_is_not_said_of_what_a_broken_list_misses(dumps, name):
    machine = Machine(dumps, name)
    at = machine.scene.layouts.process.offset("ActiveProcessLinks")
    last = machine.snapshot.truth["processes"][-1]["eprocess"] + at
    for process in machine.snapshot.truth["processes"]:  # no forward and no backward link is left
        write(machine, process["eprocess"] + at, 0x10, 0x10)
    write(machine, last, 0x10, 0x10)
    rows = list(process_rows(scene_of(machine.dump), Wanted()))
    scanned = [row for row in rows if row.name != "error" and row.source != "list"]
    assert len(scanned) > 5
    for row in scanned:
        said = "exited, in no list" if row.life == "exited" else "not reached by the list of processes, which is broken"
        assert said in row.note


def test_a_real_start_that_is_unusual_is_noted(dumps):
    """StartAddress outside of ntdll and kernel32 says more than Win32StartAddress, which anybody can set."""
    machine = Machine(dumps, X64)
    thread = machine.victim["threads"][0]
    odd = machine.snapshot.truth["user"][machine.victim["pid"]]["modules"][0]["base"] + 0x1234
    write(machine, thread["ethread"] + machine.scene.layouts.thread.offset("StartAddress"), odd)
    _, threads = of_victim(machine)
    assert [row.note for row in threads] == [f"StartAddress {odd:#x} explorer+0x1234", "", ""]


def test_a_kernel_dump_names_starts_by_what_is_mapped(dumps, rows):
    path, snapshot = dumps("win7-x64")
    found = rows(path, "windows.kd.process", plugin_options=("--threads",))
    by_tid = {row["TID"]: row for row in found if row["TID"] is not None}
    for process in snapshot.truth["processes"]:
        for thread in process["threads"]:
            row = by_tid[thread["tid"]]
            assert int(row["StartAddress"], 16) == thread["win32_start"]
            program = snapshot.truth["user"].get(process["pid"], {"modules": [None]})["modules"][0]
            if program is not None:
                assert row["Start"].endswith(f"+{thread['win32_start'] - program['base']:#x}")


def test_a_small_dump_has_the_crashing_thread(dumps, rows):
    path, snapshot = dumps("win7-x64", kind="triage")
    process, thread = rows(path, "windows.kd.process", plugin_options=("--threads",))
    assert (process["TID"], thread["TID"]) == (None, snapshot.truth["thread"]["tid"])
    assert int(thread["ETHREAD"], 16) == snapshot.truth["thread"]["ethread"]
    assert thread["Note"].startswith("|# caused the event")
