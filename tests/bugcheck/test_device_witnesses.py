"""Who else says that a driver is at fault: the kernel itself, owners of resources, services, records."""

from __future__ import annotations

from tests.bugcheck.edited_crashes import (
    edited,
    kernel_names,
    list_of_power,
    location_of,
    machine,
    network_request,
    p,
    pdo,
    put,
    said,
    stack,
    triage_block,
    words,
)
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.snapshot import Snapshot


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
