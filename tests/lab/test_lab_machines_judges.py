"""Other people's programs read the made-up machines and agree with the truth: volatility3's own plugins, MemProcFS."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.machine_memory import kernel_bytes, lowest_entry, made, pointer
from tests.sampling import sampled
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.writers import write

HERE = Path(__file__).parent
SYMBOLS = HERE.parents[1] / "symbols"
PLUGINS = (
    "windows.info", "windows.pslist", "windows.modules", "windows.crashinfo", "windows.vadinfo",
    "windows.malware.ldrmodules",
)  # fmt: skip
PROTECTIONS = (
    "PAGE_NOACCESS", "PAGE_READONLY", "PAGE_EXECUTE", "PAGE_EXECUTE_READ", "PAGE_READWRITE", "PAGE_WRITECOPY",
    "PAGE_EXECUTE_READWRITE", "PAGE_EXECUTE_WRITECOPY",
)  # fmt: skip
# base and computer differ from machine to machine, so that all of them are looked at
CHOICES = {machine: (machine, "notmyfault", index % 3, index % 2) for index, machine in enumerate(MACHINES)}
_CANONICAL = (1 << 48) - 1


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("dumps")
    return {machine: write(made(*choice), "full", folder / f"{machine}.dmp") for machine, choice in CHOICES.items()}


@pytest.fixture(scope="module")
def said(dumps: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What volatility3 says of each machine, by plugin."""
    cache = tmp_path_factory.mktemp("cache")
    result = _run("volatility_judge.py", str(SYMBOLS), str(cache), *map(str, dumps.values()), "--", *PLUGINS)
    assert result.returncode == 0, result.stderr
    return dict(zip(dumps, json.loads(result.stdout), strict=True))


@pytest.fixture(params=MACHINES)
def case(request: pytest.FixtureRequest, said: dict[str, dict[str, Any]]) -> tuple[Snapshot, dict[str, Any]]:
    return made(*CHOICES[request.param]), said[request.param]


def test_volatility_info(case: tuple[Snapshot, dict[str, Any]]) -> None:
    snapshot, rows = case
    profile = PROFILES[snapshot.machine]
    info = {row["Variable"]: row["Value"] for row in rows["windows.info"]}
    mask = _CANONICAL if snapshot.bits == 64 else 0xFFFFFFFF
    assert int(info["Kernel Base"], 16) == snapshot.truth["modules"][0]["base"] & mask
    assert int(info["DTB"], 16) == snapshot.truth["system_directory"]
    assert info["Is64Bit"] == str(snapshot.bits == 64)
    assert info["IsPAE"] == str(snapshot.pae)
    assert profile.build_lab.startswith(info["NTBuildLab"])
    assert info["Major/Minor"] == f"15.{profile.build}"
    assert info["KeNumberProcessors"] == "2"
    assert (info["NtMajorVersion"], info["NtMinorVersion"]) == tuple(map(str, profile.version))
    assert snapshot.truth["modules"][0]["guid"] in info["Symbols"]


def test_volatility_pslist(case: tuple[Snapshot, dict[str, Any]]) -> None:
    snapshot, rows = case
    mask = _CANONICAL if snapshot.bits == 64 else 0xFFFFFFFF
    found = [
        (row["PID"], row["PPID"], row["ImageFileName"], row["Offset(V)"] & mask, row["Threads"])
        for row in rows["windows.pslist"]
    ]
    assert found == [
        (
            each["pid"], each["ppid"], each["name"][:14], each["eprocess"] & mask,
            sum(not thread["exited"] for thread in each["threads"]),
        )
        for each in snapshot.truth["processes"]
    ]  # fmt: skip


def test_volatility_modules(case: tuple[Snapshot, dict[str, Any]]) -> None:
    snapshot, rows = case
    mask = _CANONICAL if snapshot.bits == 64 else 0xFFFFFFFF
    found = [(row["Base"] & mask, row["Size"], row["Name"], row["Path"]) for row in rows["windows.modules"]]
    assert found == [
        (each["base"] & mask, each["size"], each["file"], each["path"]) for each in snapshot.truth["modules"]
    ]


def test_volatility_crashinfo(case: tuple[Snapshot, dict[str, Any]]) -> None:
    snapshot, rows = case
    (row,) = rows["windows.crashinfo"]
    for name in ("MajorVersion", "MinorVersion", "DirectoryTableBase", "PsLoadedModuleList", "KdDebuggerDataBlock"):
        assert row[name] == snapshot.header[name], name


def test_volatility_vadinfo(case: tuple[Snapshot, dict[str, Any]]) -> None:
    snapshot, rows = case
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in sorted(rows["windows.vadinfo"], key=lambda row: row["Start VPN"]):
        said = (row["Start VPN"], row["End VPN"] + 1, bool(row["PrivateMemory"]), row["CommitCharge"], row["File"])
        assert row["Tag"] == ("VadS" if row["PrivateMemory"] else "Vad ")
        assert row["Protection"].startswith(PROTECTIONS)
        found.setdefault(row["PID"], []).append((*said, row["Protection"].partition("|")[0].strip()))
    assert found == {
        pid: [
            (vad["start"], vad["end"], vad["private"], vad["commit"], vad["file"], PROTECTIONS[vad["protection"] & 7])
            for vad in vads
        ]
        for pid, vads in snapshot.truth["vads"].items()
        if pid
    }
    assert any(each[4] for vads in found.values() for each in vads)


