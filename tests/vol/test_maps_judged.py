"""The user pages of every process, as other people's programs see them: the same pages, or a difference explained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.lab.machine_memory import lowest_entry
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.directories.page_map import PageMap, physical_of
from volplugins.kernel.directories.top import read_top
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.paging.mode import PagingMode

HERE = Path(__file__).parent
MODES = {"win10-x64": "x64", "win7-x64": "x64", "win7-x86-pae": "pae", "xp-x86": "x86"}


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def ours(path: Path, mode: str, directory: int) -> dict[int, int]:
    """Virtual to physical address of every user page that a valid entry maps, large ones in pieces of 4 KiB."""
    memory = open_dump(FileSource(path)).memory
    assert memory is not None
    top = read_top(memory, PagingMode(mode), directory)
    assert top is not None
    found: dict[int, int] = {}
    for leaves in PageMap(memory, top).user():
        valid = (leaves.entries & np.uint64(1)) != 0
        frames = physical_of(PagingMode(mode), leaves)
        for virtual, physical in zip(leaves.virtual[valid].tolist(), frames[valid].tolist(), strict=True):
            found.update({virtual + at: physical + at for at in range(0, leaves.size, 0x1000)})
    return found


@pytest.mark.parametrize("machine", MACHINES)
def test_volatility3_sees_the_same_pages(dumps, machine):
    path, snapshot = dumps(machine, kind="full")
    directories = [process["dtb"] for process in snapshot.truth["processes"] if process["dtb"]]
    ram = {frame << 12 for base, count in snapshot.runs for frame in range(base, base + count)}
    done = run("volatility_pages.py", str(path), MODES[machine], *(f"{each:x}" for each in directories))
    assert done.returncode == 0, done.stderr
    for directory, theirs in zip(directories, json.loads(done.stdout), strict=True):
        mine = ours(path, MODES[machine], directory)
        # volatility3 leaves out entries that lead to memory of devices, and takes pages in transition in
        valid = {page: physical for page, physical in theirs if lowest_entry(snapshot, directory, page) & 1}
        assert {page: physical for page, physical in mine.items() if physical in ram} == valid
    assert mine


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
@pytest.mark.parametrize("host", [0, 1])
def test_memprocfs_sees_the_same_pages(dumps, machine, host):
    path, snapshot = dumps(machine, kind="full", host=host)
    done = run("memprocfs_pages.py", str(path))
    if done.returncode:
        pytest.skip(f"MemProcFS does not run here: {done.stderr.strip()[-200:]}")
    theirs = json.loads(done.stdout)
    for process in snapshot.truth["processes"]:
        if process["dtb"]:
            listed = theirs[str(process["pid"])]  # those too whose entry is not valid: guard pages, paged out
            valid = [page for page in listed if lowest_entry(snapshot, process["dtb"], page) & 1]
            assert sorted(valid) == sorted(ours(path, "x64", process["dtb"]))
