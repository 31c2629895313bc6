"""Drivers with their devices and routines, against volatility3's driverirp and devicetree; requests by the hundred
thousand.

One lab dump with 300 drivers and 2,000 devices. Both sides search memory. volatility3 has objects that are no drivers
(their Type is another), and of each driver's devices those up to the first that nothing is attached to: what it has of
real drivers must be the same.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from tests.bench.figures import Figures, Unequal, Unit
from tests.bench.kept import rival
from tests.bench.measure import RUNS
from tests.bench.process_memory import Rows, timed_plugin
from volplugins.lab.machines.io_crowd import build_io_crowd
from volplugins.lab.writers import write

DRIVERS, DEVICES, REQUESTS = 300, 2000, 100_000
_OURS, _REQUESTS = "windows.kd.drivers.Drivers", "windows.kd.irps.Irps"
_ROUTINES, _DEVICES = "windows.driverirp.DriverIrp", "windows.devicetree.DeviceTree"
_ADDRESS = (1 << 48) - 1  # volatility3 leaves the upper bits out


def _drivers(folder: Path, figures: Figures) -> None:
    path = folder / "drivers.dmp"
    write(build_io_crowd(DRIVERS, DEVICES), "full", path)
    rows = folder / "drivers.json"
    mine = [timed_plugin(path, _OURS, rows)]
    found = json.loads(rows.read_text())

    def once() -> tuple[float, Any]:
        seconds, both = 0.0, {}
        for plugin in (_ROUTINES, _DEVICES):
            seconds += timed_plugin(path, plugin, rows)[1]
            both[plugin] = json.loads(rows.read_text())
        return seconds, both

    other = rival("drivers", "volatility3", path, once, RUNS)
    print(compared(found, other.results[_ROUTINES], other.results[_DEVICES]), file=sys.stderr)
    mine += [timed_plugin(path, _OURS) for _ in range(1, RUNS)]
    value = statistics.median(seconds for _, seconds, _ in mine)
    figures.report("drivers", value, "s", "volatility3", statistics.median(other.seconds) / value, other.kept)


def compared(ours: Rows, routines: Rows, devices: Rows) -> str:
    """What the other side has besides, in words.

    Raises:
        Unequal: a routine or a device of a driver is another one.
    """
    known = {object_ & _ADDRESS for kind, _, object_, _, _ in ours if kind == "driver"}
    mine = {(object_ & _ADDRESS, name, routine & _ADDRESS) for kind, _, object_, name, routine in ours
            if kind == "dispatch"}  # fmt: skip
    theirs = {(object_ & _ADDRESS, name, routine & _ADDRESS) for object_, name, routine in routines}
    if {each for each in theirs if each[0] in known} != mine:
        raise Unequal("the routines of drivers differ")
    names = {name.rpartition("\\")[2] for kind, _, _, name, _ in ours if kind == "device" and name}
    seen = [name for _, kind, name in devices if kind == "DEV"]
    if not {name for name in seen if name} <= names:
        raise Unequal("volatility3 has a device that ours lacks")
    strange = {each[0] for each in theirs} - known
    count = sum(kind == "device" for kind, *_ in ours)
    return f"drivers: volatility3: {len(strange)} objects that are no drivers, {len(seen)} of {count} devices"


def _requests(folder: Path, figures: Figures) -> None:
    path = folder / "requests.dmp"
    write(build_io_crowd(10, 20, REQUESTS), "full", path)
    runs = [timed_plugin(path, _REQUESTS) for _ in range(3)]
    if any(count < REQUESTS for count, _, _ in runs):
        raise Unequal(f"{min(count for count, _, _ in runs)} rows of {REQUESTS} requests")
    rate = statistics.median(count / seconds for count, seconds, _ in runs)
    figures.report("irps", rate, "requests/s", None, 1)


UNITS = (Unit(("drivers",), 60, _drivers), Unit(("irps",), 60, _requests))
