"""Crashes of devices with memory, code and parameters changed, for tests of blame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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


def location_of(snapshot: Snapshot, number: int) -> int:
    return p(snapshot, 4) + IRP + (number - 1) * LOCATION


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


def triage_block(snapshot: Snapshot) -> int:
    base = next(each["base"] for each in snapshot.truth["modules"] if each["file"].lower().startswith("ntoskrnl"))
    return int(base + snapshot.truth["symbols"]["nt"]["PopWatchdogTriage"])


def words(values: Iterable[int]) -> bytes:
    return b"".join(value.to_bytes(8, "little") for value in values)


def network_irp(fault: str) -> int:
    return int(next(each["irp"] for each in io(fault)["requests"] if each["what"] == "power request"))
