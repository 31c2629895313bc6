"""Devices of the power framework: POP_FX_DEVICE, and the copy of one that a live dump has (TRIAGE_POP_FX_DEVICE).

Both have the same members at the same places: the request for the device, its node (kernel/builds/io.py).
"""

from __future__ import annotations

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.devices.objects import blame_function_driver, with_node_of
from volplugins.bugcheck.devices.requests import blame_holder, holder_of_irp
from volplugins.bugcheck.scene.device_place import place_of
from volplugins.bugcheck.suspects.device_blame import DeviceBlame
from volplugins.bugcheck.suspects.suspects import Confidence


def blame_framework_device(case: Case, address: int, device: int, why: str) -> DeviceBlame:
    """The driver that holds the request of a device of the power framework, else its function driver.

    Args:
        address: of the POP_FX_DEVICE; 0 for none.
        device: its physical device object, where the bugcheck names that too.
    """
    irp, node, own = _members(case, address)
    found = case.reader.node(node) if node else None
    place = next(
        (place for each in (device, found.device if found is not None else 0, own)
         if each and (place := place_of(case.reader, each)) is not None), None,
    )  # fmt: skip
    if irp:
        holder = holder_of_irp(case, irp)
        if holder is not None:
            reason = f"the request that the power framework has under way for the device: {why}"
            return with_node_of(place, blame_holder(case, holder, place, reason))
    if place is None:
        if device:
            case.note(f"the physical device object {device:#x} {case.reader.no_device(device)}")
        return _by_service(case, found.instance if found is not None else "")
    return blame_function_driver(case, place, why, Confidence.MEDIUM)


def _by_service(case: Case, instance: str) -> DeviceBlame:
    if instance:
        case.note(f"the device is {instance}; its device objects are not in the dump")
    return case.nobody()


def _members(case: Case, address: int) -> tuple[int, int, int]:
    """The request, the device node and the device object of a POP_FX_DEVICE, 0 for those that are not there."""
    reader = case.reader
    if not address:
        return 0, 0, 0
    if not reader.system.in_kernel_half(address):
        case.note(f"the power framework's device {address:#x} is no address of the kernel")
        return 0, 0, 0
    for layout in (reader.system.layouts.fx_device, reader.system.layouts.fx_triage):
        if layout.has("DeviceNode"):
            irp, node, own = (reader.number(address, layout, each) for each in ("Irp", "DeviceNode", "DeviceObject"))
            if (irp, node, own) == (None, None, None):
                case.note(f"the power framework's device {address:#x} is not in the dump")
            return irp or 0, node or 0, own or 0
    case.note(f"the power framework's device {address:#x}: {reader.system.layouts.fx_device.source}")
    return 0, 0, 0
