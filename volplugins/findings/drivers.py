"""Findings of the I/O system's view: hidden drivers, routines in no module, stacks and devices that contradict."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import (
    DEVICE_STACK_ORDER,
    DEVICE_WITHOUT_DRIVER,
    DRIVER_HIDDEN,
    DRIVER_WITHOUT_IMAGE,
    LIST_BROKEN,
    ROUTINE_OUTSIDE_MODULES,
)
from volplugins.io.driver import Driver
from volplugins.io.routines import IN_NONE, locate
from volplugins.io.view import SCAN, UNLISTED, IoView
from volplugins.io.words.functions import major_function

_MOST_NAMED = 4  # routines of one driver that are named in one finding


def of_view(view: IoView) -> Iterator[Finding]:
    """The findings; of a dump without modules nothing is said of what lies outside of them."""
    for driver in view.drivers.values():
        yield from _of_driver(view, driver)
    yield from _of_devices(view)
    yield from _of_stacks(view)
    for note in view.tree.notes:
        if "twice" in note:
            yield Finding(LIST_BROKEN, Subject(), note, "windows.kd.devices")


def _of_driver(view: IoView, driver: Driver) -> Iterator[Finding]:
    module = view.system.modules.at(driver.start) if driver.start else None
    about = Subject(address=driver.address, module=module.image_name if module is not None else "")
    more = f"windows.kd.drivers --object {driver.address:#x} --dispatch"
    name = driver.name or "a driver without a name"
    # what is left of a driver that was unloaded lies in freed memory for long: a search finds it, nothing else does
    gone = driver.source == SCAN and bool(driver.start) and module is None
    if UNLISTED in driver.notes and not gone:
        led = "a search of memory" if driver.source == SCAN else "one of its devices"
        yield Finding(DRIVER_HIDDEN, about, f"{name} is in no object directory; {led} leads to it", more)
    if not len(view.system.modules) or gone:
        return
    if driver.start and module is None:
        evidence = f"{name} says that its image is at {driver.start:#x}, where no module is loaded"
        yield Finding(DRIVER_WITHOUT_IMAGE, about, evidence, more)
        return
    stray = [
        f"{name} {address:#x}"
        for name, address in _routines(driver)
        if IN_NONE in locate(view.system, driver, address).odd
    ]
    if stray:
        rest = len(stray) - _MOST_NAMED
        named = ", ".join(stray[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
        yield Finding(ROUTINE_OUTSIDE_MODULES, about, f"{name}: {named} lead to code in no module", more)


def _routines(driver: Driver) -> Iterator[tuple[str, int]]:
    """Routines that are called as long as the driver is loaded: DriverInit lies in memory that is given back."""
    yield from ((name, address) for name, address in driver.entries if name != "DriverInit")
    yield from ((major_function(number), address) for number, address in enumerate(driver.dispatch) if address)


def _of_devices(view: IoView) -> Iterator[Finding]:
    for device in view.devices.values():
        if device.driver not in view.drivers and view.sources[device.address] != SCAN:
            name = view.name_of(device.address) or f"{device.address:#x}"
            evidence = f"device {name} says that its driver object is {device.driver:#x}, where none is"
            more = f"windows.kd.devices --stack {device.address:#x}"
            yield Finding(DEVICE_WITHOUT_DRIVER, Subject(address=device.address), evidence, more)


def _of_stacks(view: IoView) -> Iterator[Finding]:
    """Each stack once, from its first device that was met."""
    met: set[int] = set()
    for device in view.devices.values():
        if device.address in met or view.sources[device.address] == SCAN:
            continue
        stack = view.stack(device)
        met.update(each.address for each in stack.devices)
        if stack.notes:
            more = f"windows.kd.devices --stack {device.address:#x}"
            yield Finding(DEVICE_STACK_ORDER, Subject(address=device.address), "; ".join(stack.notes), more)
