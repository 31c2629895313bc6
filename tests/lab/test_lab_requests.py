"""Requests of the made-up machines: a small reader finds each in the places that the truth names, and no others."""

from __future__ import annotations

import pytest

from tests.lab.io_reader import Reader
from tests.lab.machine_memory import made
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, RUNNING_STATES, build

IRP = 6
CHOICES = [(machine, fault, index % 3, index % 2) for index, machine in enumerate(MACHINES)
           for fault in ("driver-read", "power")]  # fmt: skip


@pytest.fixture(params=CHOICES, ids=lambda choice: f"{choice[0]}-{choice[1]}")
def case(request: pytest.FixtureRequest) -> Snapshot:
    return made(*request.param)


def places_of(snapshot: Snapshot) -> dict[int, set[str]]:
    """Every request that a list leads to or pool of that tag holds, with the words for where."""
    reader, found = Reader(snapshot), {}
    layouts = reader.layouts
    entry = layouts.offset("_IRP", "ThreadListEntry")

    def note(irp: int, place: str) -> None:
        found.setdefault(irp, set()).add(place)

    for process in snapshot.truth["processes"]:
        for thread in process["threads"]:
            for link in reader.linked(thread["ethread"] + layouts.offset("_ETHREAD", "IrpList")):
                note(link - entry, "thread")
    queued = layouts.offset("_IRP", "Tail.Overlay.DeviceQueueEntry")
    for device in snapshot.truth["io"]["devices"]:
        current = reader.pointer(device["object"], "_DEVICE_OBJECT", "CurrentIrp")
        assert current == device["current_irp"]
        if current:
            note(current, "device")
        queue = [each - queued for each in reader.linked(
            device["object"] + layouts.offset("_DEVICE_OBJECT", "DeviceQueue.DeviceListHead"))]  # fmt: skip
        assert queue == device["queue"]
        assert reader.number(device["object"], "_DEVICE_OBJECT", "DeviceQueue.Busy") == bool(queue)
        for each in queue:
            note(each, "device")
    if layouts.has("_POP_IRP_DATA"):
        for link in reader.linked(reader.base + reader.symbols["PopIrpList"]):
            note(reader.pointer(link - layouts.offset("_POP_IRP_DATA", "Link"), "_POP_IRP_DATA", "Irp"), "power")
    for irp in tagged(snapshot):
        note(irp, "scan")
    if layouts.has("_FILE_OBJECT", "IrpList"):
        files = {reader.pointer(irp, "_IRP", "Tail.Overlay.OriginalFileObject") for irp in found} - {0}
        for file in files:
            for link in reader.linked(file + layouts.offset("_FILE_OBJECT", "IrpList")):
                note(link - entry, "file")
    return found


def tagged(snapshot: Snapshot) -> list[int]:
    """Bodies of the pool blocks with the tag of requests."""
    unit = 16 if snapshot.bits == 64 else 8
    return [
        page + at + unit - 4
        for page, frame in snapshot.virtual.items()
        for at in range(4, 4096 - unit, unit)
        if snapshot.pages.get(frame, b"")[at : at + 4] == b"Irp "
    ]


def test_requests_are_where_the_truth_says(case: Snapshot) -> None:
    expected = {each["irp"]: {each["source"], *each["also"]} - {"bugcheck"} for each in case.truth["io"]["requests"]}
    assert places_of(case) == expected


def test_requests_say_what_the_truth_says(case: Snapshot) -> None:
    reader = Reader(case)
    layouts = reader.layouts
    drivers = {each["object"]: each["name"] for each in case.truth["io"]["drivers"]}
    header, size = layouts.size("_IRP"), layouts.size("_IO_STACK_LOCATION")
    threads = {(process["pid"], thread["tid"]): thread["ethread"]
               for process in case.truth["processes"] for thread in process["threads"]}  # fmt: skip
    for each in case.truth["io"]["requests"]:
        irp, location = each["irp"], each["location"]
        assert reader.number(irp, "_IRP", "Type") == IRP
        assert reader.number(irp, "_IRP", "Size") == header + each["count"] * size
        assert reader.number(irp, "_IRP", "StackCount") == each["count"]
        assert reader.number(irp, "_IRP", "CurrentLocation") == location
        assert bool(reader.number(irp, "_IRP", "Cancel")) == (each["state"] == "cancelled")
        assert reader.pointer(irp, "_IRP", "Tail.Overlay.Thread") == threads.get((each["pid"], each["tid"]), 0)
        current = irp + header + (location - 1) * size
        assert reader.pointer(irp, "_IRP", "Tail.Overlay.CurrentStackLocation") == current
        assert (location == each["count"] + 1) == (each["state"] in ("completed", "free"))
        if location > each["count"]:
            current -= size
            assert not each["driver"]
        assert reader.number(current, "_IO_STACK_LOCATION", "MajorFunction") == each["major"]
        assert reader.number(current, "_IO_STACK_LOCATION", "MinorFunction") == each["minor"]
        device = reader.pointer(current, "_IO_STACK_LOCATION", "DeviceObject")
        assert device == each["device"]
        control = reader.number(current, "_IO_STACK_LOCATION", "Control")
        assert bool(control & 1) == (each["state"] == "pending")
        if each["driver"]:
            assert drivers[reader.pointer(device, "_DEVICE_OBJECT", "DriverObject")] == each["driver"]
            assert reader.pointer(current, "_IO_STACK_LOCATION", "CompletionRoutine") == each["completion"]
            assert bool(control & 0xE0) == bool(each["completion"])


