"""Blame by devices where it is easily false: filters, the kernel's own drivers, damage, other witnesses."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.bugcheck.test_device_blame import FULL, analysis_of, rows_of
from volplugins.bugcheck.analysis import Analysis
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

# IRP and IO_STACK_LOCATION of x64, as wdm.h declares them
IRP, LOCATION, COUNT, CURRENT, POINTER = 0xD0, 0x48, 0x42, 0x43, 0xB8
MINOR, CONTROL, DEVICE = 0x1, 0x3, 0x28
ATTACHED, EXTENSION, ATTACHED_TO, DRIVER = 0x18, 0x138, 0x30, 0x8
Edit = Callable[[PageEdit, Snapshot], None]


@cache
def machine(fault: str) -> Snapshot:
    return build("win10-x64", fault)


def p(snapshot: Snapshot, number: int) -> int:
    return int(snapshot.header[f"BugCheckParameter{number}"])


def edited(fault: str, edit: Edit | None = None, code: int = 0, **parameters: int) -> Analysis:
    """The crash with memory, code and parameters (``p1`` to ``p4``) changed."""
    snapshot = machine(fault)
    changed = {f"BugCheckParameter{name[1]}": value for name, value in parameters.items()}
    header = {**snapshot.header, **({"BugCheckCode": code} if code else {}), **changed}
    pages = PageEdit(snapshot)
    if edit is not None:
        edit(pages, snapshot)
    with TemporaryDirectory() as folder:
        made = replace(snapshot, header=header, pages=pages.pages)
        return analysis_of(write(made, FULL, Path(folder) / "a.dmp").read_bytes(), True)


def said(found: Analysis) -> tuple[str, str, str]:
    """Image, confidence, evidence."""
    assert found.culprit is not None
    return found.culprit.image_name, found.culprit.confidence.value, found.culprit.reason


def stack(found: Analysis) -> str:
    return str(rows_of(found)["DEVICE_STACK"][0])


def io(fault: str) -> dict[str, Any]:
    return dict(machine(fault).truth["io"])


def node_of(fault: str, start: str) -> dict[str, Any]:
    return next(each for each in io(fault)["nodes"] if each["instance"].startswith(start))


def device_named(fault: str, name: str) -> int:
    return next(int(each["object"]) for each in io(fault)["devices"] if each["name"] == name)


def network_request() -> dict[str, Any]:
    return next(each for each in io("power-9f-3")["requests"] if each["what"] == "power request")


def network(edit: Edit | None = None) -> Analysis:
    node = node_of("power-9f-3", "PCI\\VEN_8086&DEV_10D3")
    return edited("power-9f-3", edit, p2=node["pdo"], p4=network_request()["irp"])


def at_the_filter(pages: PageEdit, snapshot: Snapshot) -> None:
    """The filter's location is the current one, and marked as pending."""
    irp, number = network_request()["irp"], network_request()["location"] + 1
    place = irp + IRP + (number - 1) * LOCATION
    pages.write(irp + CURRENT, bytes([number]))
    pages.write(irp + POINTER, place.to_bytes(8, "little"))
    pages.write(place + CONTROL, bytes([pages.read(place + CONTROL, 1)[0] | 1]))


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


def location_of(snapshot: Snapshot, number: int) -> int:
    return p(snapshot, 4) + IRP + (number - 1) * LOCATION


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


def put(at: Callable[[Snapshot], int], data: bytes | int) -> Edit:
    def edit(pages: PageEdit, snapshot: Snapshot) -> None:
        pages.write(at(snapshot), data if isinstance(data, bytes) else data.to_bytes(8, "little"))

    return edit


def upper(snapshot: Snapshot) -> int:
    return int(snapshot.truth["power"]["attached"]) if "power" in snapshot.truth else 0


def acme(snapshot: Snapshot) -> int:
    return int(
        next(each for each in snapshot.truth["io"]["devices"] if each["name"] == "\\Device\\AcmeRelay0")["object"]
    )


def pdo(snapshot: Snapshot) -> int:
    return p(snapshot, 2)


