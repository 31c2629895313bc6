"""windows.kd.peb: what the lab wrote into every process, judged by volatility3 too; what is absent is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sampling import sampled

MACHINES = ("win10-x64", "win7-x64", "win7-x86-pae", "xp-x86")
LISTS = ("InLoadOrderModuleList", "InMemoryOrderModuleList", "InInitializationOrderModuleList")


def of(found: list[dict[str, Any]], pid: int, section: str) -> dict[str, str]:
    """Field to Value of one process's section."""
    return {row["Field"]: row["Value"] for row in found if row["PID"] == pid and row["Section"] == section}


@pytest.mark.parametrize("machine", MACHINES)
def test_every_process_is_as_the_lab_made_it(dumps, rows, machine):
    path, snapshot = dumps(machine, kind="full")
    found = rows(path, "windows.kd.peb", plugin_options=("--teb",))
    threads = {process["pid"]: process["threads"] for process in snapshot.truth["processes"]}
    for process in snapshot.truth["processes"]:
        pid = process["pid"]
        if not process["peb"]:
            (row,) = [row for row in found if row["PID"] == pid]
            assert row["Note"].startswith("has no PEB")
            continue
        user = snapshot.truth["user"][pid]
        peb = of(found, pid, "peb")
        assert (int(peb["Peb"], 16), peb["SessionId"]) == (process["peb"], str(process["session"] or 0))
        listed = [(row["Field"], row["Value"]) for row in found if row["PID"] == pid and row["Section"] == "modules"]
        assert [(int(base, 16), text.split(" ", 3)[3]) for base, text in listed] == [
            (module["base"], module["path"]) for module in user["modules"]
        ]
        parameters = of(found, pid, "parameters")
        assert parameters["ImageFile"] == user["parameters"]["ImagePathName"]
        for name in ("CommandLine", "CurrentDirectory", "DllPath", "WindowTitle"):
            assert parameters[name] == user["parameters"][name]
        assert of(found, pid, "environment") == user["environment"]
        count = len(user["modules"])
        assert [of(found, pid, "integrity")[name] for name in LISTS] == [
            f"{count} entries, complete", f"{count} entries, complete", f"{count - 1} entries, complete",
        ]  # fmt: skip
        assert len(of(found, pid, "integrity")) == len(LISTS)
        tebs = of(found, pid, "teb")
        for thread in (each for each in threads[pid] if not each["exited"]):
            tid = thread["tid"]
            assert int(tebs[f"{tid:x}.ClientId.UniqueThread"], 16) == tid
            assert tebs[f"{tid:x}.Self"] == tebs[f"{tid:x}.Teb"]
    assert not [row for row in found if row["Process"] == "error"]


@pytest.mark.parametrize("machine", sampled(MACHINES, 2))
def test_volatility3_sees_the_same(dumps, rows, vol, machine):
    path, _ = dumps(machine, kind="full")
    found = rows(path, "windows.kd.peb")

    def theirs(plugin: str) -> list[dict[str, Any]]:
        done = vol("-r", "json", "-f", str(path), plugin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout[done.stdout.index("[") :])

    modules = {(row["PID"], int(row["Field"], 16), row["Value"].split(" ", 3)[3]) for row in found
               if row["Section"] == "modules"}  # fmt: skip
    assert modules == {(row["PID"], row["Base"], row["Path"]) for row in theirs("windows.dlllist")} != set()
    lines = {(row["PID"], row["Value"]) for row in found if row["Field"] == "CommandLine"}
    with_peb = {pid for pid, _ in lines}
    assert lines == {(row["PID"], row["Args"]) for row in theirs("windows.cmdline") if row["PID"] in with_peb}
    variables = {(row["PID"], row["Field"], row["Value"]) for row in found if row["Section"] == "environment"}
    assert variables == {(row["PID"], row["Variable"], row["Value"]) for row in theirs("windows.envars")}


@pytest.mark.parametrize("machine", ["win10-x64", "xp-x86"])
@pytest.mark.parametrize("kind", ["bitmap-kernel", "triage"])
def test_a_dump_without_user_memory_says_so(dumps, rows, machine, kind):
    path, snapshot = dumps(machine, kind=kind)
    found = rows(path, "windows.kd.peb")
    if kind == "triage":
        (row,) = found
        assert (row["Process"], row["Note"]) == ("error", "user memory is not in this kind of dump")
        return
    for process in snapshot.truth["processes"]:
        notes = " ".join(row["Note"] for row in found if row["PID"] == process["pid"])
        expected = "has no PEB" if not process["peb"] else "the PEB cannot be read: page"
        assert expected in notes
        if process["peb"]:  # images come from the VADs then
            assert "from the VADs: the PEB cannot be read" in notes
            assert {int(base, 16) for base in of(found, process["pid"], "modules")} == {
                module["base"] for module in snapshot.truth["user"][process["pid"]]["modules"]
            }


def test_one_process_and_what_fits_nothing(dumps, rows):
    path, snapshot = dumps("win10-x64", kind="full")
    pid = snapshot.truth["process"]["pid"]
    found = rows(path, "windows.kd.peb", plugin_options=("--pid", str(pid), "--process", "nobody.exe"))
    assert {row["PID"] for row in found if row["Process"] != "error"} == {pid}
    assert [row["Note"] for row in found if row["Process"] == "error"] == [
        "nobody.exe: fits no PID, image name, EPROCESS, DirBase or PFN of a process"
    ]
