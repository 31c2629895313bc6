"""DEVICE_STACK and DEVICE_INSTANCE: the device of the driver at fault, which a person can find and unplug."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.scene.device_place import DevicePlace
from volplugins.bugcheck.suspects.device_blame import BlamedDevice
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.output.rows import NOT_AVAILABLE


def device_rows(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """The device's stack and instance path; nothing where no device is known."""
    if analysis.devices.device is not None:
        yield from blamed_device_rows(analysis.devices.device)


def blamed_device_rows(device: BlamedDevice, section: str = "culprit") -> Iterator[AnalyzeRow]:
    """The same of one device."""
    place, confidence = device.place, device.confidence.value
    devices = " > ".join(f"{each.address:#x}" for each in place.stack)
    evidence = "; ".join([f"by {device.how}", f"devices {devices}", *place.notes])
    yield AnalyzeRow(section, "DEVICE_STACK", place.shown, confidence, evidence)
    value, evidence = _instance(place)
    yield AnalyzeRow(section, "DEVICE_INSTANCE", value or NOT_AVAILABLE, confidence if value else "", evidence)


def _instance(place: DevicePlace) -> tuple[str, str]:
    node = place.node
    if node is None:
        return "", next((each for each in place.notes if "device node" in each), "")
    if not node.instance:
        return "", f"the instance path of device node {node.address:#x} is not in the dump"
    service = f", service {node.service}" if node.service else ""
    return node.instance, f"device node {node.address:#x}{service}"
