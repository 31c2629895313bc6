"""Rows of windows.kd.drivers: each driver object, below it its devices, and its routines where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from volplugins.io.device import Device
from volplugins.io.driver import Driver
from volplugins.io.routines import locate
from volplugins.io.view import SCAN, IoView
from volplugins.io.words.device_types import device_type
from volplugins.io.words.functions import major_function
from volplugins.vol.commands.drivers.row import DriverRow, failure_row
from volplugins.vol.scene.io_scene import io_view
from volplugins.vol.scene.process_selection import Progress

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

HIDDEN = "hidden: found in memory, nothing leads to it"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown.

    ``names``: only drivers whose object, service or module fits one of these patterns, whatever its letter case.
    ``addresses``: only these driver objects, and those of these devices. ``dispatch``: their routines too.
    ``wrong``: texts that were given as addresses and are none.
    """

    names: Sequence[str] = ()
    addresses: Sequence[int] = ()
    dispatch: bool = False
    scan: bool | None = None
    wrong: Sequence[str] = ()


def driver_rows(scene: CrashScene, wanted: Wanted, progress: Progress | None = None) -> Iterator[DriverRow]:
    """The rows, drivers by name; then what could not be followed, and what was asked for and is not there."""
    yield from (failure_row(f"{text}: no address") for text in wanted.wrong)
    if wanted.wrong and not wanted.addresses:
        return
    view = io_view(scene, wanted.scan, progress)
    devices = view.by_driver()
    unmet, sought = set(wanted.names), set(wanted.addresses)
    for driver in sorted(view.drivers.values(), key=lambda each: (each.name.lower(), each.address)):
        own = devices.get(driver.address, [])
        fitting = {pattern for pattern in wanted.names if _fits(pattern, view, driver)}
        held = sought_in(wanted.addresses, driver, own)
        unmet -= fitting
        sought -= held
        if (fitting or not wanted.names) and (held or not wanted.addresses):
            yield from _of_driver(view, driver, own, wanted.dispatch)
    stray = [each for each in view.devices.values() if each.driver not in view.drivers]
    if not wanted.names:
        for device in stray:
            if not wanted.addresses or device.address in wanted.addresses:
                sought.discard(device.address)
                yield _of_device(view, device, "", 0)
    yield from _unmet(view, unmet, sought)


def sought_in(addresses: Sequence[int], driver: Driver, devices: Sequence[Device]) -> set[int]:
    """Which of the addresses are this driver's object or one of its devices."""
    return set(addresses) & {driver.address, *(device.address for device in devices)}


def _unmet(view: IoView, names: set[str], addresses: set[int]) -> Iterator[DriverRow]:
    for address in sorted(addresses):
        yield failure_row(f"{address:#x} is neither a driver object nor a device object of one")
    for pattern in sorted(names):
        yield failure_row(f"no driver's object, service or module fits {pattern}")
    if not view.drivers and not view.notes:
        yield failure_row("no driver object was found")
    yield from map(failure_row, view.notes)


def _fits(pattern: str, view: IoView, driver: Driver) -> bool:
    module = view.system.modules.at(driver.start)
    names = (driver.name, driver.name.rpartition("\\")[2], driver.service, module.image_name if module else "",
             module.name if module else "")  # fmt: skip
    return any(name and fnmatchcase(name.lower(), pattern.lower()) for name in names)


def _of_driver(view: IoView, driver: Driver, devices: Sequence[Device], dispatch: bool) -> Iterator[DriverRow]:
    module = view.system.modules.at(driver.start) if driver.start else None
    notes = [HIDDEN] if driver.source == SCAN else []
    yield DriverRow(
        0, "driver", driver.name, driver.address, "", "", driver.start or None, "", module.image_name if module else "",
        driver.source, "; ".join((*notes, *driver.notes)),
    )  # fmt: skip
    for device in devices:
        yield _of_device(view, device, driver.name, 1)
    if dispatch:
        yield from _routines(view, driver)


def _of_device(view: IoView, device: Device, driver: str, depth: int) -> DriverRow:
    source = view.sources[device.address]
    notes = [HIDDEN] if source == SCAN else []
    return DriverRow(
        depth, "device", driver, device.address, view.name_of(device.address), device_type(device.kind), None, "", "",
        source, "; ".join((*notes, *device.notes)),
    )  # fmt: skip


def _routines(view: IoView, driver: Driver) -> Iterator[DriverRow]:
    entries = [("entry", name, address) for name, address in driver.entries]
    dispatch = [("dispatch", major_function(number), address) for number, address in enumerate(driver.dispatch)]
    # most of a table leads to one or two routines
    addresses = {address for _, _, address in (*entries, *dispatch)}
    places = {address: locate(view.system, driver, address) for address in addresses}
    for kind, name, address in (*entries, *dispatch):
        found = places[address]
        module = found.module.image_name if found.module is not None else ""
        yield DriverRow(
            1, kind, driver.name, driver.address, name, "", address, found.symbol, module, driver.source, found.odd
        )
