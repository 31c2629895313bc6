"""Gates, sharers of interrupts and registers that were changed, as windows.kd.segments shows them."""

from __future__ import annotations

import struct

from tests.vol.changed_tables import EVERY, FREE, VECTOR, Changed, object_place
from tests.vol.test_irps import scene
from volplugins.vol.commands.segments.rows import Wanted, segment_rows


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


@EVERY
def test_a_count_of_all_ones_is_no_count(machine: str) -> None:
    """As an object is made that nothing counts with: it was not served four billion times."""
    changed = Changed(machine)
    driver, layout = changed.module(), changed.scene.layouts.descriptors.interrupt
    first = changed.interrupt(object_place(changed), driver.base + 0x1010, ShareVector=1, DispatchCount=0xFFFF_FFFF)
    second = changed.interrupt(object_place(changed, 1), driver.base + 0x1080, ShareVector=1, DispatchCount=7)
    changed.chain(first, second)
    changed.gate(
        first + (layout.offset("DispatchCode") if layout.has("DispatchCode") else 0x90 if changed.wide else 0x58)
    )
    _, uncounted, counted = changed.of_vector()
    assert " times" not in uncounted.note and "dispatched 7 times" in counted.note


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
