"""The made-up images as pefile reads them out of the machine's memory."""

from __future__ import annotations

import struct
from typing import Any

import pefile
import pytest

from tests.lab.machine_memory import made
from volplugins.lab.machine.image_sources import machine_images
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES


def _load(snapshot: Snapshot, module: dict[str, Any]) -> pefile.PE:
    """An image from memory; discarded pages read as zeros, file offsets are made equal to memory's."""
    pages = range(module["base"], module["base"] + module["size"], 0x1000)
    data = bytearray(b"".join(snapshot.pages.get(snapshot.virtual.get(page, -1), bytes(0x1000)) for page in pages))
    parsed = pefile.PE(data=bytes(data), fast_load=True)
    for section in parsed.sections:
        section.PointerToRawData = section.VirtualAddress
    return pefile.PE(data=bytes(parsed.write()))


@pytest.mark.parametrize("machine", MACHINES)
def test_headers_debug_record_and_version(machine: str) -> None:
    snapshot = made(machine, "notmyfault")
    for module in snapshot.truth["modules"]:
        image = _load(snapshot, module)
        assert image.FILE_HEADER.TimeDateStamp == module["timestamp"]
        assert image.OPTIONAL_HEADER.CheckSum == module["checksum"]
        assert image.OPTIONAL_HEADER.SizeOfImage == module["size"]
        assert image.OPTIONAL_HEADER.ImageBase == module["base"]
        record = image.DIRECTORY_ENTRY_DEBUG[0].entry
        assert record.PdbFileName.rstrip(b"\0").decode().rpartition("\\")[2] == module["pdb"]
        assert record.Signature_String.startswith(module["guid"])
        assert record.Age == module["age"]
        texts = {
            key: value
            for info in image.FileInfo[0]
            if info.Key == b"StringFileInfo"
            for table in info.StringTable
            for key, value in table.entries.items()
        }
        assert texts[b"FileVersion"].count(b".") == 3
        assert texts[b"CompanyName"]


@pytest.mark.parametrize("machine", MACHINES)
def test_exports_of_the_kernel(machine: str) -> None:
    snapshot = made(machine, "notmyfault")
    kernel = _load(snapshot, snapshot.truth["modules"][0])
    symbols = kernel.DIRECTORY_ENTRY_EXPORT.symbols
    named = {each.name.decode(): each.address for each in symbols if each.name and not each.forwarder}
    assert named == snapshot.truth["exports"]["nt"]
    assert {"KeBugCheckEx", "KeWaitForSingleObject", "IofCallDriver", "DbgBreakPoint"} <= set(named)
    assert len(named) > 36
    assert sum(bool(each.forwarder) for each in symbols) == 1
    assert sum(not each.name for each in symbols) == 1
    assert any(each.Name.rstrip(b"\0") == b"POOLCODE" for each in kernel.sections)
    assert kernel.OPTIONAL_HEADER.MajorOperatingSystemVersion == PROFILES[machine].version[0]


@pytest.mark.parametrize("machine", MACHINES)
def test_imports_lead_to_the_exporting_module(machine: str) -> None:
    snapshot = made(machine, "notmyfault")
    modules = {module["name"]: module for module in snapshot.truth["modules"]}
    stems = {"ntoskrnl.exe": "nt", "HAL.dll": "hal"}
    for module in modules.values():
        image = _load(snapshot, module)
        for library in getattr(image, "DIRECTORY_ENTRY_IMPORT", []):
            stem = stems[library.dll.decode()]
            for entry in library.imports:
                width = snapshot.bits // 8
                slot = struct.unpack_from(
                    "<Q" if width == 8 else "<I", image.get_data(entry.address - module["base"], 8)
                )[0]
                assert slot - modules[stem]["base"] == snapshot.truth["symbols"][stem][entry.name.decode()]


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
def test_exception_directory_covers_every_function_that_moves_the_stack(machine: str) -> None:
    snapshot = made(machine, "notmyfault")
    images = machine_images(machine)
    for module in snapshot.truth["modules"]:
        table = _load(snapshot, module).DIRECTORY_ENTRY_EXCEPTION
        ranges = [(entry.struct.BeginAddress, entry.struct.EndAddress) for entry in table]
        assert ranges == sorted(ranges)
        functions = images[module["name"]].functions.values()
        assert ranges == sorted((begin, end) for begin, end, stack in functions if stack)
