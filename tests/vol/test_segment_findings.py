"""What is odd in the tables becomes a finding."""

from __future__ import annotations

import struct
from dataclasses import replace

from tests.vol.changed_tables import ALL, EVERY, Changed, object_place
from volplugins.memory.reader import PAGE_SIZE
from volplugins.vol.commands.findings.segments import of_segment
from volplugins.vol.commands.segments.rows import segment_rows


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
