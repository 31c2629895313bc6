"""What commands cost over a wire stays within the bounds that the project has set itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import wire
from tests.bench.figures import Figures
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

SECONDS = {"process": 3.0, "stacks": 3.0, "pagedirs": 4.0}  # on QEMU's port
TIMES_FEWER = 5.0  # bytes than with the whole page of everything that is touched


@pytest.mark.parametrize(
    ("machine", "command"),
    [
        ("win10-x64", "process"),
        *(
            pytest.param(machine, command, marks=pytest.mark.slow)
            for machine in wire.MACHINES
            for command in wire.COMMANDS
            if (machine, command) != ("win10-x64", "process")
        ),
    ],
)
def test_a_command_reads_little(machine: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot = build(machine, "driver-read")
    dump = write(snapshot, "full", tmp_path / "a.dmp")
    wire._command(snapshot, dump, command, "x", Figures())
    found = {each["name"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert found["x"]["value"] < SECONDS[command]
    assert found["x-bytes"]["ratio"] > TIMES_FEWER
    assert found["x-trips"]["value"] > 50, "nothing was read"


def test_the_figures_have_names_of_their_own() -> None:
    names = [name for unit in wire.UNITS for name in unit.names]
    assert len(set(names)) == len(names) == 18
    assert {"wire-process", "wire-stacks-bytes", "wire-pagedirs-trips@win7-x86-pae"} <= set(names)
