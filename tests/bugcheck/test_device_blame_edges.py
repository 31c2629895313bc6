"""Blame by devices where it is easily false: filters, the kernel's own drivers, damage."""

from __future__ import annotations

import random

import pytest

from tests.bugcheck.edited_crashes import (
    ATTACHED,
    COUNT,
    CURRENT,
    DEVICE,
    DRIVER,
    IRP,
    LOCATION,
    MINOR,
    POINTER,
    Edit,
    acme,
    at_the_filter,
    device_named,
    edited,
    list_of_power,
    location_of,
    machine,
    network,
    network_request,
    node_of,
    p,
    pdo,
    put,
    said,
    stack,
    triage_block,
)
from tests.bugcheck.test_device_blame import rows_of
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.snapshot import Snapshot


def test_a_driver_to_which_a_filter_passed_the_request_on() -> None:
    image, sure, evidence = said(network())
    assert (image, sure) == ("e1express.sys", "high") and "IRP_MN_SET_POWER" in evidence
    assert stack(network()) == "\\Driver\\vendflt > \\Driver\\e1express > \\Driver\\pci"


def test_a_filter_that_only_passed_the_request_on_is_not_the_culprit() -> None:
    image, _, evidence = said(network(at_the_filter))
    assert image == "e1express.sys" and "\\Driver\\vendflt at stack location 3 only passed it on" in evidence


def test_a_filter_that_kept_the_request_is() -> None:
    def kept(pages: PageEdit, snapshot: Snapshot) -> None:
        at_the_filter(pages, snapshot)
        irp, number = network_request()["irp"], network_request()["location"]
        pages.write(irp + IRP + (number - 1) * LOCATION, bytes(LOCATION))

    def came_back(pages: PageEdit, snapshot: Snapshot) -> None:
        """The lower driver has completed it, which clears all but function and device."""
        at_the_filter(pages, snapshot)
        place = network_request()["irp"] + IRP + (network_request()["location"] - 1) * LOCATION
        pages.write(place + MINOR, bytes(DEVICE - MINOR))

    for edit in (kept, came_back):
        assert said(network(edit))[0] == "vendflt.sys"


def test_a_driver_of_the_kernel_is_passed_over() -> None:
    def bottom(pages: PageEdit, snapshot: Snapshot) -> None:
        own = device_named("power-9f-3", "\\Device\\00000001")
        pages.write(p(snapshot, 4) + CURRENT, b"\1")
        pages.write(p(snapshot, 4) + POINTER, location_of(snapshot, 1).to_bytes(8, "little"))
        pages.write(location_of(snapshot, 1), pages.read(location_of(snapshot, 2), LOCATION))
        pages.write(location_of(snapshot, 1) + DEVICE, own.to_bytes(8, "little"))

    def alone(pages: PageEdit, snapshot: Snapshot) -> None:
        own = device_named("power-9f-3", "\\Device\\00000001")
        pages.write(location_of(snapshot, 2) + DEVICE, own.to_bytes(8, "little"))

    image, _, evidence = said(edited("power-9f-3", bottom))
    assert image == "acmedrv.sys" and "\\Driver\\PnpManager at stack location 1 is one of the kernel's own" in evidence
    image, sure, evidence = said(edited("power-9f-3", alone))
    assert (image, sure) == ("acmedrv.sys", "medium") and "named by the power manager's record" in evidence


