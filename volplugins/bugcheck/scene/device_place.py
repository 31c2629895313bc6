"""Where a device is: its driver, the stack that it is in, and the device node by which a person finds it."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.bugcheck.scene.object_reader import NodeFacts, ObjectReader
from volplugins.io.device import Device
from volplugins.io.device_stack import stack_of


@dataclass(frozen=True, slots=True)
class DevicePlace:
    """One device and what is around it.

    Attributes:
        device: the device object itself.
        stack: all devices of its stack, top first.
        drivers: names of their drivers.
        node: of the stack; None where it is in no Plug and Play stack, or its node is not in the dump.
        notes: what is out of order, or absent.
    """

    device: Device
    stack: tuple[Device, ...]
    drivers: tuple[str, ...]
    node: NodeFacts | None
    notes: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The stack as DEVICE_STACK has it."""
        return " > ".join(self.drivers)

    def holds(self, device: int) -> bool:
        """Whether the device at this address is of the stack."""
        return any(each.address == device for each in self.stack)

    def below(self, device: int) -> Device | None:
        """The device below this one."""
        following = iter(self.stack)
        return next((next(following, None) for each in following if each.address == device), None)


def place_of(reader: ObjectReader, address: int) -> DevicePlace | None:
    """The place of the device at ``address``; None where there is none."""
    device = reader.device(address)
    if device is None:
        return None
    found = stack_of(device, reader.device)
    notes = list(found.notes)
    at = next((each.node for each in reversed(found.devices) if each.node), 0)
    node = reader.node(at) if at else None
    if node is None:
        notes.append(f"device node {at:#x} is not in the dump" if at else "no device of its stack names a device node")
    drivers = tuple(reader.driver_name(each) for each in found.devices)
    return DevicePlace(device, found.devices, drivers, node, tuple(notes))


def function_device(reader: ObjectReader, place: DevicePlace) -> Device | None:
    """The device of the function driver, which the node's service names; None where that cannot be told."""
    service = _last(place.node.service) if place.node is not None else ""
    for device in place.stack:
        driver = reader.driver(device.driver)
        if driver is not None and service and service in (_last(driver.service), _last(driver.name)):
            return device
    # without a name: of two, the one above the physical device object
    return place.stack[0] if not service and len(place.stack) == 2 else None


def is_function_driver(reader: ObjectReader, place: DevicePlace, device: int) -> bool | None:
    """Whether the device is the function driver's; None where that cannot be told."""
    found = function_device(reader, place)
    return found.address == device if found is not None else None


def _last(name: str) -> str:
    return name.rpartition("\\")[2].lower()
