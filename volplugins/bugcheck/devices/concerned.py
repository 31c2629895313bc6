"""Verifier bugchecks (0xC4, 0xC9) and others that merely concern a request or device: whose it is, where nothing else
is known. The place in code that they name counts more (culprit.py).
"""

from __future__ import annotations

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.devices.objects import blame_device
from volplugins.bugcheck.devices.requests import blame_holder, holder_of_irp
from volplugins.bugcheck.fault.named import parameters_of
from volplugins.bugcheck.scene.device_place import DevicePlace, place_of
from volplugins.bugcheck.suspects.device_blame import NOTHING, DeviceBlame
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.bugcheck.words.parameters import Role
from volplugins.io.request import Request
from volplugins.loader.module import Module

_MOST_LOCATIONS = 16


def blame_concerned(case: Case) -> DeviceBlame:
    """The holder of the request, else the owner of the device."""
    for role, value in _named(case):
        if role is Role.IRP_CONCERNED:
            holder = holder_of_irp(case, value)
            found = blame_holder(case, holder, None, "", Confidence.MEDIUM) if holder is not None else NOTHING
        else:
            found = blame_device(case, value, "", Confidence.MEDIUM, owner=True)
        if found.culprit is not None:
            return found
    return case.nobody()


def concerned_place(case: Case, module: Module) -> tuple[DevicePlace, str] | None:
    """The device of ``module`` among those that the parameters, and the requests they name, lead to."""
    for role, value in _named(case):
        for device in _devices(case, value) if role in (Role.IRP_CONCERNED, Role.IRP) else (value,):
            place = place_of(case.reader, device)
            driver = case.reader.driver(place.device.driver) if place is not None else None
            found = case.reader.module_of(driver) if driver is not None else None
            if place is not None and found is not None and found.base == module.base:
                what = "IRP" if role in (Role.IRP_CONCERNED, Role.IRP) else "device"
                return place, f"{what} {value:#x}, named by the bugcheck"
    return None


def _named(case: Case) -> list[tuple[Role, int]]:
    """The requests and devices among the parameters."""
    wanted = (Role.IRP_CONCERNED, Role.DEVICE_CONCERNED, Role.IRP, Role.DEVICE_OBJECT)
    return [(parameter.role, value) for parameter, value in parameters_of(case.scene)
            if parameter.role in wanted and value]  # fmt: skip


def _devices(case: Case, irp: int) -> tuple[int, ...]:
    request = case.reader.request(irp)
    if not isinstance(request, Request):
        return ()
    current = request.locations[max(request.location - 1, 0) :][:_MOST_LOCATIONS]
    return tuple(each.device for each in current if each.device)
