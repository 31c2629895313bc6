"""Drivers, devices, nodes and directories of the made-up machines: volatility3 agrees, and so does a small reader."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.io_reader import Reader
from tests.lab.machine_memory import kernel_bytes, made
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.writers import write

HERE = Path(__file__).parent
SYMBOLS = HERE.parents[1] / "symbols"
PLUGINS = ("windows.driverscan", "windows.driverirp", "windows.devicetree")
CHOICES = {machine: (machine, "notmyfault", index % 3, index % 2) for index, machine in enumerate(MACHINES)}


@pytest.fixture(params=MACHINES)
def case(request: pytest.FixtureRequest) -> Snapshot:
    return made(*CHOICES[request.param])


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What volatility3 says of each machine, by plugin."""
    folder = tmp_path_factory.mktemp("dumps")
    dumps = [str(write(made(*choice), "full", folder / f"{name}.dmp")) for name, choice in CHOICES.items()]
    command = [sys.executable, str(HERE / "volatility_judge.py"), str(SYMBOLS), str(folder), *dumps, "--", *PLUGINS]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stderr
    return dict(zip(CHOICES, json.loads(result.stdout), strict=True))


def _canonical(snapshot: Snapshot) -> int:
    return (1 << 48) - 1 if snapshot.bits == 64 else 0xFFFFFFFF


def test_volatility_finds_the_drivers(case: Snapshot, judged: dict[str, dict[str, Any]]) -> None:
    mask = _canonical(case)
    found = {
        (row["Name"], row["Driver Name"], row["Start"] & mask, row["Size"])
        for row in judged[case.machine]["windows.driverscan"]
    }
    assert found == {
        (each["name"], each["name"].rpartition("\\")[2], each["start"] & mask, each["size"])
        for each in case.truth["io"]["drivers"]
    }
    assert {each["name"] for each in case.truth["io"]["drivers"]} >= {
        "\\Driver\\PnpManager", "\\Driver\\ACPI_HAL", "\\Driver\\WMIxWDM", "\\FileSystem\\RAW", "\\FileSystem\\Ntfs",
        "\\Driver\\acmedrv",
    }  # fmt: skip


def test_volatility_reads_the_dispatch_tables(case: Snapshot, judged: dict[str, dict[str, Any]]) -> None:
    """Every routine lies in the driver's own image or in the kernel (the HAL for its own), most by name."""
    rows = judged[case.machine]["windows.driverirp"]
    drivers = {each["name"].rpartition("\\")[2]: each for each in case.truth["io"]["drivers"]}
    assert len(rows) == 28 * len(drivers)
    mask = _canonical(case)
    modules = {each["name"]: range(each["base"] & mask, (each["base"] & mask) + each["size"])
               for each in case.truth["modules"]}  # fmt: skip
    own = set()
    for row in rows:
        stem = drivers[row["Driver Name"]]["module"] or ("hal" if row["Driver Name"] == "ACPI_HAL" else "nt")
        in_driver = row["Address"] & mask in modules[stem]
        assert in_driver or row["Address"] & mask in modules["nt"]
        own |= {row["Driver Name"]} if in_driver else set()
        if row["IRP"] == "IRP_MJ_CREATE_NAMED_PIPE" and not in_driver:
            assert row["Symbol"] == "IopInvalidDeviceRequest"
    assert own == set(drivers)


def test_volatility_follows_device_stacks(case: Snapshot, judged: dict[str, dict[str, Any]]) -> None:
    """It shows the first device of each driver with what is attached, and stops at the null behind the last one."""
    devices = {each["object"]: each for each in case.truth["io"]["devices"]}
    drivers = {each["name"].rpartition("\\")[2]: each for each in case.truth["io"]["drivers"]}
    rows = judged[case.machine]["windows.devicetree"]
    assert {row["DriverName"] for row in rows} == set(drivers)
    for row in rows:
        chain = drivers[row["DriverName"]]["devices"]
        assert len(row["__children"]) == min(len(chain), 1)
        if not chain:
            continue
        (said,), device = row["__children"], devices[chain[0]]
        while True:
            assert (said["DeviceName"] or "") == device["name"].rpartition("\\")[2]
            if not device["attached"]:
                assert not said["__children"]
                break
            device, (said,) = devices[device["attached"]], said["__children"]
            assert said["DriverNameOfAttDevice"] == device["driver"]


