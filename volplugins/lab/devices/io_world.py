"""The I/O system of a made-up machine, written when everything else of the machine is there."""

from __future__ import annotations

from volplugins.lab.devices.directories import write_directories
from volplugins.lab.devices.io_truth import io_truth
from volplugins.lab.devices.nodes import place_nodes, write_nodes
from volplugins.lab.devices.requests import add_requests
from volplugins.lab.devices.tree import LOOSE, device_tree
from volplugins.lab.kernel.driver_table import DRIVERS
from volplugins.lab.kernel.io_objects import device_object, driver_object
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.machine import Machine

_SPARE = 0x40  # bytes of pool that nobody uses, where damage puts code


def add_io(machine: Machine, threads: dict[str, Thread]) -> None:
    """A driver object per driver, the devices, the PnP tree, requests, the directories; truth["io"] says what there is.

    Args:
        threads: those that wait for requests, by program; their records are written.
    """
    for key, spec in DRIVERS.items():
        if (spec.builtin and not spec.rare) or key in machine.images:
            driver_object(machine, key)
    for parts in LOOSE:
        below = 0
        for part in parts:
            below = device_object(machine, part.driver, part.name, part.kind, below)
    root = place_nodes(machine, device_tree(machine.profile.build))
    write_nodes(machine, root)
    _link_to_loader(machine)
    add_requests(machine, threads)
    write_directories(machine)
    machine.truth["io"] = io_truth(machine, root)
    machine.truth["spare_pool"] = machine.pool.allocate(_SPARE, "Acme")


def _link_to_loader(machine: Machine) -> None:
    """DriverSection of every driver with an image leads to its entry in PsLoadedModuleList."""
    offset = machine.structures.offset("_DRIVER_OBJECT", "DriverSection")
    for driver in machine.io.drivers.values():
        if driver.stem:
            machine.write_pointer(driver.address + offset, machine.io.loader[driver.stem])
