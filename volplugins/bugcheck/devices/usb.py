"""BUGCODE_USB_DRIVER (0xFE): the driver that sent the request, or the controller's device.

Where a client driver sends what is pending already (2, 4), the bus's drivers only noticed: the request's sender is at
the location above theirs (Microsoft's bug check reference, the page of 0xFE). For bad addresses by the hardware (5) the
parameter is the device extension of the controller's device, which lies behind its device object (IoCreateDevice).
"""

from __future__ import annotations

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.scene.device_place import place_of
from volplugins.bugcheck.suspects.device_blame import DeviceBlame
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.io.request import Request

_URB_IN_USE, _IRP_PENDING, _BAD_HARDWARE_ADDRESS = 2, 4, 5
_DEVICE_SIZE = {64: 0x150, 32: 0xB8}  # of a DEVICE_OBJECT (wdm.h)


def blame_usb(case: Case) -> DeviceBlame:
    """The client driver, by its request; the controller's device, by its extension."""
    kind, second, third, _ = case.parameters
    if kind == _URB_IN_USE:
        return _sender(case, third or second)
    if kind == _IRP_PENDING:
        return _sender(case, second)
    if kind == _BAD_HARDWARE_ADDRESS:
        return _controller(case, second)
    return case.nobody()


def _sender(case: Case, irp: int) -> DeviceBlame:
    """The lowest driver above the bus's that is not Windows' own: it made the request or passed it on."""
    request = case.reader.request(irp)
    if not isinstance(request, Request):
        case.note(f"IRP {irp:#x} {request}")
        return case.nobody()
    for location in request.locations[max(request.location - 1, 0) :]:
        place = place_of(case.reader, location.device) if location.device else None
        driver = case.reader.driver(place.device.driver) if place is not None else None
        module = case.reader.module_of(driver) if driver is not None else None
        if module is not None and driver is not None and not case.owners.is_windows(module):
            reason = (f"IRP {irp:#x}, named by the bugcheck, was sent by {module.image_name} ({driver.name}): "
                      f"stack location {location.number} of {request.count}, device {location.device:#x}")  # fmt: skip
            return case.blame(module, reason, Confidence.MEDIUM, place, f"the device that IRP {irp:#x} was sent to")
    case.note(f"all drivers of IRP {irp:#x} that are known are Windows' own")
    return case.nobody()


def _controller(case: Case, extension: int) -> DeviceBlame:
    """The controller's device alone: the hardware is at fault as often as its driver."""
    address = extension - _DEVICE_SIZE[case.scene.bits]
    place = place_of(case.reader, address) if extension else None
    if place is None or place.device.extension != extension:
        case.note(f"no device object lies before the device extension {extension:#x}")
        return case.nobody()
    return case.nobody(place, f"the device whose extension {extension:#x} the bugcheck names")