def test_ranges_lead_to_files_and_prototype_entries_to_the_mapped_pages(case: tuple[Snapshot, dict[str, Any]]) -> None:
    """From the VADs that volatility3 found, by the offsets of the public symbol tables."""
    snapshot, rows = case
    structures = PROFILES[snapshot.machine].structures
    width, size = snapshot.bits // 8, 4 if snapshot.machine == "xp-x86" else 8

    def member(at: int, name: str, path: str) -> int:
        return pointer(snapshot, at + structures.offset(name, path))

    devices = set()
    for row in rows["windows.vadinfo"]:
        if not row["File"] or not row["File"].endswith((".exe", ".dll")):
            continue
        vad = row["Offset"] | ((0xFFFF << 48) if snapshot.bits == 64 else 0)
        direct = structures.has("_MMVAD", "ControlArea")
        section = member(vad, "_MMVAD", "ControlArea" if direct else "Subsection")
        area = section if direct else member(section, "_SUBSECTION", "ControlArea")
        assert member(member(area, "_CONTROL_AREA", "Segment"), "_SEGMENT", "ControlArea") == area
        assert (
            kernel_bytes(snapshot, area + structures.offset("_CONTROL_AREA", "u"), 1)[0] & 0xA0 == 0xA0
        )  # Image, File
        file = member(area, "_CONTROL_AREA", "FilePointer") & ~(0 if direct else width * 2 - 1)
        devices.add(member(file, "_FILE_OBJECT", "DeviceObject"))
        first, last = (member(vad, "_MMVAD", name) for name in ("FirstPrototypePte", "LastContiguousPte"))
        pages = range(row["Start VPN"], row["End VPN"], 0x1000)
        assert last == first + (len(pages) - 1) * size
        directory = snapshot.truth["directories"][row["PID"]]
        own = [lowest_entry(snapshot, directory, page) for page in pages]
        found = [int.from_bytes(kernel_bytes(snapshot, first + at * size, size), "little") for at in range(len(own))]
        shared = [(entry, prototype) for entry, prototype in zip(own, found, strict=True) if entry & 3 == 1]
        assert len(shared) >= 4
        assert all(prototype & 1 and prototype >> 12 == entry >> 12 for entry, prototype in shared)
    (device,) = devices
    header = device - structures.offset("_OBJECT_HEADER", "Body")
    name = header - structures.size("_OBJECT_HEADER_NAME_INFO") + structures.offset("_OBJECT_HEADER_NAME_INFO", "Name")
    text = kernel_bytes(snapshot, pointer(snapshot, name + width), kernel_bytes(snapshot, name, 1)[0])
    assert text.decode("utf-16-le") == f"HarddiskVolume{1 if snapshot.machine == 'xp-x86' else 2}"


def test_volatility_ldrmodules(case: tuple[Snapshot, dict[str, Any]]) -> None:
    snapshot, rows = case
    found = {(row["Pid"], row["Base"], row["MappedPath"], row["InLoad"]) for row in rows["windows.malware.ldrmodules"]}
    assert found == {
        (pid, module["base"], module["path"].partition(":")[2], True)
        for pid, user in snapshot.truth["user"].items()
        for module in user["modules"]
    }


@pytest.mark.parametrize("machine", [name for name in MACHINES if name.endswith("x64")])
def test_memprocfs(machine: str, dumps: dict[str, Path]) -> None:
    _as_memprocfs_says(dumps[machine], machine)


# AVML is none of its formats
@pytest.mark.parametrize("kind", sampled(["raw", "lime", "elf-core", "vmware", "vmem"], 3))
@pytest.mark.parametrize("machine", sampled([each for each in CHOICES if each.endswith("x64")], 2))
def test_memprocfs_reads_images(machine: str, kind: str, tmp_path: Path) -> None:
    _as_memprocfs_says(write(made(*CHOICES[machine]), kind, tmp_path / "image.vmem"), machine)


def _as_memprocfs_says(path: Path, machine: str) -> None:
    result = _run("memprocfs_judge.py", str(path))
    if result.returncode == 3:
        pytest.skip(f"MemProcFS is not installed: {result.stderr.strip()}")
    assert result.returncode == 0, result.stdout + result.stderr
    said = json.loads(result.stdout.splitlines()[-1])
    truth = made(*CHOICES[machine]).truth
    assert said["build"] == PROFILES[machine].build
    running = [each for each in truth["processes"] if not each["exited"]]
    assert [(each["pid"], each["ppid"], each["eprocess"]) for each in said["processes"]] == [
        (each["pid"], each["ppid"], each["eprocess"]) for each in running
    ]
    assert [each["dtb"] & ~0xFFF for each in said["processes"]] == [each["dtb"] & ~0xFFF for each in running]
    assert sorted((each["name"], each["base"], each["size"]) for each in said["modules"]) == sorted(
        (each["file"], each["base"], each["size"]) for each in truth["modules"]
    )