def test_directories_hold_every_named_object_once(case: Snapshot) -> None:
    reader, io = Reader(case), case.truth["io"]
    found = list(reader.objects(reader.variable("ObpRootDirectoryObject")))
    paths = [path for path, _, _ in found]
    assert len(set(paths)) == len(paths)
    assert {"\\Driver", "\\FileSystem", "\\Device", "\\GLOBAL??", "\\ObjectTypes"} <= set(paths)
    assert {(path, body) for path, kind, body in found if kind == "Driver"} == {
        (each["name"], each["object"]) for each in io["drivers"]
    }
    assert {(path, body) for path, kind, body in found if kind == "Device"} == {
        (each["name"], each["object"]) for each in io["devices"] if each["name"]
    }
    assert {"\\ObjectTypes\\Driver", "\\ObjectTypes\\Type"} <= {path for path, kind, _ in found if kind == "Type"}
    assert "\\GLOBAL??\\C:" in {path for path, kind, _ in found if kind == "SymbolicLink"}


def test_chains_are_longer_than_one_somewhere(case: Snapshot) -> None:
    reader = Reader(case)
    paths = {path: body for path, _, body in reader.objects(reader.variable("ObpRootDirectoryObject"))}
    buckets = [bucket for bucket, _ in reader.directory(paths["\\Driver"])]
    assert len(set(buckets)) < len(buckets)


def test_drivers_and_devices_lead_to_each_other(case: Snapshot) -> None:
    reader, io = Reader(case), case.truth["io"]
    modules = {each["name"]: each for each in case.truth["modules"]}
    entry = "_KLDR_DATA_TABLE_ENTRY" if reader.layouts.has("_KLDR_DATA_TABLE_ENTRY") else "_LDR_DATA_TABLE_ENTRY"
    devices = {each["object"]: each for each in io["devices"]}
    for driver in io["drivers"]:
        at = driver["object"]
        assert reader.text(at + reader.layouts.offset("_DRIVER_OBJECT", "DriverName")) == driver["name"]
        section = reader.pointer(at, "_DRIVER_OBJECT", "DriverSection")
        assert bool(section) == bool(driver["module"])
        if section:
            assert reader.pointer(section, entry, "DllBase") == modules[driver["module"]]["base"] == driver["start"]
        assert bool(reader.pointer(at, "_DRIVER_OBJECT", "FastIoDispatch")) == (
            driver["name"] in ("\\FileSystem\\Ntfs", "\\FileSystem\\FltMgr")
        )
        chain, device = [], reader.pointer(at, "_DRIVER_OBJECT", "DeviceObject")
        while device:
            chain.append(device)
            assert reader.pointer(device, "_DEVICE_OBJECT", "DriverObject") == at
            device = reader.pointer(device, "_DEVICE_OBJECT", "NextDevice")
        assert chain == driver["devices"]
    assert sorted(each for driver in io["drivers"] for each in driver["devices"]) == sorted(devices)


def test_stacks_agree_in_both_directions(case: Snapshot) -> None:
    reader = Reader(case)
    for device in case.truth["io"]["devices"]:
        at = device["object"]
        extension = reader.pointer(at, "_DEVICE_OBJECT", "DeviceObjectExtension")
        assert reader.pointer(extension, "_DEVOBJ_EXTENSION", "DeviceObject") == at
        assert reader.pointer(at, "_DEVICE_OBJECT", "AttachedDevice") == device["attached"]
        assert reader.pointer(extension, "_DEVOBJ_EXTENSION", "AttachedTo") == device["attached_to"]
        assert reader.pointer(extension, "_DEVOBJ_EXTENSION", "DeviceNode") == device["node"]
        assert reader.pointer(at, "_DEVICE_OBJECT", "Vpb") == device["vpb"]
        assert reader.number(at, "_DEVICE_OBJECT", "DeviceType") == device["type"]
        if device["attached"]:
            upper = next(each for each in case.truth["io"]["devices"] if each["object"] == device["attached"])
            assert upper["attached_to"] == at


