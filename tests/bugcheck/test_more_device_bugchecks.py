"""Bugchecks of USB, verifier, display and standby: the device of the driver named, or words why there is none."""

from __future__ import annotations

from tests.bugcheck.edited_crashes import (
    CURRENT,
    DEVICE,
    IRP,
    LOCATION,
    device_named,
    edited,
    io,
    location_of,
    machine,
    network_irp,
    node_of,
    p,
    pdo,
    said,
    stack,
)
from tests.bugcheck.test_device_blame import rows_of
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.snapshot import Snapshot


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
