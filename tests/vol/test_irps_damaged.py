"""windows.kd.irps over memory that somebody has written into: bounded, named, and what is good is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sampling import sampled
from tests.vol.test_irps import dump_of, scene
from volplugins.io.words.functions import major_function
from volplugins.kernel.layouts import KernelLayouts
from volplugins.lab.damage.io import with_io_defect
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.vol.commands.irps.row import IrpRow
from volplugins.vol.commands.irps.rows import Wanted, irps_rows

# the rest of a long table runs with `make test-all`
EVERY = pytest.mark.parametrize("machine", sampled(MACHINES, 3))


@dataclass(slots=True)
class Writable:
    """A complete dump of a machine whose kernel memory can be written."""

    data: bytearray
    truth: dict[str, Any]
    layouts: KernelLayouts
    bits: int
    place: Callable[[int], int]

    def put(self, address: int, value: int, size: int = 0) -> None:
        """A number at a kernel address; within one page."""
        at, size = self.place(address), size or self.bits // 8
        self.data[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def word(self, address: int) -> int:
        at = self.place(address)
        return int.from_bytes(self.data[at : at + self.bits // 8], "little")

    def member(self, irp: int, name: str, value: int) -> None:
        at, size = self.layouts.io.irp.members[name]
        self.put(irp + at, value, size)

    def request(self, what: str) -> dict[str, Any]:
        return next(each for each in self.truth["io"]["requests"] if each["what"] == what)

    def rows(self, locations: bool = True) -> list[IrpRow]:
        return list(irps_rows(scene(bytes(self.data)), Wanted(locations=locations)))


def writable(machine: str, fault: str = "driver-read") -> Writable:
    data, truth = dump_of(machine, fault)
    made = scene(data)
    space, memory = made.space, made.target.memory
    assert space is not None and memory is not None
    runs = [(base << 12, (base + count) << 12, offset) for base, count, offset in memory.runs()]

    def place(address: int) -> int:
        physical = space.space.translate(address).physical
        assert physical is not None
        return next(offset + physical - start for start, end, offset in runs if start <= physical < end)

    return Writable(bytearray(data), truth, made.layouts, made.bits, place)


def main_rows(rows: list[IrpRow]) -> dict[int, IrpRow]:
    return {row.irp: row for row in rows if row.irp and not row.depth}


@EVERY
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("StackCount", 255, "StackCount 255 is more than 100"),
        ("CurrentLocation", 0xFF, "CurrentLocation 255 is beyond StackCount"),
        ("CurrentLocation", 0, ""),
        ("Size", 4, "Size 0x4 is less than"),
        ("CurrentStackLocation", 0x1234, "CurrentStackLocation 0x1234 is not location"),
        ("Thread", 0x1234, ""),
        ("OriginalFileObject", 0xFFFFFFFFFFFFFFF8, ""),
        ("CancelRoutine", 0x41414141, "cancel routine 0x41414141"),
    ],
)
def test_a_damaged_request_is_shown_with_what_is_wrong(machine: str, name: str, value: int, said: str) -> None:
    dump = writable(machine)
    irp = dump.request("control request")["irp"]
    dump.member(irp, name, value)
    rows = dump.rows()
    found = main_rows(rows)
    assert set(found) == {each["irp"] for each in dump.truth["io"]["requests"]}
    assert said in found[irp].note
    assert sum(row.irp == irp for row in rows) <= 102


@EVERY
def test_an_entry_of_a_list_that_is_no_request(machine: str) -> None:
    dump = writable(machine)
    irp = dump.request("control request")["irp"]
    dump.member(irp, "Type", 0x77)
    row = main_rows(dump.rows())[irp]
    assert (row.source, row.state) == ("thread", "free")
    assert "leads to no request: what is there is no request: its type is 119" in row.note
    assert row.pid == dump.request("control request")["pid"]


@EVERY
@pytest.mark.parametrize("target", ["itself", "user", "unmapped", "null", "another"])
def test_a_list_led_astray(machine: str, target: str) -> None:
    dump = writable(machine)
    first, other = dump.request("cancelled request")["irp"], dump.request("file read")["irp"]
    entry = dump.layouts.io.irp.offset("ThreadListEntry")
    top = (1 << dump.bits) - 0x2000
    where = {"itself": first + entry, "user": 0x10000, "unmapped": top, "null": 0, "another": other + entry}[target]
    dump.put(first + entry, where)
    rows = dump.rows()
    assert {each["irp"] for each in dump.truth["io"]["requests"]} <= set(main_rows(rows))
    complaints = [row.note for row in rows if row.process == "error"]
    assert any("IrpList of thread" in each for each in complaints)


@EVERY
def test_requests_of_strange_functions_and_devices(machine: str) -> None:
    dump = writable(machine)
    said = dump.request("control request")
    irp, layout = said["irp"], dump.layouts.io
    location = irp + layout.irp.size + (said["location"] - 1) * layout.stack_location.size
    dump.put(location, 0xEEEE, 2)
    dump.put(location + layout.stack_location.offset("DeviceObject"), irp)  # no device
    dump.put(location + layout.stack_location.offset("FileObject"), irp)  # no file
    dump.put(location + layout.stack_location.offset("CompletionRoutine"), 0x666000)
    row = main_rows(dump.rows())[irp]
    assert (row.major, row.minor, row.driver) == ("0xee", "0xee", "")
    assert "MajorFunction 0xee of location 2 is no function" in row.note
    assert f"device {irp:#x} of its location is no device with a driver" in row.note
    assert "completion routine 0x666000 is in no module" in row.note


@EVERY
def test_a_file_name_of_64_kib_is_cut(machine: str) -> None:
    dump = writable(machine)
    said = dump.request("file read")
    layout = dump.layouts.io
    location = said["irp"] + layout.irp.size + (said["location"] - 1) * layout.stack_location.size
    file = dump.word(location + layout.stack_location.offset("FileObject"))
    name = file + layout.file.offset("FileName")
    dump.put(name, 0xFFFEFFFE, 4)
    row = main_rows(dump.rows())[said["irp"]]
    assert len(row.file) <= 4097


@EVERY
def test_a_thread_that_says_it_waits_for_ever_gives_no_age(machine: str) -> None:
    dump = writable(machine)
    said = dump.request("control request")
    thread = dump.word(said["irp"] + dump.layouts.io.irp.offset("Thread"))
    dump.put(thread + dump.layouts.io.thread.offset("WaitTime"), 0xFFFFFFFF, 4)
    assert main_rows(dump.rows())[said["irp"]].age is None


@EVERY
def test_a_request_in_no_list_of_its_thread_says_so(machine: str) -> None:
    dump = writable(machine)
    said = dump.request("control request")
    thread = dump.word(said["irp"] + dump.layouts.io.irp.offset("Thread"))
    head = thread + dump.layouts.io.thread.offset("IrpList")
    dump.put(head, head)
    dump.put(head + dump.bits // 8, head)
    row = main_rows(dump.rows())[said["irp"]]
    assert row.source == "scan" and row.pid == said["pid"]
    assert f"not in the list of its thread {thread:#x}" in row.note


@pytest.mark.parametrize(
    "defect", ["irp-list-loop", "irp-current-location", "irp-stack-ff", "completion-hook", "name-64k"]
)
@pytest.mark.parametrize("machine", MACHINES)
def test_defects_by_name(machine: str, defect: str, tmp_path: Path) -> None:
    snapshot = with_io_defect(build(machine, "driver-read"), defect)
    built, at = snapshot.truth["io"]["requests"], snapshot.truth["io_defect"]["at"]
    data = write(snapshot, "full", tmp_path / "made.dmp").read_bytes()
    rows = list(irps_rows(scene(data), Wanted()))
    found = main_rows(rows)
    assert set(found) == {each["irp"] for each in built}
    for each in built:
        row = found[each["irp"]]
        told = (row.source, row.driver, row.state, row.location, row.pid, row.file)
        place = f"{each['location']}/{each['count']}"
        expected = (each["source"], each["driver"], each["state"], place, each["pid"], each["file"])
        assert told == expected, (defect, each["what"])
        assert row.major == major_function(each["major"])
    notes = " ".join(row.note for row in rows)
    if defect not in ("name-64k", "attached-loop"):
        assert f"{at:#x}" in notes or at in found
    if defect == "completion-hook":
        assert f"completion routine {at:#x} is in no module" in notes


def test_the_block_of_a_power_bugcheck_leads_to_the_list_without_symbols() -> None:
    dump = writable("win10-x64", "power")
    irps = {each["irp"]: each for each in dump.truth["io"]["requests"] if each["source"] == "power"}
    kernel = next(each["base"] for each in dump.truth["modules"] if each["name"] == "nt")
    block, layout = dump.request("freed request")["irp"], dump.layouts.io.power_triage  # memory that nobody needs
    dump.put(block, 0x8000, 2)
    dump.put(block + layout.offset("IrpList"), kernel + dump.truth["symbols"]["nt"]["PopIrpList"])
    dump.data[0x50:0x58] = block.to_bytes(8, "little")  # BugCheckParameter3 of DUMP_HEADER64
    rows = list(irps_rows(scene(bytes(dump.data), symbols=False), Wanted()))
    found = {row.irp: row for row in rows if row.source == "power"}
    assert found.keys() == irps.keys() and irps
    assert all(row.age == pytest.approx(irps[irp]["age"], abs=0.05) for irp, row in found.items())
    assert all("TRIAGE_9F_POWER.IrpList" in row.note for row in found.values())
