"""A live machine on the kernel debugger's wire: bytes, round trips, and how long they would take on QEMU's port.

The lab plays the machine and counts; a request costs 2 ms there and a byte 5 µs. It is compared with a reader
that keeps nothing, and takes the whole page of every structure and of every page table that it looks into.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.figures import Figures, Unequal, Unit
from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.serve.served_machine import serve_snapshot
from volplugins.lab.serve.server import MachineServer
from volplugins.lab.serve.wire_log import WireLog
from volplugins.lab.writers import write

MACHINES = ("win10-x64", "win7-x86-pae")
COMMANDS = ("process", "stacks", "pagedirs")
_PLUGINS = {"process": "process.Process", "stacks": "stacks.Stacks", "pagedirs": "pagedirs.PageDirs"}
_WHOLE_PAGES = "4 KiB for each structure and page table"


def _measure(folder: Path, figures: Figures, machine: str) -> None:
    snapshot = build(machine, "driver-read")
    dump = write(snapshot, "full", folder / f"wire-{machine}.dmp")
    for command in COMMANDS:
        name = _name(command, machine)
        if any(map(figures.wants, _names(name))):
            _command(snapshot, dump, command, name, figures)
    dump.unlink()


def _command(snapshot: Snapshot, dump: Path, command: str, name: str, figures: Figures) -> None:
    """One command over the wire, the same on the dump, and its figures."""
    options = ["--pid", str(snapshot.truth["process"]["pid"])] if command == "stacks" else []
    with MachineServer(serve_snapshot(snapshot)) as server:
        rows, touched = _run(f"kd+tcp://{server.address}", command, *options)
    expected, _ = _run(dump.as_uri(), command, *options, "--no-scan")
    if rows != expected or not rows:
        raise Unequal(f"{command}: {len(rows)} rows over the wire, {len(expected)} of the dump")
    if server.log.writes or not server.running:
        raise Unequal(f"{command} left the machine otherwise than it found it: {server.log.summary()}")
    _report(name, server.log, touched, figures)


def _report(name: str, log: WireLog, touched: int, figures: Figures) -> None:
    seconds, count, trips = _names(name)
    size = log.bytes_in + log.bytes_out
    figures.report(seconds, log.seconds(), "s", None, 1)
    figures.report(count, size, "bytes", _WHOLE_PAGES, touched * PAGE / size)
    figures.report(trips, len(log.asked), "requests", None, 1)


def _run(location: str, command: str, *options: str) -> tuple[list[dict[str, Any]], int]:
    """The rows but for those that say what was left out, and how many structures and tables were touched."""
    line = [sys.executable, "-m", "tests.bench.run_on_wire", location, f"windows.kd.{_PLUGINS[command]}", *options]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    found = [json.loads(each) for each in done.stderr.splitlines() if each.startswith("{")]
    return [row for row in found if row.get("PID") is not None], sum(map(int, done.stdout.split()))


def _name(command: str, machine: str) -> str:
    return f"wire-{command}" if machine == MACHINES[0] else f"wire-{command}@{machine}"


def _names(name: str) -> tuple[str, str, str]:
    """Seconds, bytes and round trips."""
    command, at, machine = name.partition("@")
    return name, f"{command}-bytes{at}{machine}", f"{command}-trips{at}{machine}"


def _all_names(machine: str) -> tuple[str, ...]:
    return tuple(each for command in COMMANDS for each in _names(_name(command, machine)))


UNITS = tuple(Unit(_all_names(machine), 25, partial(_measure, machine=machine)) for machine in MACHINES)
