"""Machines of other kinds on the wire and as a dump: five levels, KVA shadowing, pages of every state, damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.rows import attached, rows_of
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.damage.directories import with_directory_defect
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.machines.five_levels import with_five_levels
from volplugins.lab.serve.served_machine import serve_snapshot
from volplugins.lab.serve.server import MachineServer
from volplugins.lab.writers import write
from volplugins.target.of_dump import target_of_dump

MACHINES = {
    "five levels": lambda: with_five_levels(build("win10-x64", "driver-read")),
    "kva shadow": lambda: build("win10-x64", "driver-read", base=1, host=1),
    "second processor": lambda: build("win7-x86-pae", "driver-read", base=2, processor=1),
    "pages of every state": lambda: build("win7-x64", "driver-read", sections=True, wow64=True),
    "a bad directory": lambda: with_directory_defect(
        build("win10-x64", "driver-read"), "self-map-elsewhere", "lsass.exe"
    ),
}


SLOW = {"a bad directory": [pytest.mark.slow]}


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, [])) for name in MACHINES])
def test_the_wire_gives_the_rows_of_the_dump(name: str, tmp_path: Path) -> None:
    snapshot: Snapshot = MACHINES[name]()
    scan = "bad" in name  # another directory is looked for then only
    expected = rows_of(target_of_dump(open_dump(FileSource(write(snapshot, "full", tmp_path / "a.dmp")))), scan)
    with MachineServer(serve_snapshot(snapshot)) as server, attached(f"kd+tcp://{server.address}") as live:
        found = rows_of(live.target, scan)
    for plugin, rows in expected.items():
        assert found[plugin] == rows, plugin
    assert server.log.writes == []
    assert server.running
