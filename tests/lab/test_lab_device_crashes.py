"""The lab's crashes about devices: their parameters are what Microsoft's pages say, their objects are there."""

from __future__ import annotations

import pytest

from volplugins.lab.crashes.device_crashes import DEVICE_FAULTS
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import FAULTS, HARD_FAULTS, MACHINES, build, device_faults_of

EVERY = [(machine, fault) for machine in MACHINES for fault in device_faults_of(machine)]
CODES = {"power": 0x9F, "drips": 0x15F, "pnp": 0x1D5, "clock": 0x101}


def parameter(snapshot: Snapshot, number: int) -> int:
    return int(snapshot.header[f"BugCheckParameter{number}"])


def test_names() -> None:
    assert {fault for _, fault in EVERY} == set(DEVICE_FAULTS)
    assert not set(DEVICE_FAULTS) & {*FAULTS, *HARD_FAULTS}
    assert {fault for _, fault in EVERY if fault.startswith("power-9f")} >= {
        f"power-9f-{kind}" for kind in (1, 2, 3, 4, 5)
    }
    for machine in MACHINES:
        assert {f"power-9f-{kind}" for kind in (1, 2, 3, 4)} <= set(device_faults_of(machine))


@pytest.mark.parametrize(("machine", "fault"), EVERY)
def test_parameters_lead_to_what_was_built(machine: str, fault: str) -> None:
    snapshot = build(machine, fault)
    memory, mask = PageEdit(snapshot), (1 << snapshot.bits) - 1
    found = snapshot.truth["io"]
    devices = {each["object"]: each["driver"] for each in found["devices"]}
    first, second, third, fourth = (parameter(snapshot, number) & mask for number in (1, 2, 3, 4))
    assert snapshot.header["BugCheckCode"] == CODES[fault.partition("-")[0]]
    assert snapshot.truth["culprit"] == "acmedrv"
    if fault.startswith("power-9f"):
        assert first == int(fault.split("-")[2])
    if fault in ("power-9f-1", "power-9f-2"):
        assert devices[second if first == 1 else third] == "\\Driver\\acmedrv"
    if fault == "power-9f-2":
        assert fourth == next(each["object"] for each in found["drivers"] if each["name"] == "\\Driver\\acmedrv")
    if fault == "power-9f-3":
        request = next(each for each in found["requests"] if each["irp"] == fourth)
        assert (request["driver"], request["major"], request["state"]) == ("\\Driver\\acmedrv", 0x16, "pending")
        if machine == "win10-x64":
            assert memory.number(third, 2) == 0x8000
    if fault in ("power-9f-4", "power-9f-4-queue", "pnp-1d5"):
        threads = (thread for process in snapshot.truth["processes"] for thread in process["threads"])
        stack = next(thread["stack"] for thread in threads if thread["ethread"] == third)
        symbols = [frame["symbol"].partition("+")[0] for frame in stack]
        assert ("acmedrv!AcmeStopDevice" in symbols) == (fault != "power-9f-4-queue")
        assert "nt!PnpDeviceActionWorker" in symbols