def list_of_power(snapshot: Snapshot) -> int:
    base = next(each["base"] for each in snapshot.truth["modules"] if each["file"].lower().startswith("ntoskrnl"))
    return int(base + snapshot.truth["symbols"]["nt"]["PopIrpList"])


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


def kernel_names(stem: str) -> Edit:
    """KiBugCheckDriver leads to the name of this module in its entry of the module list."""

    def edit(pages: PageEdit, snapshot: Snapshot) -> None:
        base = next(each["base"] for each in snapshot.truth["modules"] if each["file"].lower().startswith("ntoskrnl"))
        symbols = snapshot.truth["symbols"]["nt"]
        text = f"{stem}.sys".encode("utf-16-le")
        place = base + symbols["PopWatchdogTriage"] + 0x30
        pages.write(place + 0x10, text)
        size = len(text).to_bytes(2, "little")
        pages.write(place, size + size + bytes(4) + (place + 0x10).to_bytes(8, "little"))
        pages.write(base + symbols["KiBugCheckDriver"], place.to_bytes(8, "little"))

    return edit


def test_the_driver_that_the_kernel_names_is_a_witness() -> None:
    image, sure, evidence = said(edited("drips-15f", kernel_names("acmedrv")))
    assert (image, sure) == ("acmedrv.sys", "high") and "the kernel itself names it too" in evidence
    image, sure, evidence = said(edited("power-9f-3", kernel_names("vendflt")))
    assert (image, sure) == ("acmedrv.sys", "medium") and "the kernel itself names vendflt.sys" in evidence
    image, sure, evidence = said(edited("power-9f-3", kernel_names("ntfs")))
    assert (image, sure) == ("acmedrv.sys", "high") and "one of Windows' own" in evidence
    image, sure, evidence = said(edited("power-9f-3", kernel_names("vendflt"), p1=7, p2=0, p4=0))
    assert (image, sure) == ("vendflt.sys", "medium") and "KiBugCheckDriver" in evidence
    image, sure, evidence = said(edited("power-9f-3", kernel_names("strange"), p1=7, p2=0, p4=0))
    assert (image, sure) == ("ntoskrnl.exe", "low") and "the kernel itself names strange.sys" in evidence


def test_a_named_instruction_is_witnessed_by_the_kernel() -> None:
    snapshot = machine("driver-read")
    assert snapshot.truth["bugcheck_driver"] == "acmedrv"
    image, sure, evidence = said(edited("driver-read"))
    assert (image, sure) == ("acmedrv.sys", "certain") and "the kernel itself names it too" in evidence


def triage_block(snapshot: Snapshot) -> int:
    base = next(each["base"] for each in snapshot.truth["modules"] if each["file"].lower().startswith("ntoskrnl"))
    return int(base + snapshot.truth["symbols"]["nt"]["PopWatchdogTriage"])


def words(values: Iterable[int]) -> bytes:
    return b"".join(value.to_bytes(8, "little") for value in values)


def test_the_owner_of_a_resource_is_in_a_driver() -> None:
    """0x1CC: OWNER_ENTRY is at 0x30 of an ERESOURCE of x64."""
    place, thread = triage_block(machine("power-9f-4")), p(machine("power-9f-4"), 3)
    owned = put(lambda _: place + 0x30, thread)
    found = edited("power-9f-4", owned, code=0x1CC, p1=place, p2=0, p3=1, p4=60)
    image, sure, evidence = said(found)
    assert (image, sure) == ("acmedrv.sys", "high") and f"owns the resource {place:#x}" in evidence
    assert stack(found) == "\\Driver\\acmedrv > \\Driver\\usbport"
    image, sure, evidence = said(edited("power-9f-4", put(lambda _: place + 0x30, 3), code=0x1CC, p1=place, p3=0))
    assert (image, sure) == ("ntoskrnl.exe", "low") and "no thread owns the resource" in evidence
    assert "no address of the kernel" in said(edited("power-9f-4", code=0x1CC, p1=0x1000, p3=0))[2]


