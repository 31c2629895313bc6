"""Power states and actions, and what PnP requests ask for, in words.

Source: the public header wdm as MinGW-w64 publishes it.
"""

from __future__ import annotations

from volplugins.io.words.flag_words import numbered

DEVICE_STATES = tuple(f"PowerDevice{name}" for name in ("Unspecified", "D0", "D1", "D2", "D3"))
SYSTEM_STATES = tuple(
    f"PowerSystem{name}"
    for name in ("Unspecified", "Working", "Sleeping1", "Sleeping2", "Sleeping3", "Hibernate", "Shutdown")
)
STATE_TYPES = ("SystemPowerState", "DevicePowerState")
ACTIONS = tuple(
    f"PowerAction{name}"
    for name in "None Reserved Sleep Hibernate Shutdown ShutdownReset ShutdownOff WarmEject DisplayOff".split()
)
RELATIONS = (
    "BusRelations", "EjectionRelations", "PowerRelations", "RemovalRelations", "TargetDeviceRelation",
    "SingleBusRelations", "TransportRelations",
)  # fmt: skip
IDS = tuple(
    f"BusQuery{name}"
    for name in ("DeviceID", "HardwareIDs", "CompatibleIDs", "InstanceID", "DeviceSerialNumber", "ContainerID")
)
TEXTS = ("DeviceTextDescription", "DeviceTextLocationInformation")
USAGES = tuple(
    f"DeviceUsageType{name}"
    for name in ("Undefined", "Paging", "Hibernation", "DumpFile", "Boot", "PostDisplay", "GuestAssigned")
)
_DEVICE_TYPE = 1  # DevicePowerState, of POWER_STATE_TYPE


def state_type(kind: int) -> str:
    """``SystemPowerState`` or ``DevicePowerState``; the number for anything else."""
    return numbered(STATE_TYPES, kind)


def power_state(kind: int, state: int) -> str:
    """The state that a power request of this POWER_STATE_TYPE asks for: ``PowerDeviceD3``, ``PowerSystemSleeping3``."""
    return numbered(DEVICE_STATES if kind == _DEVICE_TYPE else SYSTEM_STATES, state)


def power_action(action: int) -> str:
    """``PowerActionSleep``; the number where it has no name."""
    return numbered(ACTIONS, action)
