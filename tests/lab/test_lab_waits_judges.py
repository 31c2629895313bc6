"""volatility3's own plugins read the hangs of the made-up machines and agree: threads, mutants, timers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.machine_memory import made
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.writers import write

HERE = Path(__file__).parent
SYMBOLS = HERE.parents[1] / "symbols"
PLUGINS = ("windows.threads", "windows.mutantscan", "windows.timers")
CHOICES = {machine: (machine, "hang-deadlock-2", index % 3, index % 2) for index, machine in enumerate(MACHINES)}
TIMERS = "win10-x64", "win7-x64"  # of x86 volatility3 finds no processor to ask; Windows XP's table is not made


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What volatility3 says of each machine, by plugin."""
    folder = tmp_path_factory.mktemp("hangs")
    found: dict[str, dict[str, Any]] = {}
    for plugins, machines in ((PLUGINS, TIMERS), (PLUGINS[:2], [each for each in MACHINES if each not in TIMERS])):
        dumps = [str(write(made(*CHOICES[machine]), "full", folder / f"{machine}.dmp")) for machine in machines]
        command = [sys.executable, str(HERE / "volatility_judge.py"), str(SYMBOLS), str(folder), *dumps, "--", *plugins]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert result.returncode == 0, result.stderr
        found.update(zip(machines, json.loads(result.stdout), strict=True))
    return found


@pytest.fixture(params=MACHINES)
def case(request: pytest.FixtureRequest, said: dict[str, dict[str, Any]]) -> tuple[Snapshot, dict[str, Any]]:
    return made(*CHOICES[request.param]), said[request.param]


def test_threads(case: tuple[Snapshot, dict[str, Any]]) -> None:
    snapshot, rows = case
    mask = (1 << 48) - 1
    found = {(row["Offset"] & mask, row["PID"], row["TID"]) for row in rows["windows.threads"]}
    told = {(each["ethread"] & mask, each["pid"], each["tid"]) for each in snapshot.truth["waits"]["threads"]}
    assert told <= found


def test_mutants(case: tuple[Snapshot, dict[str, Any]]) -> None:
    _, rows = case
    assert {row["Name"] for row in rows["windows.mutantscan"]} >= {"AcmeRelayMutex", "AcmeConfigMutex"}


def due_time(halves: str) -> int:
    return int(halves.replace(":0x", ""), 16)


@pytest.mark.parametrize("machine", TIMERS)
def test_timers(machine: str, said: dict[str, dict[str, Any]]) -> None:
    mask = (1 << 48) - 1
    found = {(row["Offset"] & mask, row["Routine"] & mask, row["Period(ms)"], due_time(row["DueTime"]))
             for row in said[machine]["windows.timers"]}  # fmt: skip
    told = made(*CHOICES[machine]).truth["waits"]["timers"]
    assert found == {(each["timer"] & mask, each["routine"] & mask, each["period"], each["due"]) for each in told}
