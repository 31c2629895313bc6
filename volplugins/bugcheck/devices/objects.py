"""Blame by a device or driver object that a bugcheck names."""

from __future__ import annotations

from dataclasses import replace

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.device_place import DevicePlace, function_device, place_of
from volplugins.bugcheck.suspects.device_blame import BlamedDevice, DeviceBlame
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.io.driver import Driver
from volplugins.loader.module import Module


def blame_driver(case: Case, address: int, device: int = 0, why: str = "") -> DeviceBlame:
    """The driver whose DRIVER_OBJECT is named; the device named beside it, where it is that driver's."""
    driver = case.reader.driver(address)
    if driver is None:
        case.note(f"the driver object {address:#x} {case.reader.no_driver(address)}")
        return case.nobody()
    place = place_of(case.reader, device) if device else None
    if place is not None and place.device.driver != address:
        place = None
    module = _module(case, driver)
    if module is None:
        return case.nobody(place, f"device {device:#x}, which the bugcheck names")
    reason = f"driver object {address:#x}, named by the bugcheck, belongs to {_name(driver, module)}"
    how = f"device {device:#x}, named beside its driver"
    return case.blame(module, _joined(reason, why), Confidence.HIGH, place, how)


def blame_device(
    case: Case, address: int, why: str, confidence: Confidence, word: str = "named by the bugcheck", owner: bool = False
) -> DeviceBlame:
    """The driver that owns a DEVICE_OBJECT.

    Args:
        owner: nobody else; otherwise, for a device of the kernel's own, the function driver above it.
    """
    place = place_of(case.reader, address)
    if place is None:
        if address:
            case.note(f"the device object {address:#x} {case.reader.no_device(address)}")
        return case.nobody()
    driver = case.reader.driver(place.device.driver)
    how = f"device {address:#x}, {word}"
    if driver is None:
        case.note(f"{how}: its driver object {place.device.driver:#x} {case.reader.no_driver(place.device.driver)}")
        return case.nobody(place, how)
    module = _module(case, driver)
    if module is None or known.is_core(module):
        return case.nobody(place, how) if owner else blame_function_driver(case, place, why, Confidence.MEDIUM)
    reason = f"device object {address:#x}, {word}, belongs to {_name(driver, module)}"
    return case.blame(module, _joined(reason, why), confidence, place, how)


def blame_function_driver(case: Case, place: DevicePlace, why: str, confidence: Confidence) -> DeviceBlame:
    """The function driver of a device's stack: the one that the device node's service names."""
    how = f"the stack of device {place.device.address:#x}, which the bugcheck names"
    found = function_device(case.reader, place)
    driver = case.reader.driver(found.driver) if found is not None else None
    module = _module(case, driver) if driver is not None else None
    if found is None or driver is None or module is None:
        if driver is None:
            case.note(f"the function driver of device {place.device.address:#x} is not known")
        return case.nobody(place, how)
    reason = f"{_name(driver, module)} is the function driver in {how}"
    return case.blame(module, _joined(reason, why), confidence, place, how)


def with_node_of(named: DevicePlace | None, blame: DeviceBlame) -> DeviceBlame:
    """The blame with the device node of the named device, where both are of one stack and its own is not known."""
    device = blame.device
    if device is None or device.place.node is not None or named is None or named.node is None:
        return blame
    if not named.holds(device.place.device.address):
        return blame
    notes = tuple(each for each in device.place.notes if "device node" not in each)
    return replace(blame, device=BlamedDevice(replace(device.place, node=named.node, notes=notes), device.how,
                                              device.confidence))  # fmt: skip


def _module(case: Case, driver: Driver) -> Module | None:
    """The module of a driver; the case takes why there is none."""
    module = case.reader.module_of(driver)
    if module is None:
        name = driver.name or f"driver object {driver.address:#x}"
        case.note(f"{name} has no image of its own" if not driver.start
                  else f"the image {driver.start:#x} of {name} is no module")  # fmt: skip
    return module


def _name(driver: Driver, module: Module) -> str:
    return f"{module.image_name} ({driver.name})" if driver.name else module.image_name


def _joined(reason: str, why: str) -> str:
    return f"{reason}: {why}" if why else reason
