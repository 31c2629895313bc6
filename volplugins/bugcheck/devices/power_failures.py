"""DRIVER_POWER_STATE_FAILURE (0x9F): who held up, lost or let fall a power request.

The kinds, by parameter 1: Microsoft's bug check reference, the page of 0x9F.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from volplugins.bugcheck.devices.framework import blame_framework_device
from volplugins.bugcheck.devices.holding import Holding
from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.devices.objects import blame_device, blame_driver, blame_function_driver, with_node_of
from volplugins.bugcheck.devices.plug_and_play import blame_plug_and_play
from volplugins.bugcheck.devices.power_records import DEVICE_POWER, SET_POWER, PowerRecord, age_text, power_records
from volplugins.bugcheck.devices.requests import blame_holder, holder_of_irp
from volplugins.bugcheck.scene.device_place import DevicePlace, place_of
from volplugins.bugcheck.suspects.device_blame import DeviceBlame
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.io.words.functions import POWER

_TRIAGE_SINCE = 7600  # before, parameter 3 of kind 3 is the functional device object
_SYSTEM_POWER = 0
_DIRECTED_TIMEOUT = 5


def blame_power(case: Case) -> DeviceBlame:
    """The driver at fault by the parameters of 0x9F."""
    kinds: dict[int, Callable[[Case], DeviceBlame]] = {
        1: _freed, 2: _lost, 3: _held_up, 4: _plug_and_play, 5: _directed, 6: _directed, 0x500: _lost_500,
    }  # fmt: skip
    kind = kinds.get(case.parameters[0])
    return kind(case) if kind is not None else case.nobody()


def _freed(case: Case) -> DeviceBlame:
    """1: a device was freed while a power request for it was under way."""
    device = case.parameters[1]
    named = [each for each in power_records(case, 0) if device in (each.pdo, each.target, each.current)]
    if not named:
        return blame_device(case, device, "it was freed with a power request under way", Confidence.MEDIUM)
    why = f"it was freed, and the power manager still lists IRP {named[0].irp:#x} for it"
    return blame_device(case, device, why, Confidence.HIGH)


def _lost(case: Case) -> DeviceBlame:
    """2: a request for a system state was completed, and the next one not asked for."""
    _, target, device, driver = case.parameters
    return _not_continued(case, device or target, driver)


def _lost_500(case: Case) -> DeviceBlame:
    _, _, target, device = case.parameters
    return _not_continued(case, device or target, 0)


def _not_continued(case: Case, device: int, driver: int) -> DeviceBlame:
    why = "it completed a power request without asking for the next one"
    if driver:
        found = blame_driver(case, driver, device, why)
        if found.culprit is not None:
            return found
    return blame_device(case, device, why, Confidence.MEDIUM)


def _held_up(case: Case) -> DeviceBlame:
    """3: a driver has held a power request for too long."""
    _, device, triage, irp = case.parameters
    named = place_of(case.reader, device)
    if named is None:
        case.note(f"the physical device object {device:#x} {case.reader.no_device(device)}")
    records = power_records(case, triage if case.scene.target.build >= _TRIAGE_SINCE else 0)
    record = next((each for each in records if each.irp == irp), None)
    found = holder_of_irp(case, irp)
    if found is None:
        return _without_request(case, named, record)
    other = _device_request(found, records, case.scene.bits // 8)
    why = _witness(case, record, found)
    if other is None:
        return with_node_of(named, blame_holder(case, found, named, why))
    why = "; ".join(filter(None, [why, f"it may wait for IRP {other.irp:#x}, which asks for another power state of the "
                                       f"same device and is at device {other.current:#x}"]))  # fmt: skip
    mine = other.current == found.location.device
    return with_node_of(named, blame_holder(case, found, named, why, Confidence.HIGH if mine else Confidence.MEDIUM))


def _witness(case: Case, record: PowerRecord | None, found: Holding) -> str:
    """What the power manager's own record of the request says."""
    if record is None:
        return ""
    where = "at the same device" if record.current == found.location.device else f"at device {record.current:#x}"
    return ", ".join(filter(None, [f"the power manager's record has it {where}", age_text(case, record)]))


def _device_request(found: Holding, records: Iterable[PowerRecord], width: int) -> PowerRecord | None:
    """The request for a device state that a held request for a system state may be waiting for."""
    kind = found.location.word(1, width) & 0xFFFFFFFF
    if found.location.major != POWER or found.location.minor != SET_POWER or kind != _SYSTEM_POWER:
        return None
    waited = (each for each in records if each.irp != found.request.irp and found.place.holds(each.pdo))
    return next((each for each in waited if (each.kind, each.minor) == (DEVICE_POWER, SET_POWER)), None)


def _without_request(case: Case, named: DevicePlace | None, record: PowerRecord | None) -> DeviceBlame:
    """By the power manager's record of the request, else by the device alone."""
    if record is not None and record.current:
        why, word = "the request is there", "named by the power manager's record"
        found = blame_device(case, record.current, why, Confidence.MEDIUM, word)
        if found.culprit is not None:
            return with_node_of(named, found)
    if named is None:
        return case.nobody()
    return blame_function_driver(case, named, "who of its stack holds the request is not known", Confidence.LOW)


def _plug_and_play(case: Case) -> DeviceBlame:
    """4: a power transition waited for Plug and Play, whose lock a thread holds."""
    _, _, thread, triage = case.parameters
    return blame_plug_and_play(case, thread, triage)


def _directed(case: Case) -> DeviceBlame:
    """5 and 6: a device did not follow a directed change of its power state."""
    kind, second, third, _ = case.parameters
    device, framework = (second, third) if kind == _DIRECTED_TIMEOUT else (0, second)
    return blame_framework_device(case, framework, device, "it did not follow a directed change of power")
