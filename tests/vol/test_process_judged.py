"""windows.kd.process as other people's programs see the same dumps: volatility3's pslist, MemProcFS."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from tests.sampling import sampled
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.vol.commands.process.rows import Wanted, process_rows


@pytest.mark.parametrize(("machine", "kind"), sampled(product(MACHINES, ["full", "bitmap-kernel"]), 5))
def test_volatility3_sees_the_same(dumps, rows, vol, machine, kind):
    path, snapshot = dumps(machine, kind=kind)
    done = vol("-r", "json", "-f", str(path), "windows.pslist")
    assert done.returncode == 0, done.stderr
    theirs = {row["PID"]: row for row in json.loads(done.stdout[done.stdout.index("[") :])}
    mine = {row["PID"]: row for row in rows(path, "windows.kd.process", plugin_options=("--threads",)) if row["Name"]}
    alive = {process["pid"]: sum(not each["exited"] for each in process["threads"])
             for process in snapshot.truth["processes"]}  # fmt: skip
    for row in rows(path, "windows.kd.process"):
        other = theirs.pop(row["PID"])
        assert (row["PPID"], row["Name"], row["SessionId"]) == (
            other["PPID"], other["ImageFileName"], other["SessionId"]
        )  # fmt: skip
        assert int(row["EPROCESS"], 16) & (1 << 48) - 1 == other["Offset(V)"], "it drops the upper bits"
        assert bool(row["Wow64"]) == bool(other["Wow64"])
        for ours, name in (("CreateTime", "CreateTime"), ("ExitTime", "ExitTime")):
            assert (row[ours] or "")[:19] == (other[name] or "")[:19]
        assert other["Handles"] in (row["Handles"], None) or row["Life"] == "exited"
        assert other["Threads"] == alive[row["PID"]]
    assert not theirs and mine


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
def test_memprocfs_sees_the_same(dumps, machine):
    from volplugins.dumpfile.dump import open_dump
    from volplugins.dumpfile.source import FileSource
    from volplugins.vol.commands.process.thread_rows import ThreadRow
    from volplugins.vol.scene.crash_scene import scene_of

    path, _ = dumps(machine, kind="full")
    command = [sys.executable, str(Path(__file__).parent / "memprocfs_processes.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip(f"MemProcFS does not run here: {done.stderr.strip()[-200:]}")
    theirs = json.loads(done.stdout)
    scene = scene_of(open_dump(FileSource(path)))
    threads: dict[int, list] = {}
    checked = 0
    for row in process_rows(scene, Wanted(threads=True)):
        if isinstance(row, ThreadRow):
            threads.setdefault(row.pid, []).append(row)
            continue
        if row.life != "running" or not row.peb:
            continue
        ppid, eprocess, dtb, peb, wow64 = theirs[str(row.pid)]["process"]
        assert (row.ppid, row.eprocess, (row.dirbase or 0) & ~0xFFF, row.peb, row.wow64) == (
            ppid, eprocess, dtb, peb, wow64
        )  # fmt: skip
        checked += 1
    for pid, rows in threads.items():
        other = {each[0]: each[1:] for each in theirs[str(pid)]["threads"]} if str(pid) in theirs else {}
        for row in rows:
            if row.tid in other and not row.exit_time:
                ethread, _, start, created = other[row.tid]
                assert (row.ethread, row.create_time) == (ethread, created)
                assert start in (0, row.start_address)
                checked += 1
    # without symbols MemProcFS lists no threads of Windows 7
    assert checked > (20 if machine == "win10-x64" else 8)