def test_a_service_that_is_not_the_threads_driver_makes_it_less_sure() -> None:
    other = int.from_bytes(b"vendflt\0", "little")
    image, sure, evidence = said(edited("pnp-1d5", p1=other))
    assert (image, sure) == ("acmedrv.sys", "medium") and "not this driver's" in evidence
    image, sure, evidence = said(edited("pnp-1d5", p1=other, p3=0))
    assert (image, sure) == ("vendflt.sys", "medium") and "the watchdog names the service vendflt" in evidence
    assert said(edited("pnp-1d5", p1=0xFFFFFFFFFFFFFFFF, p3=0x7FFF0000))[0] == "ntoskrnl.exe"


def test_usb_bugchecks_blame_who_sent_the_request() -> None:
    def at_the_bus(pages: PageEdit, snapshot: Snapshot) -> None:
        pages.write(p(snapshot, 4) + CURRENT, b"\1")
        pages.write(location_of(snapshot, 1), pages.read(location_of(snapshot, 2), LOCATION))
        pages.write(location_of(snapshot, 1) + DEVICE, pdo(snapshot).to_bytes(8, "little"))

    irp = p(machine("power-9f-3"), 4)
    found = edited("power-9f-3", at_the_bus, code=0xFE, p1=4, p2=irp, p3=0, p4=0)
    image, sure, evidence = said(found)
    assert (image, sure) == ("acmedrv.sys", "medium") and "was sent by acmedrv.sys" in evidence
    controller = device_named("power-9f-3", "\\Device\\USBFDO-0")
    found = edited("power-9f-3", code=0xFE, p1=5, p2=controller + 0x150, p3=0x80862934, p4=0)
    assert rows_of(found)["DEVICE_INSTANCE"][0] == node_of("power-9f-3", "PCI\\VEN_8086&DEV_2934")["instance"]
    assert said(found)[:2] == ("ntoskrnl.exe", "low")


def test_what_a_verifier_bugcheck_is_about_counts_where_nothing_else_is_known() -> None:
    irp = p(machine("power-9f-3"), 4)
    found = edited("power-9f-3", code=0xC9, p1=2, p2=irp, p3=0, p4=0)
    assert said(found)[:2] == ("acmedrv.sys", "medium") and stack(found) == "\\Driver\\acmedrv > \\Driver\\usbport"
    image, _, _ = said(edited("driver-read", code=0xC9, p1=2, p2=network_irp("driver-read"), p3=0, p4=0))
    assert image == "acmedrv.sys", "the driver on the stack comes first"


def network_irp(fault: str) -> int:
    return int(next(each["irp"] for each in io(fault)["requests"] if each["what"] == "power request"))


def test_display_timeouts_show_the_device_of_the_driver_named() -> None:
    """0x116: parameter 2 is a place in the responsible driver."""
    module = next(each for each in machine("power-9f-3").truth["modules"] if each["file"].lower() == "acmedrv.sys")
    found = edited("power-9f-3", code=0x116, p1=0, p2=module["base"] + 0x1234, p3=0, p4=0)
    assert said(found)[:2] == ("acmedrv.sys", "high") and stack(found) == "\\Driver\\acmedrv > \\Driver\\usbport"
    assert "the only device of acmedrv.sys" in rows_of(found)["DEVICE_STACK"][2]


def test_a_driver_with_several_devices_shows_none_of_them() -> None:
    module = next(each for each in machine("power-9f-3").truth["modules"] if each["file"].lower() == "usbport.sys")
    found = edited("power-9f-3", code=0x117, p1=0, p2=module["base"] + 0x1234, p3=0, p4=0)
    assert "DEVICE_STACK" not in rows_of(found)


def test_a_directed_change_that_failed() -> None:
    found = edited("power-9f-5", p1=6, p2=p(machine("power-9f-5"), 3), p3=0, p4=0)
    assert said(found)[:2] == ("acmedrv.sys", "high") and "directed change of power" in said(found)[2]
    assert "is no address of the kernel" in said(edited("power-9f-5", p1=6, p2=0x1234, p3=0))[2]


def test_the_kinds_of_standby_watchdog_without_a_device_say_so() -> None:
    for kind in (1, 3, 4, 5):
        assert "the watchdog names" in said(edited("drips-15f", p1=kind, p2=0))[2]


