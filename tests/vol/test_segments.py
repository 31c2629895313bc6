"""windows.kd.segments on the lab's machines, as they are and with tables and interrupt objects written into them."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.vol.test_irps import dump_of, scene
from tests.vol.test_irps_damaged import Writable, writable
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.kernel.processors import Processor
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.loader.module import Module
from volplugins.memory.reader import PAGE_SIZE
from volplugins.vol.commands.findings.segments import of_segment
from volplugins.vol.commands.segments.address_rows import Asked, address_rows
from volplugins.vol.commands.segments.row import AddressRow, SegmentRow
from volplugins.vol.commands.segments.rows import Wanted, processor_number, segment_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.output.wrong_use import WrongUse
from volplugins.vol.scene.crash_scene import scene_of

EVERY = pytest.mark.parametrize("machine", MACHINES)
FREE = 0x800  # of a processor's page of tables: neither GDT nor TSS is there
VECTOR = 0x77
ALL = Wanted()


class Changed:
    """A machine's dump whose processors' tables are written."""

    def __init__(self, machine: str) -> None:
        self.dump: Writable = writable(machine)
        self.wide = self.dump.bits == 64
        self.scene = scene(bytes(self.dump.data))
        heads = [row for row in segment_rows(self.scene, Wanted()) if row.type == "table"]
        self.gdt = [row.base or 0 for row in heads if row.table == "gdt"]
        self.idt = [row.base or 0 for row in heads if row.table == "idt"]

    def write(self, address: int, data: bytes) -> int:
        at = self.dump.place(address)
        self.dump.data[at : at + len(data)] = data
        return address

    def gate(self, target: int, processor: int = 0, vector: int = VECTOR, kind: int = 0x8E) -> None:
        selector = 0x10 if self.wide else 8
        entry = struct.pack("<HHBBH", target & 0xFFFF, selector, 0, kind, target >> 16 & 0xFFFF)
        entry += struct.pack("<II", target >> 32, 0) if self.wide else b""
        self.write(self.idt[processor] + vector * len(entry), entry)

    def interrupt(self, address: int, service: int, vector: int = VECTOR, **more: int) -> int:
        """An interrupt object of this build, alone in its list."""
        layout = self.scene.layouts.descriptors.interrupt
        link = address + layout.offset("InterruptListEntry")
        words = {"Type": 22, "Size": layout.size, "InterruptListEntry": link, "ServiceRoutine": service,
                 "Vector": vector, "Irql": 7, "Connected": 1, **more}  # fmt: skip
        for name, value in words.items():
            at, size = layout.members[name]
            self.dump.put(address + at, value, min(size, self.dump.bits // 8))
        return address

    def chain(self, *addresses: int) -> None:
        at = self.scene.layouts.descriptors.interrupt.offset("InterruptListEntry")
        for here, there in zip(addresses, (*addresses[1:], addresses[0]), strict=True):
            self.dump.put(here + at, there + at)

    def scene_now(self) -> CrashScene:
        return scene(bytes(self.dump.data))

    def rows(self, wanted: Wanted = ALL) -> list[SegmentRow]:
        return list(segment_rows(self.scene_now(), wanted))

    def of_vector(self, vector: int = VECTOR, processor: int = 0) -> list[SegmentRow]:
        rows = self.rows()
        return [each for each in rows if (each.table, each.number, each.processor) == ("idt", vector, processor)]

    def module(self, name: str = "") -> Module:
        """A driver, or the module of this name."""
        return next(
            each for each in self.scene.modules
            if (each.name == name if name else each.name not in ("nt", "hal"))
        )  # fmt: skip


@EVERY
@pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])
def test_every_processor_has_what_the_lab_wrote(machine: str, symbols: bool) -> None:
    data, truth = dump_of(machine, "driver-read")
    at = scene(data, symbols)
    rows = list(segment_rows(at, Wanted()))
    made = truth["descriptors"]["processors"]
    assert {each.processor for each in rows if each.table != "ivt"} == {each["number"] for each in made}
    for processor in made:
        own = [each for each in rows if each.processor == processor["number"]]
        heads = {each.table: each for each in own if each.type == "table"}
        for name in ("gdt", "idt", "tss"):
            assert heads[name].base == processor[name]["base"]
        assert [(heads[name].limit, heads[name].note) for name in ("gdt", "idt")] == [
            (processor[name]["limit"], "the KPCR and the saved special registers agree") for name in ("gdt", "idt")
        ]
        assert heads["tss"].selector == processor["tss"]["selector"]
        gates = {each.number: each for each in own if each.table == "idt" and each.depth == 1}
        assert gates.keys() == processor["gates"].keys()
        for vector, gate in processor["gates"].items():
            shown = gates[vector]
            assert (shown.target, shown.dpl) == (gate["target"], gate["dpl"])
            assert shown.selector == (gate["task"] or (0x10 if at.bits == 64 else 8))
            assert shown.flags == (f"ist{gate['ist']}" if gate["ist"] else "")
            if symbols and gate["module"] == "nt":
                assert shown.symbol.partition("+")[0] == gate["symbol"].partition("+")[0]
        assert [each.note for each in gates.values() if "outside" in each.note or "differs" in each.note] == []


@EVERY
@pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])
def test_interrupt_objects_are_those_that_the_lab_connected(machine: str, symbols: bool) -> None:
    data, truth = dump_of(machine, "driver-read")
    rows = list(segment_rows(scene(data, symbols), Wanted()))
    for processor in truth["descriptors"]["processors"]:
        shown = [each for each in rows if each.type == "interrupt" and each.processor == processor["number"]]
        assert [(each.number, each.target) for each in shown] == [
            (each["vector"], each["routine"]) for each in processor["interrupts"]
        ]
        met: set[int] = set()
        for row, made in zip(shown, processor["interrupts"], strict=True):
            assert f"KINTERRUPT {made['object']:#x} by " in row.note
            assert row.note.endswith(f"dispatched {made['count']} times")
            assert ("shared" in row.flags, "message-signalled" in row.note) == (made["shared"], made["message"])
            assert ("shared vector" in row.note) is (made["vector"] in met)
            met.add(made["vector"])
            assert row.symbol.startswith((f"{made['module']}!", f"{made['module']}+"))


@EVERY
def test_the_stacks_of_long_mode_are_those_of_the_kernel(machine: str) -> None:
    at = scene(dump_of(machine, "driver-read")[0])
    stacks = {
        (f"IST{row.number}", row.processor, row.target) for row in segment_rows(at, Wanted()) if row.type == "ist"
    }
    assert stacks == {(each.kind, each.processor, each.high) for each in at.processor_stacks if each.kind[:3] == "IST"}
    assert bool(stacks) == (at.bits == 64)


def object_place(changed: Changed, number: int = 0) -> int:
    """Where an interrupt object fits; those of XP with their code are large."""
    return changed.gdt[0] + FREE + number * 0x300


@EVERY
def test_a_gate_into_the_code_of_an_interrupt_object(machine: str) -> None:
    changed = Changed(machine)
    driver, layout = changed.module(), changed.scene.layouts.descriptors.interrupt
    first = changed.interrupt(object_place(changed), driver.base + 0x1010, ShareVector=1)
    second = changed.interrupt(object_place(changed, 1), driver.base + 0x1080, ShareVector=1)
    changed.chain(first, second)
    code = layout.offset("DispatchCode") if layout.has("DispatchCode") else 0x90 if changed.wide else 0x58
    changed.gate(first + code)
    gate, *behind = changed.of_vector()
    assert gate.target == first + code and gate.note == "2 drivers share the vector"
    assert [each.target for each in behind] == [driver.base + 0x1010, driver.base + 0x1080]
    assert [each.type for each in behind] == ["interrupt"] * 2
    assert all(each.symbol.startswith(driver.name) and "shared" in each.flags for each in behind)
    assert f"KINTERRUPT {first:#x} by dispatch code" in behind[0].note
    assert f"KINTERRUPT {second:#x} by shared vector" in behind[1].note
    # the other processor's gate leads elsewhere
    assert [each.type for each in changed.of_vector(processor=1)] == [gate.type]


def test_the_thunk_of_a_vector_leads_to_the_processors_table() -> None:
    changed = Changed("win10-x64")
    driver, prcb = changed.module(), changed.scene.processors[0].prcb
    kernel = changed.module("nt")
    item = changed.interrupt(object_place(changed), kernel.base + 0x1000, MessageServiceRoutine=driver.base + 0x1020)
    changed.dump.put(prcb + changed.scene.layouts.descriptors.processor.offset("InterruptObject") + 8 * VECTOR, item)
    changed.gate(kernel.base + 0x1000)
    # without a symbol that says otherwise the kernel's code there may be the thunk
    plain = list(segment_rows(scene(bytes(changed.dump.data), symbols=False), Wanted()))
    _, behind = [row for row in plain if (row.table, row.number, row.processor) == ("idt", VECTOR, 0)]
    assert behind.target == driver.base + 0x1020
    assert "by interrupt object table" in behind.note and "message-signalled" in behind.note
    # an object of another vector is not believed
    changed.interrupt(item, kernel.base + 0x1000, vector=VECTOR + 1)
    plain = list(segment_rows(scene(bytes(changed.dump.data), symbols=False), Wanted()))
    assert len([row for row in plain if (row.table, row.number, row.processor) == ("idt", VECTOR, 0)]) == 1


def test_the_code_of_a_gate_of_x86_names_its_object() -> None:
    changed = Changed("win7-x86-pae")
    driver = changed.module()
    item = changed.interrupt(object_place(changed), driver.base + 0x1010)
    code = changed.write(object_place(changed, 2), b"\x54\x55\xbf" + struct.pack("<I", item) + b"\xe9\0\0\0\0")
    changed.gate(code)
    _, behind = changed.of_vector()
    assert behind.target == driver.base + 0x1010 and "by code of the gate" in behind.note


@EVERY
def test_lists_of_sharers_that_lead_nowhere_end(machine: str) -> None:
    changed = Changed(machine)
    driver, layout = changed.module(), changed.scene.layouts.descriptors.interrupt
    first = changed.interrupt(object_place(changed), driver.base + 0x1010)
    second = changed.interrupt(object_place(changed, 1), driver.base + 0x1080)
    at = layout.offset("InterruptListEntry")
    code = layout.offset("DispatchCode") if layout.has("DispatchCode") else 0x90 if changed.wide else 0x58
    changed.gate(first + code)
    for head, link in ((second + at, second + at), (second + at, 0), (0x10, 0), (0, 0)):
        changed.dump.put(first + at, head)
        changed.dump.put(second + at, link)
        assert 2 <= len(changed.of_vector()) <= 3


@EVERY
def test_gates_that_lead_elsewhere(machine: str) -> None:
    changed = Changed(machine)
    driver, nowhere = changed.module(), object_place(changed)
    changed.gate(driver.base + 0x1234)
    changed.gate(nowhere, processor=1)
    (first,), (second,) = changed.of_vector(), changed.of_vector(processor=1)
    assert first.note == f"outside the kernel: in {driver.image_name}"
    assert second.note.startswith("outside the kernel: in no module; differs from processor 0, where it leads to")
    changed.gate(nowhere, processor=1, kind=0x0E)  # not present: leads nowhere
    (second,) = changed.of_vector(processor=1)
    assert second.present is False and "outside" not in second.note
    changed.gate(driver.base, processor=1, kind=0x8C)
    (second,) = changed.of_vector(processor=1)
    assert "an IDT may not hold this" in second.note


@EVERY
def test_call_gates_and_segments_of_ring_0(machine: str) -> None:
    changed = Changed(machine)
    kernel = changed.module("nt")
    where = 0x48 if changed.wide else 0x60
    # the first free place of long mode's GDT is that of the TSS's upper half: write the gate over it and what follows
    low = (kernel.base & 0xFFFF) | (0x10 if changed.wide else 8) << 16 | 0xEC << 40 | (kernel.base >> 16 & 0xFFFF) << 48
    place = 0x20 if changed.wide else where
    changed.write(changed.gdt[0] + place, struct.pack("<QQ", low, kernel.base >> 32))
    (gate,) = [row for row in changed.rows() if (row.table, row.selector, row.processor) == ("gdt", place, 0)]
    assert gate.type == ("call-gate64" if changed.wide else "call-gate32") and gate.target == kernel.base
    assert "a call gate from ring 3 to ring 0" in gate.note
    if changed.wide:
        changed.write(changed.gdt[1] + 0x20, struct.pack("<Q", 0x00209B0000000000))
        (code,) = [row for row in changed.rows() if (row.table, row.selector, row.processor) == ("gdt", 0x20, 1)]
        assert "a code segment of ring 0 that Windows does not have" in code.note
        assert "differs from processor 0" in code.note


def test_task_gates_of_x86_lead_through_their_tss() -> None:
    changed = Changed("xp-x86")
    kernel, gdt = changed.module("nt"), changed.gdt[0]
    state = changed.write(gdt + FREE, struct.pack("<H30xI", 0x28, kernel.base + 0x1000).ljust(0x68, b"\0"))
    low = 0x67 | (state & 0xFFFFFF) << 16 | 0x89 << 40 | (state >> 24) << 56
    changed.write(gdt + 0x50, struct.pack("<Q", low))
    changed.write(changed.idt[0] + 8 * 8, struct.pack("<HHBBH", 0, 0x50, 0, 0x85, 0))
    (gate,) = changed.of_vector(8)
    assert (gate.type, gate.selector, gate.target) == ("task-gate", 0x50, kernel.base + 0x1000)
    assert f"task of TSS 0x50 at {state:#x}; previous task 0x28" in gate.note
    # one whose task is its own predecessor, one that leads to itself, one beyond the table
    changed.write(state, struct.pack("<H", 0x50))
    assert "its previous task is itself" in changed.of_vector(8)[0].note
    changed.write(gdt + 0x50, struct.pack("<HHBBH", 0, 0x50, 0, 0x85, 0))
    assert "is no TSS but task-gate" in changed.of_vector(8)[0].note
    changed.write(changed.idt[0] + 8 * 8, struct.pack("<HHBBH", 0, 0xFFF8, 0, 0x85, 0))
    assert "leads nowhere: the GDT ends at 0x3ff" in changed.of_vector(8)[0].note


@EVERY
def test_registers_that_differ(machine: str) -> None:
    changed = Changed(machine)
    layouts, processor = changed.scene.layouts.descriptors, changed.scene.processors[1]
    at = processor.prcb + layouts.processor.offset("ProcessorState") + layouts.state.offset("SpecialRegisters")
    width = 8 if changed.wide else 4
    idtr = at + layouts.special.offset("Idtr")
    changed.dump.put(idtr + width - 2, 0x7FE, 2)
    head = next(row for row in changed.rows() if (row.table, row.type, row.processor) == ("idt", "table", 1))
    assert head.limit == 0x7FE and "limit 0x7fe where Windows has" in head.note and "within an entry" in head.note
    assert any(row.table == "error" and row.note.startswith("limit of the IDT 0x7fe here") for row in changed.rows())
    changed.dump.put(idtr + width, changed.idt[0])
    head = next(row for row in changed.rows() if (row.table, row.type, row.processor) == ("idt", "table", 1))
    assert head.note.startswith(f"the KPCR says {changed.idt[1]:#x}, the saved special registers {changed.idt[0]:#x}")
    changed.dump.put(idtr + width, 0)
    head = next(row for row in changed.rows() if (row.table, row.type, row.processor) == ("idt", "table", 1))
    assert (head.base, head.limit) == (changed.idt[1], 0xFFF if changed.wide else 0x7FF)
    assert "saved none" in head.note


def local_table(changed: Changed) -> int:
    """Give System an LDT of two segments; its address."""
    system, gdt = changed.scene.system_process, changed.gdt[0]
    assert system is not None
    table = changed.write(gdt + FREE, struct.pack("<3Q", 0, 0x0000FB123450FFFF, 0x0040F36660000FFF))
    low = 0x17 | (table & 0xFFFFFF) << 16 | 0x82 << 40 | (table >> 24 & 0xFF) << 56
    layout = changed.scene.layouts.descriptors.process
    member = "LdtSystemDescriptor" if changed.wide else "LdtDescriptor"
    data = struct.pack("<QQ", low, table >> 32) if changed.wide else struct.pack("<Q", low)
    changed.write(system.eprocess + layout.offset(member), data)
    return table


@pytest.mark.parametrize("machine", ["xp-x86", "win7-x86-pae", "win7-x64"])
def test_the_ldt_of_a_process(machine: str) -> None:
    changed = Changed(machine)
    table = local_table(changed)
    head, code, data = changed.rows(Wanted(["pid:4"]))
    assert (head.table, head.base, head.limit, head.processor) == ("ldt", table, 0x17, None)
    assert (code.selector, code.type, code.base, code.limit) == (0xC, "code16", 0x12345000 >> 8 & 0xFFFFFF, 0xFFFF)
    assert (data.selector, data.type, data.limit) == (0x14, "data", 0xFFF)
    rows = list(
        address_rows(scene(bytes(changed.dump.data)), Asked(["f:123", "17:fff", "17:1000", "1f:0"], (), ["pid:4"]))
    )
    linear = {row.address: row for row in rows if row.step == "linear"}
    assert linear["f:123"].value == f"{(code.base or 0) + 0x123:#x}"
    assert linear["17:fff"].state == "valid" and linear["17:1000"].state == "beyond-limit"
    assert "16" in linear["f:123"].note
    assert [row.state for row in rows if row.address == "1f:0"] == ["beyond-table"]
    # another process has none
    other = next(each for each in changed.rows(Wanted(["csrss.exe"])))
    assert other.note.endswith("it has no LDT")


def test_windows_10_has_no_ldt() -> None:
    (row,) = Changed("win10-x64").rows(Wanted(["pid:4"]))
    assert row.note == "System (PID 4): Windows of 64 bits has no LDTs since build 15063"


def steps(rows: Iterator[AddressRow]) -> list[tuple[str, str, str]]:
    return [(row.step, row.value, row.state) for row in rows]


@EVERY
def test_the_way_of_an_address_is_that_of_vtop(machine: str) -> None:
    at = scene(dump_of(machine, "driver-read")[0])
    kernel = at.modules.kernel
    assert kernel is not None and at.process is not None
    text = f"{'10' if at.bits == 64 else '8'}:{kernel.base:x}"
    found = list(address_rows(at, Asked([text])))
    usual = list(vtop_rows(at, [f"{kernel.base:x}"], [f"eprocess:{at.process.eprocess:x}"], None))
    assert [row.step for row in found[:3]] == ["selector", "descriptor", "linear"]
    assert steps(iter(found[3:])) == [(row.step, row.value or "", row.state) for row in usual]
    assert found[-1].step == "fileoffset" and all("flat" in row.note for row in found)


def test_wrong_addresses_are_rows() -> None:
    at = scene(dump_of("xp-x86", "driver-read")[0])
    wrong = ["1b", "1b:", "x:1", "1b:123456789", "12345:0", ":", "\0:\n"]
    rows = list(address_rows(at, Asked(wrong, ["1:10000", "zz"])))
    assert [row.step for row in rows] == ["error"] * 9


def test_real_mode_addresses() -> None:
    at = scene(dump_of("xp-x86", "driver-read")[0])
    rows = list(address_rows(at, Asked((), ["ffff:ffff"])))
    assert ("linear", "0x10ffef", "valid") in steps(iter(rows))
    assert "with A20 off it is 0xffef" in rows[1].note
    assert any(row.step.startswith("real-") and "real mode" in row.note for row in rows)
    wide = list(address_rows(scene(dump_of("win10-x64", "driver-read")[0]), Asked((), ["ffff:ffff"])))
    assert [row.step for row in wide] == ["selector", "linear", "physical", "fileoffset"]
    assert "long mode has no virtual-8086 mode" in wide[0].note


@pytest.mark.parametrize("machine", ["win10-x64", "xp-x86"])
def test_small_dumps_say_why(machine: str, tmp_path: Path) -> None:
    data = write(build(machine, "driver-read"), "triage", tmp_path / "a.dmp").read_bytes()
    at = scene_of(open_dump(BytesSource(data)))
    rows = list(segment_rows(at, Wanted()))
    assert rows and {row.table for row in rows} <= {"error", "tss", "msr", "gdt", "idt"}
    assert any("cannot be read" in row.note for row in rows)
    assert list(address_rows(at, Asked(["10:1000"], ["0:1"])))


@EVERY
@pytest.mark.parametrize("seed", range(3))
def test_tables_of_random_bytes(machine: str, seed: int) -> None:
    """No table is too strange: every row is written, and there are no more than the tables can hold."""
    changed, chance = Changed(machine), random.Random(seed)
    changed.write(changed.idt[0], chance.randbytes(0x1000 if changed.wide else 0x800))
    changed.write(changed.gdt[0], chance.randbytes(0x400))
    rows = changed.rows()
    assert 200 < len(rows) < 2000
    list(address_rows(scene(bytes(changed.dump.data)), Asked([f"{each:x}:10" for each in range(0, 0x400, 8)])))


def test_processors_by_number() -> None:
    assert (processor_number(None), processor_number("1"), processor_number("0x10")) == (None, 1, 16)
    for text in ("", "x", "-1", "99999999999", "0x"):
        with pytest.raises(WrongUse):
            processor_number(text)
    changed = Changed("win7-x64")
    assert {row.processor for row in changed.rows(Wanted(processor=1))} == {1}
    (row,) = changed.rows(Wanted(processor=7))
    assert row.note.startswith("no block (KPRCB) of processor 7 was found")
    assert isinstance(changed.scene.processors[0], Processor)


def found(changed: Changed) -> set[tuple[str, str]]:
    """Kinds and evidence of what is found of the changed tables."""
    return {(each.kind.name, each.evidence) for row in changed.rows() for each in of_segment(row)}


@EVERY
def test_what_is_odd_becomes_findings(machine: str) -> None:
    changed = Changed(machine)
    assert not found(changed)
    driver, nowhere = changed.module(), object_place(changed)
    changed.gate(driver.base + 0x10, processor=1, vector=3)
    changed.gate(nowhere)
    # an interrupt service in no module, and a sound one
    code = changed.scene.layouts.descriptors.interrupt
    at = code.offset("DispatchCode") if code.has("DispatchCode") else 0x90 if changed.wide else 0x58
    changed.gate(changed.interrupt(object_place(changed, 1), nowhere, vector=0x78) + at, vector=0x78)
    changed.gate(changed.interrupt(object_place(changed, 2), driver.base, vector=0x79) + at, vector=0x79)
    kernel = changed.module("nt")
    low = 0x1000 | (0x10 if changed.wide else 8) << 16 | 0xEC << 40 | (kernel.base >> 16 & 0xFFFF) << 48
    changed.write(changed.gdt[0] + 0x20, struct.pack("<QQ", low, kernel.base >> 32))
    kinds = found(changed)
    outside = {evidence for kind, evidence in kinds if kind == "gate-outside-kernel"}
    assert {each.partition(" of processor")[0] for each in outside} == {
        "vector 0x03", "vector 0x77", "interrupt service of vector 0x78",
    }  # fmt: skip
    assert ("call-gate", "selector 0x20 of processor 0: a call gate from ring 3 to ring 0") in kinds
    odd = {evidence for kind, evidence in kinds if kind == "descriptor-table"}
    assert any(each.startswith("vector 0x03 of processor 1") for each in odd)
    assert not any("0x77" in each or "0x78" in each for each in odd)


def test_system_calls_that_go_elsewhere() -> None:
    changed = Changed("win10-x64")
    layouts, processor = changed.scene.layouts.descriptors, changed.scene.processors[0]
    at = processor.prcb + layouts.processor.offset("ProcessorState") + layouts.state.offset("SpecialRegisters")
    for target, says in ((object_place(changed), "outside the kernel: in no module"),
                         (changed.module("nt").base + 0x1000, "not at nt!KiSystemCall64")):  # fmt: skip
        changed.dump.put(at + layouts.special.offset("MsrLStar"), target)
        assert found(changed) == {("gate-outside-kernel", f"MsrLStar of processor 0 is {target:#x}: {says}")}


def test_the_vectors_of_real_mode() -> None:
    """A raw image has physical page 0, as the firmware filled it."""
    changed = Changed("xp-x86")
    memory = changed.scene.target.memory
    assert memory is not None
    page = struct.pack("<8H", 0xE987, 0xF000, 0, 0, 0x0012, 0xC000, 0xFFFF, 0xFFFF).ljust(PAGE_SIZE, b"\0")

    class WithPageZero:
        """The dump's memory, and a page below it."""

        def read(self, address: int, size: int) -> bytes:
            return page[address : address + size] if address < PAGE_SIZE else memory.read(address, size)

    target = replace(changed.scene.target, memory=WithPageZero())  # type: ignore[arg-type]
    rows = [row for row in segment_rows(replace(changed.scene, target=target), ALL) if row.table == "ivt"]
    assert [(row.number, row.selector, row.target) for row in rows[1:]] == [
        (0, 0xF000, 0xFE987), (2, 0xC000, 0xC0012), (3, 0xFFFF, 0x10FFEF),
    ]  # fmt: skip
    assert (rows[0].type, rows[0].base, rows[0].limit) == ("table", 0, 0x3FF)
    assert not [row for row in changed.rows() if row.table == "ivt"]
