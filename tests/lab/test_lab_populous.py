"""Machines with many processes: as many of everything as was ordered, and volatility3 reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from volplugins.lab import command
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.populous import build_populous
from volplugins.lab.writers import write

HERE = Path(__file__).parent
SYMBOLS = HERE.parents[1] / "symbols"
PLUGINS = ("windows.vadinfo", "windows.malware.ldrmodules", "windows.dlllist")
PROCESSES, MODULES, VADS = 3, 10, 20


@pytest.fixture(scope="module", params=["win10-x64", "win7-x64"])
def small(request: pytest.FixtureRequest) -> Snapshot:
    return build_populous(PROCESSES, MODULES, VADS, request.param)


def crowd(snapshot: Snapshot) -> list[int]:
    return [each["pid"] for each in snapshot.truth["processes"] if each["name"].startswith("app")]


def test_there_are_as_many_as_were_ordered(small: Snapshot) -> None:
    pids = crowd(small)
    assert len(pids) == PROCESSES
    for pid in pids:
        assert len(small.truth["user"][pid]["modules"]) == MODULES
        assert len({module["path"] for module in small.truth["user"][pid]["modules"]}) == MODULES
        assert len(small.truth["vads"][pid]) == VADS
        assert sum(bool(vad["file"]) for vad in small.truth["vads"][pid]) == MODULES
    described = {pfn for base, count in small.runs for pfn in range(base, base + count)}
    assert set(small.pages) <= described


def test_volatility_reads_all_of_it(small: Snapshot, tmp_path: Path) -> None:
    dump = write(small, "full", tmp_path / "populous.dmp")
    program = [sys.executable, str(HERE / "volatility_judge.py"), str(SYMBOLS), str(tmp_path), str(dump), "--"]
    done = subprocess.run([*program, *PLUGINS], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    (said,) = json.loads(done.stdout)
    for pid in crowd(small):
        modules = small.truth["user"][pid]["modules"]
        assert listed(said["windows.dlllist"], "PID", pid, "Base", "Size", "Path") == [
            (module["base"], module["size"], module["path"]) for module in modules
        ]
        files = {(module["base"], module["path"].partition(":")[2], True, True) for module in modules}
        assert set(listed(said[PLUGINS[1]], "Pid", pid, "Base", "MappedPath", "InLoad", "InMem")) == files
        vads = sorted(listed(said["windows.vadinfo"], "PID", pid, "Start VPN", "End VPN", "CommitCharge", "File"))
        assert vads == [(vad["start"], vad["end"] - 1, vad["commit"], vad["file"]) for vad in small.truth["vads"][pid]]


def listed(rows: list[dict[str, Any]], key: str, pid: int, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows if row[key] == pid]


@pytest.mark.parametrize(
    "order", [(1, 1, 20, "win10-x64"), (0, 5, 20, "win10-x64"), (1, 10, 12, "win10-x64"), (1, 5, 20, "xp-x86"),
              (1, 5000, 6000, "win10-x64")]
)  # fmt: skip
def test_what_cannot_be_made_is_refused(order: tuple[int, int, int, str]) -> None:
    with pytest.raises(ValueError, match=r"x64|VADs|modules"):
        build_populous(*order)


def test_the_command_makes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["make", "--populous", "1", "--kind", "bitmap-kernel", "-o", f"{tmp_path}/"]) == 0
    truth = json.loads((tmp_path / "win10-x64-driver-read-bitmap-kernel-populous1.truth.json").read_text())
    assert truth["populous"] == 1
    assert [len(truth["truth"]["vads"][str(each["pid"])]) for each in truth["truth"]["processes"]
            if each["name"] == "app000.exe"] == [300]  # fmt: skip
    assert command.main(["make", "--populous", "1", "--host", "1", "-o", f"{tmp_path}/a.dmp"]) == 2
    assert "--populous" in capsys.readouterr().err