DAMAGE: dict[str, tuple[Edit | None, dict[str, int], str]] = {
    "request at a user address": (None, {"p4": 0x10000}, "is no address of the kernel"),
    "request that is none": (None, {"p4": device_named("power-9f-3", "\\Device\\AcmeRelay0")}, "is no request"),
    "no request": (None, {"p4": 0}, "is no address of the kernel"),
    "unaligned request": (None, {"p4": p(machine("power-9f-3"), 4) + 4}, "is no address of the kernel"),
    "completed request": (put(lambda s: p(s, 4) + CURRENT, b"\4"), {}, "no driver holds it"),
    "location beyond the last": (put(lambda s: p(s, 4) + CURRENT, b"\xc8"), {}, "no driver holds it"),
    "device of the location freed": (put(acme, b"\0\0"), {}, "is no device object"),
    "device of the location in user space": (put(lambda s: location_of(s, 2) + DEVICE, 0x5000), {}, "kernel"),
    "driver object overwritten": (put(lambda s: acme(s) + DRIVER, 0xFFFF800000001000), {}, "cannot be read"),
    "driver object is a device": (put(lambda s: acme(s) + DRIVER, pdo(machine("power-9f-3"))), {}, "no driver object"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_said_and_blames_nobody_surely(damage: str) -> None:
    edit, parameters, words = DAMAGE[damage]
    found = edited("power-9f-3", edit, **parameters)
    _, sure, evidence = said(found)
    assert words in evidence, evidence
    assert sure in ("low", "medium"), evidence


LOOPS: dict[str, Edit] = {
    "device attached to itself": put(lambda s: acme(s) + ATTACHED, acme(machine("power-9f-3"))),
    "devices attached in a circle": put(lambda s: acme(s) + ATTACHED, pdo(machine("power-9f-3"))),
    "list of power requests": lambda pages, snapshot: pages.write(
        pages.number(list_of_power(snapshot), 8), pages.read(list_of_power(snapshot), 8)
    ),
    "255 stack locations": put(lambda s: p(s, 4) + COUNT, b"\xff"),
    "wrong signature of the triage block": put(lambda s: p(s, 3), b"\x34\x12"),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_loops_end_and_the_driver_is_still_found(loop: str) -> None:
    found = edited("power-9f-3", LOOPS[loop])
    image, sure, evidence = said(found)
    assert image == "acmedrv.sys" and sure in ("high", "medium")
    if "attached" in loop:
        assert "leads back" in rows_of(found)["DEVICE_STACK"][2]
    else:
        assert any(word in evidence for word in ("loop", "StackCount 255", "has the signature 0x1234"))


def test_a_request_at_another_stack_is_less_sure() -> None:
    other = node_of("power-9f-3", "PCI\\VEN_8086&DEV_10D3")["pdo"]
    image, sure, evidence = said(edited("power-9f-3", p2=other))
    assert (image, sure) == ("acmedrv.sys", "medium") and "not at a device of the stack" in evidence


def test_a_bus_driver_that_serves_many_is_less_sure() -> None:
    lower = put(lambda s: location_of(s, 2) + DEVICE, pdo(machine("power-9f-3")))
    image, sure, _ = said(edited("power-9f-3", lower))
    assert (image, sure) == ("usbport.sys", "medium")


def test_without_request_and_record_the_function_driver_is_suspected() -> None:
    def unlisted(pages: PageEdit, snapshot: Snapshot) -> None:
        head = list_of_power(snapshot)
        pages.write(head, 2 * head.to_bytes(8, "little"))

    image, sure, evidence = said(edited("power-9f-3", unlisted, p4=0))
    assert (image, sure) == ("acmedrv.sys", "low") and "is the function driver" in evidence


def pieces(snapshot: Snapshot) -> list[tuple[int, int]]:
    """Addresses and sizes of what these crashes lead through: devices, drivers, nodes, requests, threads, lists."""
    found = snapshot.truth["io"]
    places = [(int(each["object"]), 0x1C8) for kind in ("devices", "drivers") for each in found[kind]]
    places += [(int(each["node"]), 0x310) for each in found["nodes"]]
    places += [(int(each["irp"]), 0x1A8) for each in found["requests"]]
    places += [(list_of_power(snapshot), 0x10), (triage_block(snapshot), 0x60)]
    named = [p(snapshot, number) for number in (2, 3, 4)]
    return places + [(each, 0x480) for each in named if each >> 63 and each & -0x1000 in snapshot.virtual]


@pytest.mark.parametrize("fault", ["power-9f-3", "power-9f-4", "power-9f-4-queue", "power-9f-5", "pnp-1d5"])
def test_overwritten_objects_end_in_words(fault: str) -> None:
    snapshot = machine(fault)
    chance, places = random.Random(fault), pieces(snapshot)
    pointers = [address for address, _ in places]

    def overwrite(pages: PageEdit, _: Snapshot) -> None:
        for _ in range(chance.randrange(4, 120)):
            address, size = chance.choice(places)
            word = chance.choice([chance.choice(pointers), 0, chance.getrandbits(64), (1 << 64) - 1, 0x7FFE0000])
            place = address + chance.randrange(size) // 8 * 8
            if place & -0x1000 in snapshot.virtual:
                pages.write(place, word.to_bytes(8, "little"))

    for _ in range(12):
        found = edited(fault, overwrite)
        assert found.culprit is not None and found.culprit.confidence.value != "certain"
        for value, _, evidence in rows_of(found).values():
            assert len(str(value)) + len(evidence) < 20_000
