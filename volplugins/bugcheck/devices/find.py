"""Which way leads from a bugcheck's parameters to a driver and its device, by code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from volplugins.bugcheck.devices.concerned import blame_concerned, concerned_place
from volplugins.bugcheck.devices.dpc_watchdog import with_profile
from volplugins.bugcheck.devices.driver_devices import only_place
from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.devices.plug_and_play import blame_watchdog
from volplugins.bugcheck.devices.power_failures import blame_power
from volplugins.bugcheck.devices.resources import blame_resource
from volplugins.bugcheck.devices.roles import blame_by_roles
from volplugins.bugcheck.devices.standby import blame_directed, blame_standby
from volplugins.bugcheck.devices.threads import holdings
from volplugins.bugcheck.devices.usb import blame_usb
from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.device_place import DevicePlace
from volplugins.bugcheck.scene.object_reader import ObjectReader
from volplugins.bugcheck.scene.owners import Owners
from volplugins.bugcheck.suspects.device_blame import NOTHING, BlamedDevice, DeviceBlame
from volplugins.bugcheck.suspects.hung_processor import hung_processor
from volplugins.bugcheck.suspects.suspects import Confidence, Culprit
from volplugins.loader.module import Module

POWER_FAILURE, PNP_WATCHDOG, DPC_WATCHDOG, CLOCK_WATCHDOG = 0x9F, 0x1D5, 0x133, 0x101
STANDBY_WATCHDOG, DIRECTED_POWER, RESOURCE_TIMEOUT, USB = 0x15F, 0x1A9, 0x1CC, 0xFE
_VERIFIER = frozenset({0xC4, 0xC9})
_DISPLAY = frozenset({0x116, 0x117, 0x119, 0x141})
_SYSTEM_THREAD = 0x7E

_WAYS: dict[int, Callable[[Case], DeviceBlame]] = {
    POWER_FAILURE: blame_power, PNP_WATCHDOG: blame_watchdog, STANDBY_WATCHDOG: blame_standby,
    DIRECTED_POWER: blame_directed, RESOURCE_TIMEOUT: blame_resource, USB: blame_usb,
}  # fmt: skip
# bugchecks whose culprit is found by the stack or an address, and whose device is looked for then
_DEVICE_AFTERWARDS = frozenset({DPC_WATCHDOG, CLOCK_WATCHDOG, USB, _SYSTEM_THREAD}) | _VERIFIER | _DISPLAY


def find_device_blame(scene: CrashScene) -> DeviceBlame:
    """What the objects that the bugcheck names say; nothing for a target without a bugcheck."""
    if not scene.target.crashed:
        return NOTHING
    case = Case(scene, Owners(scene), ObjectReader(scene))
    found = _WAYS.get(case.code, blame_by_roles)(case)
    culprit = found.culprit
    if culprit is not None:
        culprit = replace(culprit, reason="; ".join([culprit.reason, *case.notes]))
    return DeviceBlame(culprit, found.device, tuple(case.notes))


def concerned_blame(scene: CrashScene) -> DeviceBlame:
    """Whose the request or device is that a verifier's bugcheck is about."""
    case = Case(scene, Owners(scene), ObjectReader(scene))
    return blame_concerned(case) if case.code in _VERIFIER else NOTHING


def explained(scene: CrashScene, culprit: Culprit | None) -> Culprit | None:
    """The culprit with what the DPC watchdog's own record says."""
    case = Case(scene, Owners(scene), ObjectReader(scene))
    return with_profile(case, culprit) if case.code == DPC_WATCHDOG and scene.target.crashed else culprit


def device_of(scene: CrashScene, culprit: Culprit | None, blame: DeviceBlame) -> DeviceBlame:
    """The blame with the device of a culprit that was found by other ways."""
    case = Case(scene, Owners(scene), ObjectReader(scene), list(blame.notes))
    module = culprit.module if culprit is not None else None
    device = blame.device
    wanted = device is None and case.code in _DEVICE_AFTERWARDS
    if wanted and module is not None and not known.is_core(module):
        found = _place_of_module(case, module)
        device = BlamedDevice(*found, Confidence.MEDIUM) if found is not None else None
    return DeviceBlame(blame.culprit, device, tuple(case.notes))


def _place_of_module(case: Case, module: Module) -> tuple[DevicePlace, str] | None:
    """By a request that the parameters name, by one that the thread sent, by the only device that there is."""
    concerned = concerned_place(case, module)
    if concerned is not None:
        return concerned
    hung = hung_processor(case.scene)
    threads = (("the thread that hangs", hung.current_thread if hung is not None else None),
               ("the crashing thread", case.scene.thread))  # fmt: skip
    for word, thread in threads:
        for held in holdings(case, thread.ethread, False) if thread is not None and thread.ethread else ():
            if held.module.base == module.base:
                return held.place, f"the device at which IRP {held.request.irp:#x} of {word} is held ({held.what})"
    return only_place(case, module)
