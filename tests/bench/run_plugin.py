"""Runs one volatility3 plugin on a dump and prints the seconds of its rows alone: ``DUMP PLUGIN [ROWS]``.

What comes before (layers, symbols, construction) is start-up and not counted. With ROWS, a file, the rows' cells that
are asked for in KEYS go there as JSON, so that both sides can be compared. A program of its own: volatility3 keeps
its state in modules.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import volatility3.framework
import volatility3.plugins
from volatility3.framework import automagic, constants, contexts, plugins, renderers
from volatility3.framework.configuration import requirements  # noqa: F401 - plugins expect it imported

# columns by which the two sides are compared
KEYS = {
    "windows.vadinfo.VadInfo": ("PID", "Start VPN", "End VPN"),
    "windows.kd.address.UserSpace": ("PID", "Start", "End", "Type"),
    "windows.malware.ldrmodules.LdrModules": ("Pid", "Base", "InLoad", "InInit", "InMem"),
    "windows.kd.lm.Lm": ("PID", "Start", "InLoad", "InInit", "InMemory"),
    "windows.kd.drivers.Drivers": ("Kind", "Driver", "Object", "Name", "Routine"),
    "windows.driverirp.DriverIrp": ("Offset", "IRP", "Address"),
    "windows.devicetree.DeviceTree": ("Offset", "Type", "DeviceName"),
    "windows.dlllist.DllList": ("PID", "Base", "Path"),
    "windows.kd.peb.Peb": ("PID", "Section", "Field", "Value"),
}
# options; of all others --no-scan
OPTIONS = {"windows.kd.drivers.Drivers": ("scan", "dispatch"), "windows.kd.irps.Irps": ("scan",)}


def main(dump: str, name: str, rows: str = "") -> None:
    constants.OFFLINE = True
    volatility3.framework.require_interface_version(2, 0, 0)
    volatility3.framework.import_files(volatility3.plugins, True)
    plugin = volatility3.framework.list_plugins()[name]
    context = contexts.Context()
    available = automagic.available(context)
    context.config["automagic.LayerStacker.single_location"] = Path(dump).resolve().as_uri()
    for option in OPTIONS.get(name, ("no-scan",)):
        context.config[f"plugins.{plugin.__name__}.{option}"] = True
    if name.startswith("windows.kd."):  # as volatility3's own code is by now, ours is imported
        for module in (f"commands.{name.split('.')[2]}.rows", "commands.shell", "scene.budgeted_grid"):
            importlib.import_module(f"volplugins.vol.{module}")
    chosen = automagic.choose_automagic(available, plugin)
    made = plugins.construct_plugin(context, chosen, plugin, "plugins", None, None)
    found: list[list[Any]] = []
    start = time.perf_counter()
    grid = made.run()
    names = [column.name for column in grid.columns]

    def visit(node: Any, _: None) -> None:
        found.append(node.values)

    grid.populate(visit, None)
    took = time.perf_counter() - start
    if rows:
        places = [names.index(key) for key in KEYS[name]]
        cells = [[_plain(values[place]) for place in places] for values in found]
        Path(rows).write_text(json.dumps(cells))
    print(len(found))
    print(took)


def _plain(cell: Any) -> Any:
    return None if isinstance(cell, renderers.interfaces.renderers.BaseAbsentValue) else cell


if __name__ == "__main__":
    main(*sys.argv[1:])
