"""Standby watchdogs (0x15F) and directed power that took too long (0x1A9): the device of the power framework."""

from __future__ import annotations

from volplugins.bugcheck.devices.framework import blame_framework_device
from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.suspects.device_blame import DeviceBlame

_NO_DEVICE = {
    1: "the watchdog names no device: its metrics (POP_DRIPS_WATCHDOG_METRICS) have no public layout",
    3: "the watchdog names a platform extension's veto, no device",
    4: "the watchdog names no device: its metrics have no public layout",
    5: "the watchdog names no device: its metrics have no public layout",
}
_DEVICE = 2


def blame_standby(case: Case) -> DeviceBlame:
    """The function driver of the device that kept the machine awake."""
    kind, framework, component, _ = case.parameters
    if kind != _DEVICE:
        if kind in _NO_DEVICE:
            case.note(_NO_DEVICE[kind])
        return case.nobody()
    why = f"its component {component} kept the machine from its deepest idle state"
    return blame_framework_device(case, framework, 0, why)


def blame_directed(case: Case) -> DeviceBlame:
    """The driver that did not answer a directed change of power."""
    return blame_framework_device(case, case.parameters[0], 0, "it did not follow a directed change of power in time")
