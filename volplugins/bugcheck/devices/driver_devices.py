"""The device of a driver that was found by other ways: the only one of its list that is in a Plug and Play stack.

The driver object is the one below ``\\Driver`` or ``\\FileSystem`` whose image is the module.
"""

from __future__ import annotations

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.scene.device_place import DevicePlace, place_of
from volplugins.io.object_directories import read_namespace
from volplugins.io.objects import ObjectHeaders
from volplugins.io.view import DRIVER_DIRECTORIES
from volplugins.loader.module import Module

_MOST_DRIVERS, _MOST_DEVICES = 4096, 256


def only_place(case: Case, module: Module) -> tuple[DevicePlace, str] | None:
    """The one device with a node among a driver's devices; None where there are several, or none."""
    first = _first_device(case, module)
    places: dict[int, DevicePlace] = {}
    seen: set[int] = set()
    while first and first not in seen and len(seen) < _MOST_DEVICES:
        seen.add(first)
        place = place_of(case.reader, first)
        if place is None:
            break
        if place.node is not None:
            places.setdefault(place.node.address, place)
        first = place.device.next
    if len(places) == 1:
        return next(iter(places.values())), f"the only device of {module.image_name} that Plug and Play knows"
    if places:
        case.note(f"{module.image_name} serves {len(places)} devices: which of them is concerned is not known")
    return None


def _first_device(case: Case, module: Module) -> int:
    """The head of the list of devices of the driver whose image the module is."""
    if case.scene.target.triage is not None:
        return 0  # the object directories are in no small dump
    namespace = read_namespace(case.reader.system, ObjectHeaders(case.reader.system))
    drivers = (address for address, _ in namespace.below(*DRIVER_DIRECTORIES))
    for _, address in zip(range(_MOST_DRIVERS), drivers, strict=False):
        driver = case.reader.driver(address)
        if driver is not None and driver.start == module.base:
            return driver.first_device
    return 0