def test_what_is_known_of_a_dpc_profile_and_what_is_not() -> None:
    snapshot = machine("dpc-watchdog")
    block, prcb = triage_block(snapshot), int(snapshot.truth["processors"][0]["prcb"])
    code = int(snapshot.truth["fault_ip"])

    def profile(pages: PageEdit, _: Snapshot) -> None:
        pages.write(block, bytes.fromhex("decebeae0100100040000000") + (0x20).to_bytes(4, "little"))
        pages.write(prcb + 0x40, words([code, 0, code + 4, 1]))

    evidence = said(edited("dpc-watchdog", profile, p4=block))[2]
    assert "acmedrv.sys 2 (the layout of its entries is not known)" in evidence
    assert "signature 0x0" in said(edited("dpc-watchdog", p4=block))[2]
    assert "is not in the dump" in said(edited("dpc-watchdog", p4=block + (1 << 40)))[2]
    assert "no address of the kernel" in said(edited("dpc-watchdog", p4=0x1000))[2]


def test_a_dpc_profile_suspects_the_driver_that_it_has_most_of() -> None:
    """Parameter 1 is 1: the time of many calls; the stack at the end is somebody else's."""
    snapshot = machine("power-9f-3")  # nothing but the kernel is on its stack
    block, prcb = triage_block(snapshot), int(snapshot.truth["processors"][0]["prcb"])
    code = next(int(each["base"]) for each in snapshot.truth["modules"] if each["file"].lower() == "vendflt.sys")

    def profile(pages: PageEdit, _: Snapshot) -> None:
        pages.write(block, bytes.fromhex("decebeae0100100040000000") + (0x20).to_bytes(4, "little"))
        pages.write(prcb + 0x40, words([code + 0x1010, code + 0x1020, 0, 1]))

    image, sure, evidence = said(edited("power-9f-3", profile, code=0x133, p1=1, p2=0x1E00, p3=block, p4=0))
    assert (image, sure) == ("vendflt.sys", "low") and "vendflt.sys 2" in evidence


def test_a_request_for_a_system_state_may_wait_for_one_for_a_device_state() -> None:
    """POWER_STATE_TYPE is the second parameter; the other request's record gets this device."""
    other = network_request()["irp"]

    def system_state(pages: PageEdit, snapshot: Snapshot) -> None:
        pages.write(location_of(snapshot, 2) + 0x10, bytes(8))
        entry = pages.number(list_of_power(snapshot), 8)
        while pages.number(entry + 0x10, 8) != other:
            entry = pages.number(entry, 8)
        pages.write(entry + 0x18, pdo(snapshot).to_bytes(8, "little"))

    image, sure, evidence = said(edited("power-9f-3", system_state))
    assert (image, sure) == ("acmedrv.sys", "medium") and f"may wait for IRP {other:#x}" in evidence


def test_a_driver_that_fails_while_its_device_starts_shows_that_device() -> None:
    """0x7E on a thread of Plug and Play: the start request is in its list (ETHREAD.IrpList of build 19041: 0x4b0)."""
    snapshot = machine("system-thread")
    irp = next(int(each["irp"]) for each in io("system-thread")["requests"] if each["what"] == "control request")
    head = int(snapshot.truth["thread"]["ethread"]) + 0x4B0

    def starting(pages: PageEdit, _: Snapshot) -> None:
        pages.write(head, 2 * (irp + 0x20).to_bytes(8, "little"))
        pages.write(irp + 0x20, 2 * head.to_bytes(8, "little"))
        pages.write(irp + IRP + LOCATION, b"\x1b\0")

    found = edited("system-thread", starting)
    assert said(found)[0] == "acmedrv.sys" and stack(found) == "\\Driver\\acmedrv > \\Driver\\usbport"
    evidence = rows_of(found)["DEVICE_STACK"][2]
    assert f"IRP {irp:#x} of the crashing thread is held (IRP_MJ_PNP IRP_MN_START_DEVICE)" in evidence
    assert "the only device of acmedrv.sys" in rows_of(edited("system-thread"))["DEVICE_STACK"][2]


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
