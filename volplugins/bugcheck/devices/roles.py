"""Blame by the roles of a bugcheck's parameters, where no kind of its own is written for the code."""

from __future__ import annotations

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.devices.objects import blame_device, blame_driver
from volplugins.bugcheck.devices.requests import blame_holder, holder_of_irp
from volplugins.bugcheck.fault.named import parameters_of
from volplugins.bugcheck.scene.device_place import place_of
from volplugins.bugcheck.suspects.device_blame import NOTHING, DeviceBlame
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.bugcheck.words.parameters import Role


def blame_by_roles(case: Case) -> DeviceBlame:
    """The owner of the driver object, else the holder of the request, else the owner of the device, that are named."""
    driver, irp, device = (
        _named(case, role) for role in (Role.DRIVER_OBJECT, Role.IRP, Role.DEVICE_OBJECT)
    )  # fmt: skip
    if not (driver or irp or device):
        return NOTHING
    first = device[0] if device else 0
    by_driver = blame_driver(case, driver[0], first) if driver else NOTHING
    if by_driver.culprit is not None:
        return by_driver
    holder = holder_of_irp(case, irp[0]) if irp else None
    if holder is not None:
        return blame_holder(case, holder, place_of(case.reader, first) if first else None)
    tried = [blame_device(case, each, "", Confidence.MEDIUM, owner=True) for each in device]
    return next((each for each in tried if each.culprit is not None), tried[0] if tried else case.nobody())


def _named(case: Case, role: Role) -> list[int]:
    """The values of the parameters of a role, without zeros."""
    return [value for parameter, value in parameters_of(case.scene) if parameter.role is role and value]
