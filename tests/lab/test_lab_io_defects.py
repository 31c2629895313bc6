"""Hooks, holes and stumbling blocks in the I/O system's objects: each is there, and nothing else has changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lab.io_reader import Reader
from tests.lab.machine_memory import kernel_bytes, made
from volplugins.lab.damage.io import IO_DEFECTS, with_io_defect
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES

CASES = [(machine, name) for machine in MACHINES for name in IO_DEFECTS]
MOST_CHANGED = 0x120  # bytes


class Patient(Reader):
    """A damaged machine and its truth."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        self.io = snapshot.truth["io"]
        self.at = snapshot.truth["io_defect"]["at"]

    def one(self, kind: str, key: str, value: object) -> dict[str, object]:
        (found,) = [each for each in self.io[kind] if each[key] == value]
        return found

    def driver(self, name: str) -> int:
        return next(each["object"] for each in self.io["drivers"] if each["name"].endswith(f"\\{name}"))

    def outside(self, address: int) -> bool:
        """Whether a routine lies in no module, but in memory that can be read."""
        return address & ~0xFFF in self.snapshot.virtual and not any(
            each["base"] <= address < each["base"] + each["size"] for each in self.snapshot.truth["modules"]
        )

    def chain(self, at: int, structure: str, path: str) -> tuple[list[int], int]:
        """What a chain of pointers goes through, and the address that it comes back to (zero: it ends)."""
        found: list[int] = []
        while at and at not in found:
            found.append(at)
            at = self.pointer(at, structure, path)
        return found, at

    def hook(self, kind: str) -> int:
        (hook,) = self.io["hooks"]
        assert hook["kind"] == kind
        assert self.outside(hook["address"])
        return int(hook["address"])


def dispatch_hook(patient: Patient) -> bool:
    return patient.pointer(patient.driver("kbdclass"), "_DRIVER_OBJECT", "MajorFunction[3]") == patient.hook("dispatch")


def fastio_hook(patient: Patient) -> bool:
    table = patient.pointer(patient.driver("Ntfs"), "_DRIVER_OBJECT", "FastIoDispatch")
    return patient.pointer(table, "_FAST_IO_DISPATCH", "FastIoRead") == patient.hook("fast-io")


def completion_hook(patient: Patient) -> bool:
    request = patient.one("requests", "what", "file read")
    location = patient.pointer(int(str(request["irp"])), "_IRP", "Tail.Overlay.CurrentStackLocation")
    routine = patient.pointer(location, "_IO_STACK_LOCATION", "CompletionRoutine")
    return routine == patient.hook("completion") == request["completion"]


def in_directories(patient: Patient, name: str) -> bool:
    found = list(patient.objects(patient.variable("ObpRootDirectoryObject")))
    assert len(found) > 60
    return name in {path for path, _, _ in found}


def driver_unlinked(patient: Patient) -> bool:
    driver = patient.one("drivers", "name", "\\Driver\\acmedrv")
    leads = [each for each in patient.io["devices"] if each["driver"] == driver["name"]]
    assert leads and driver["found"] == "device" and driver["object"] == patient.at
    return not in_directories(patient, "\\Driver\\acmedrv") and in_directories(patient, "\\Device\\AcmeControl")


def driver_hidden(patient: Patient) -> bool:
    gone = ("\\Driver\\WMIxWDM", "\\Device\\WMIDataDevice")
    return patient.one("drivers", "name", gone[0])["found"] == "scan" and not any(
        in_directories(patient, name) for name in gone
    )


def driver_unloaded(patient: Patient) -> bool:
    start = patient.pointer(patient.at, "_DRIVER_OBJECT", "DriverStart")
    assert patient.one("drivers", "object", patient.at)["module"] is None
    assert start == patient.snapshot.truth["unloaded"][0]["base"]
    return not any(each["base"] <= start < each["base"] + each["size"] for each in patient.snapshot.truth["modules"])


def device_wrong_driver(patient: Patient) -> bool:
    said = patient.pointer(patient.at, "_DEVICE_OBJECT", "DriverObject")
    assert said not in {each["object"] for each in patient.io["drivers"]}
    return patient.number(said, "_DRIVER_OBJECT", "Type") == 3


def stack_out_of_order(patient: Patient) -> bool:
    extension = patient.pointer(patient.at, "_DEVICE_OBJECT", "DeviceObjectExtension")
    lower = patient.pointer(extension, "_DEVOBJ_EXTENSION", "AttachedTo")
    return patient.pointer(lower, "_DEVICE_OBJECT", "AttachedDevice") != patient.at


