"""windows.kd.segments on the lab's machines as they are, on small dumps, and on random bytes."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from tests.vol.changed_tables import EVERY, FREE, Changed
from tests.vol.test_irps import dump_of, scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.kernel.processors import Processor
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.vol.commands.segments.address_rows import Asked, address_rows
from volplugins.vol.commands.segments.rows import Wanted, processor_number, segment_rows
from volplugins.vol.output.wrong_use import WrongUse
from volplugins.vol.scene.crash_scene import scene_of


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