def test_stack_locations_lead_down_the_stack(case: Snapshot) -> None:
    """Each location's device is below that of the one above, or starts another stack; routines lie in images."""
    reader = Reader(case)
    layouts = reader.layouts
    devices = {each["object"]: each for each in case.truth["io"]["devices"]}
    images = [range(each["base"], each["base"] + each["size"]) for each in case.truth["modules"]]
    header, size = layouts.size("_IRP"), layouts.size("_IO_STACK_LOCATION")
    for each in case.truth["io"]["requests"]:
        above = 0
        for number in range(each["count"], min(each["location"], each["count"]) - 1, -1):
            at = each["irp"] + header + (number - 1) * size
            device = reader.pointer(at, "_IO_STACK_LOCATION", "DeviceObject")
            completion = reader.pointer(at, "_IO_STACK_LOCATION", "CompletionRoutine")
            assert not completion or any(completion in image for image in images)
            if above:
                lower = devices[above]["attached_to"]
                assert device == lower if lower else not devices[device]["attached"]
            above = device


def test_ages_are_what_the_clock_says(case: Snapshot) -> None:
    reader = Reader(case)
    shared = 0xFFFFF78000000000 if case.bits == 64 else 0xFFDF0000
    multiplier = reader.number(shared, "_KUSER_SHARED_DATA", "TickCountMultiplier")
    now = reader.number(shared, "_KUSER_SHARED_DATA", "TickCountQuad")
    threads = {(process["pid"], thread["tid"]): thread["ethread"]
               for process in case.truth["processes"] for thread in process["threads"]}  # fmt: skip
    seen = 0
    for each in case.truth["io"]["requests"]:
        if each["source"] == "thread" and each["age"] is not None:
            since = reader.number(threads[each["pid"], each["tid"]], "_ETHREAD", "Tcb.WaitTime")
            assert (now - since) * multiplier / (1 << 24) / 1000 == pytest.approx(each["age"])
            seen += 1
    assert seen >= 3
    (held,) = [each for each in case.truth["io"]["requests"] if each["what"] == "control request"]
    assert (held["driver"], held["age"]) == ("\\Driver\\acmedrv", 47.0)


def test_programs_wait_for_the_event_of_their_file(case: Snapshot) -> None:
    reader = Reader(case)
    layouts = reader.layouts
    for each in case.truth["io"]["requests"]:
        if each["what"] not in ("control request", "file read"):
            continue
        irp = each["irp"]
        file = reader.pointer(irp, "_IRP", "Tail.Overlay.OriginalFileObject")
        thread = reader.pointer(irp, "_IRP", "Tail.Overlay.Thread")
        waited = reader.pointer(thread, "_ETHREAD", "Tcb.WaitBlock[0].Object")
        assert waited == file + layouts.offset("_FILE_OBJECT", "Event")
        assert reader.pointer(thread, "_ETHREAD", "Tcb.WaitBlockList") == thread + layouts.offset(
            "_ETHREAD", "Tcb.WaitBlock[0]"
        )
        (record,) = [one for process in case.truth["processes"] for one in process["threads"]
                     if one["ethread"] == thread]  # fmt: skip
        tail = reader.base + reader.symbols["IopSynchronousServiceTail"]
        assert any(tail <= frame["ip"] < tail + 0x100 for frame in record["stack"])


def test_one_block_is_free(case: Snapshot) -> None:
    unit = 16 if case.bits == 64 else 8
    reader = Reader(case)
    for each in case.truth["io"]["requests"]:
        kind = reader.number(each["irp"] - unit, "_POOL_HEADER", "PoolType")
        assert (kind == 0) == (each["state"] == "free")


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_and_every_place(machine: str) -> None:
    requests = made(machine, "driver-read").truth["io"]["requests"]
    assert {each["state"] for each in requests} == {"pending", "active", "completed", "cancelled", "free"}
    sources = {"thread", "device", "scan"} | ({"file"} if machine != "xp-x86" else set())
    assert {each["source"] for each in requests} == sources | ({"power"} if machine == "win10-x64" else set())
    assert [each["irp"] for each in requests] == sorted(each["irp"] for each in requests)


@pytest.mark.parametrize("fault", RUNNING_STATES)
def test_machines_that_run_have_them_too(fault: str) -> None:
    snapshot = build("win10-x64", fault)
    assert len(snapshot.truth["io"]["requests"]) == len(build("win10-x64").truth["io"]["requests"])
    assert places_of(snapshot)


@pytest.mark.parametrize("machine", [name for name in MACHINES if name.endswith("x64")])
def test_machines_with_a_32_bit_program_have_them_too(machine: str) -> None:
    snapshot = build(machine, wow64=True, sections=True)
    what = [each["what"] for each in snapshot.truth["io"]["requests"]]
    assert sorted(what) == sorted(each["what"] for each in build(machine).truth["io"]["requests"])
    assert places_of(snapshot)
