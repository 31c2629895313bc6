"""What the power manager keeps of power requests for a crash: TRIAGE_9F_POWER and its list of POP_IRP_DATA.

Layouts: kernel/builds/io.py. The same list is PopIrpList among the kernel's variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.bugcheck.devices.lead import Case
from volplugins.io.clock import read_clock
from volplugins.io.linked_list import ListWalk
from volplugins.memory.reader import ReadError

_POWER_SIGNATURE = 0x8000
_MOST_RECORDS = 4096
DEVICE_POWER = 1  # DevicePowerState, of POWER_STATE_TYPE
SET_POWER = 2  # IRP_MN_SET_POWER


@dataclass(frozen=True, slots=True)
class PowerRecord:
    """One POP_IRP_DATA: the request, its physical device object, the device that it was sent to, and the one at which
    it is; since when it is watched. Members that are not in the dump are 0.
    """

    irp: int
    pdo: int
    target: int
    current: int
    since: int
    minor: int
    kind: int


def power_records(case: Case, triage: int) -> tuple[PowerRecord, ...]:
    """The records of the triage block at ``triage`` (0: of the kernel's own list), as far as they are there."""
    head = _head(case, triage)
    if not head:
        return ()
    layout = case.reader.system.layouts.power_irp
    if not layout.has("Irp"):
        return ()  # nobody says how this build lays them out
    walk = ListWalk(case.scene.memory, head, case.scene.bits, _MOST_RECORDS)
    found = tuple(_records(case, walk, layout.offset("Link")))
    for problem in walk.problems:
        case.note(f"the power manager's list of requests: {problem}")
    return found


def _records(case: Case, walk: ListWalk, link: int) -> Iterator[PowerRecord]:
    layout, number = case.reader.system.layouts.power_irp, case.reader.number
    members = ("Irp", "Pdo", "TargetDevice", "CurrentDevice", "WatchdogStart", "MinorFunction", "PowerStateType")
    for entry in walk.entries():
        values = [number(entry - link, layout, member) or 0 for member in members]
        if values[0]:
            yield PowerRecord(*values)


def _head(case: Case, triage: int) -> int:
    """The list's head: by the triage block, else by the kernel's variable."""
    system, layout = case.reader.system, case.reader.system.layouts.power_triage
    if triage and system.in_kernel_half(triage) and layout.has("IrpList"):
        signature = case.reader.number(triage, layout, "Signature")
        if signature == _POWER_SIGNATURE:
            return case.reader.number(triage, layout, "IrpList") or 0
        if signature is not None:
            case.note(f"the triage block {triage:#x} has the signature {signature:#x}, not {_POWER_SIGNATURE:#x}")
    return _variable(case, "PopIrpList")


def _variable(case: Case, name: str) -> int:
    """Address of a list head among the kernel's variables, where it is in the dump."""
    address = case.reader.system.variable(name)
    try:
        return address if address and case.reader.system.pointer(address) else 0
    except ReadError:
        return 0


def age_text(case: Case, record: PowerRecord) -> str:
    """How long the power manager has watched a request, in words; empty where that is not known."""
    clock = read_clock(case.scene.memory, case.scene.bits, case.scene.target.build)
    age = clock.since_mark(record.since) if clock is not None and record.since else None
    if clock is None or age is None:
        return ""
    asleep = clock.may_be_sleep(age, age)
    return f"watched for {age:.0f} s" + (f" ({asleep})" if asleep else "")