def device_loop(patient: Patient) -> bool:
    first = patient.pointer(patient.driver("usbport"), "_DRIVER_OBJECT", "DeviceObject")
    found, back = patient.chain(first, "_DEVICE_OBJECT", "NextDevice")
    return len(found) > 5 and back == first == patient.at


def attached_loop(patient: Patient) -> bool:
    found, back = patient.chain(patient.at, "_DEVICE_OBJECT", "AttachedDevice")
    return len(found) == 2 and back == patient.at


def node_loop(patient: Patient) -> bool:
    found, back = patient.chain(patient.at, "_DEVICE_NODE", "Sibling")
    return len(found) == 4 and back == patient.at


def irp_list_loop(patient: Patient) -> bool:
    found, back = patient.chain(patient.at, "_LIST_ENTRY", "Flink")
    return len(found) == 2 and back == patient.at


def irp_current_location(patient: Patient) -> bool:
    count, current = (patient.number(patient.at, "_IRP", name) for name in ("StackCount", "CurrentLocation"))
    return current > count + 1


def irp_stack_ff(patient: Patient) -> bool:
    location = patient.pointer(patient.at, "_IRP", "Tail.Overlay.CurrentStackLocation")
    return patient.number(location, "_IO_STACK_LOCATION", "MajorFunction") == 0xFF


def name_64k(patient: Patient) -> bool:
    length = patient.number(patient.at, "_DRIVER_OBJECT", "DriverName.Length")
    buffer = patient.pointer(patient.at, "_DRIVER_OBJECT", "DriverName.Buffer")
    return len(kernel_bytes(patient.snapshot, buffer, length)) == 0xFFFE


def directory_loop(patient: Patient) -> bool:
    found, back = patient.chain(patient.at, "_OBJECT_DIRECTORY_ENTRY", "ChainLink")
    return len(found) >= 2 and back == patient.at


def type_cookie(patient: Patient) -> bool:
    try:
        kind, _, _ = patient.header(patient.at)
    except (KeyError, UnicodeDecodeError):
        return True
    return kind not in ("Driver", "Device")


CHECKS: dict[str, Callable[[Patient], bool]] = {
    "dispatch-hook": dispatch_hook, "fastio-hook": fastio_hook, "completion-hook": completion_hook,
    "driver-unlinked": driver_unlinked, "driver-hidden": driver_hidden, "driver-unloaded": driver_unloaded,
    "device-wrong-driver": device_wrong_driver, "stack-out-of-order": stack_out_of_order,
    "device-loop": device_loop, "attached-loop": attached_loop, "node-loop": node_loop,
    "irp-list-loop": irp_list_loop, "irp-current-location": irp_current_location, "irp-stack-ff": irp_stack_ff,
    "name-64k": name_64k, "directory-loop": directory_loop, "type-cookie": type_cookie,
}  # fmt: skip


@pytest.mark.parametrize(("machine", "name"), CASES)
def test_the_defect_is_there_and_nothing_else_is(machine: str, name: str) -> None:
    sound = made(machine, "driver-read")
    before = dict(sound.pages)
    damaged = with_io_defect(sound, name)
    assert sound.pages == before and "io_defect" not in sound.truth and not sound.truth["io"]["hooks"]
    assert damaged.truth["io_defect"]["name"] == name
    assert CHECKS[name](Patient(damaged))
    changed = sum(
        one != other
        for frame, page in damaged.pages.items()
        if page != before.get(frame)
        for one, other in zip(page, before.get(frame, bytes(4096)), strict=True)
    )
    assert 0 < changed <= MOST_CHANGED


@pytest.mark.parametrize("name", IO_DEFECTS)
def test_sound_machines_have_none(name: str) -> None:
    for machine in MACHINES:
        sound = made(machine, "driver-read")
        damaged = with_io_defect(sound, name)
        patient = Patient(damaged)
        damaged.pages = dict(sound.pages)
        try:
            assert not CHECKS[name](patient)
        except AssertionError:
            continue


def test_there_is_no_other_defect() -> None:
    assert set(CHECKS) == set(IO_DEFECTS)
    with pytest.raises(ValueError, match="no I/O defect nothing"):
        with_io_defect(made(MACHINES[0], "driver-read"), "nothing")
