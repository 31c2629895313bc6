"""windows.kd.process through plain ``vol``, against what the lab built."""

from __future__ import annotations

import pytest

from volplugins.lab.machines.catalogue import MACHINES


@pytest.mark.parametrize("machine", MACHINES)
def test_processes_are_those_that_were_built(dumps, rows, machine):
    path, snapshot = dumps(machine)
    listed = {row["PID"]: row for row in rows(path, "windows.kd.process")}
    assert set(listed) == {p["pid"] for p in snapshot.truth["processes"]}
    for process in snapshot.truth["processes"]:
        row = listed[process["pid"]]
        assert (row["PPID"], row["Name"]) == (process["ppid"], process["name"][: len(row["Name"])])
        assert int(row["EPROCESS"], 16) == process["eprocess"]
        assert int(row["DirBase"], 16) == process["dtb"]
        assert int(row["Peb"], 16) == process["peb"]
        assert row["Threads"] == len(process["threads"])
        assert row["Life"] == ("exited" if process["exited"] else "running")
        assert row["PageDirectory"] == ("ok" if process["dtb"] else "no-directory")
        assert int(row["VadRoot"] or "0", 16) == 0 or row["VadCount"] > 0
        assert row["SessionId"] == process["session"]
        assert row["Source"] == "list"
    crashed = [pid for pid, row in listed.items() if "|# " in row["Note"]]
    assert crashed == [snapshot.truth["process"]["pid"]]
    assert "|. current on processor" in listed[crashed[0]]["Note"]


def test_a_small_dump_has_the_crashing_process(dumps, rows):
    path, snapshot = dumps("win7-x64", kind="triage")
    (row,) = rows(path, "windows.kd.process")
    assert (row["PID"], row["Source"]) == (snapshot.truth["process"]["pid"], "thread")


def test_one_process_is_chosen(dumps, vol):
    path, snapshot = dumps("win10-x64")
    pid = str(snapshot.truth["process"]["pid"])
    done = vol("-r", "csv", "-f", str(path), "windows.kd.process", "--pid", pid)
    assert [line.split(",")[1] for line in done.stdout.splitlines()[1:] if line] == [pid]