def test_the_volume_is_mounted(case: Snapshot) -> None:
    reader, io = Reader(case), case.truth["io"]
    name = f"\\Device\\HarddiskVolume{1 if case.machine == 'xp-x86' else 2}"
    (volume,) = [each for each in io["devices"] if each["name"] == name]
    mounted = reader.pointer(volume["vpb"], "_VPB", "DeviceObject")
    assert reader.pointer(volume["vpb"], "_VPB", "RealDevice") == volume["object"]
    (file_system,) = [each for each in io["devices"] if each["object"] == mounted]
    assert file_system["driver"] == "\\FileSystem\\Ntfs"
    (above,) = [each for each in io["devices"] if each["object"] == file_system["attached"]]
    assert above["driver"] == "\\FileSystem\\FltMgr"


def test_the_tree_of_nodes(case: Snapshot) -> None:
    reader, io = Reader(case), case.truth["io"]

    def walk(node: int, parent: int, depth: int) -> Iterator[tuple[int, int, int, str]]:
        last = 0
        while node:
            assert reader.pointer(node, "_DEVICE_NODE", "Parent") == parent
            path = reader.text(node + reader.layouts.offset("_DEVICE_NODE", "InstancePath"))
            yield node, parent, depth, path
            yield from walk(reader.pointer(node, "_DEVICE_NODE", "Child"), node, depth + 1)
            last, node = node, reader.pointer(node, "_DEVICE_NODE", "Sibling")
        assert not parent or reader.pointer(parent, "_DEVICE_NODE", "LastChild") == last

    found = list(walk(reader.variable("IopRootDeviceNode"), 0, 0))
    assert found == [(each["node"], each["parent"], each["depth"], each["instance"]) for each in io["nodes"]]
    devices = {each["object"]: each for each in io["devices"]}
    for each in io["nodes"]:
        at = each["node"]
        assert reader.text(at + reader.layouts.offset("_DEVICE_NODE", "ServiceName")) == each["service"]
        assert reader.number(at, "_DEVICE_NODE", "State") == each["state"]
        assert reader.number(at, "_DEVICE_NODE", "Problem") == each["problem"]
        assert reader.pointer(at, "_DEVICE_NODE", "PhysicalDeviceObject") == each["pdo"] == each["stack"][-1]
        assert devices[each["pdo"]]["node"] == at
        assert [devices[device]["driver"] for device in each["stack"]] == each["drivers"]
        assert [devices[device]["attached_to"] for device in each["stack"]] == [*each["stack"][1:], 0]
        slot = reader.number(at, "_DEVICE_NODE", "StateHistoryEntry")
        history = at + reader.layouts.offset("_DEVICE_NODE", "StateHistory")
        last = int.from_bytes(kernel_bytes(case, history + 4 * (slot - 1), 4), "little")
        assert last == reader.number(at, "_DEVICE_NODE", "PreviousState")
    (acme,) = [each for each in io["nodes"] if each["instance"] == "USB\\VID_1209&PID_7A21\\0012A4F39B77"]
    assert (acme["drivers"], acme["state"]) == (["\\Driver\\acmedrv", "\\Driver\\usbport"], 0x308)
    assert sorted((each["state_name"], each["problem"]) for each in io["nodes"] if each["state"] != 0x308) == [
        ("DeviceNodeDeletePendingCloses", 0), ("DeviceNodeInitialized", 22), ("DeviceNodeRemoved", 10),
    ]  # fmt: skip
