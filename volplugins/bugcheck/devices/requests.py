"""Blame by a request: the driver that holds it, and how well that is witnessed."""

from __future__ import annotations

from volplugins.bugcheck.devices.holding import Holding, holding
from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.scene.device_place import DevicePlace
from volplugins.bugcheck.suspects.device_blame import DeviceBlame
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.io.request import Request


def holder_of_irp(case: Case, irp: int) -> Holding | None:
    """Who holds the request at ``irp``; the case takes why nobody is known."""
    request = case.reader.request(irp)
    if not isinstance(request, Request):
        case.note(f"IRP {irp:#x} {request}")
        return None
    found = holding(case.reader, request)
    if isinstance(found, Holding):
        return found
    case.note(found)
    return None


def blame_holder(
    case: Case, found: Holding, named: DevicePlace | None = None, why: str = "", most: Confidence = Confidence.HIGH
) -> DeviceBlame:
    """The driver that holds a request.

    Args:
        named: the place of the device that the bugcheck names beside it.
        why: what leads to the request, in words.
        most: how sure it is at best.
    """
    doubts = list(found.doubts)
    if named is not None and not named.holds(found.location.device):
        doubts.append(f"it is not at a device of the stack of {named.device.address:#x}, which the bugcheck names")
    reason = "; ".join([found.text, *filter(None, [why]), *(f"less sure: {each}" for each in doubts)])
    confidence = Confidence.MEDIUM if doubts and most is Confidence.HIGH else most
    how = f"the device at which IRP {found.request.irp:#x} is held"
    return case.blame(found.module, reason, confidence, found.place, how)
