"""windows.kd.segments where registers and lists are wrong: tables that are not there, lists that lead astray."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.vol.changed_tables import VECTOR, Changed, object_place
from tests.vol.test_images import image
from tests.vol.test_irps import scene
from volplugins.imagefile.processor_state import TableRegisters
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.target.target import Target
from volplugins.vol.commands.findings.segments import of_segment
from volplugins.vol.commands.segments.address_rows import Asked, address_rows
from volplugins.vol.commands.segments.row import SegmentRow
from volplugins.vol.commands.segments.rows import Wanted, segment_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.descriptor_scene import processor_tables

EVERY = pytest.mark.parametrize("machine", ["win10-x64", "xp-x86"])
WRONG_BASES = {"win10-x64": (0xFFFFB00000001000, 0x0008000000000000, 0x10), "xp-x86": (0xE8000000, 0x10, 0xFFFFFFF0)}


def heads(rows: list[SegmentRow]) -> dict[tuple[str, int | None], SegmentRow]:
    return {(row.table, row.processor): row for row in rows if row.type == "table"}


class Registers(Changed):
    """A machine whose first processor's registers are written."""

    def special(self, name: str) -> int:
        layouts, prcb = self.scene.layouts.descriptors, self.scene.processors[0].prcb
        state = layouts.processor.offset("ProcessorState") + layouts.state.offset("SpecialRegisters")
        return prcb + state + layouts.special.offset(name)

    def put_table(self, name: str, base: int, limit: int) -> None:
        """Both in the KPCR and in the saved special registers: ``name`` is GDT or IDT."""
        width = 8 if self.wide else 4
        self.dump.put(self.special(f"{name[0]}{name[1:].lower()}r"), limit << 8 * (width - 2), width)
        self.dump.put(self.special(f"{name[0]}{name[1:].lower()}r") + width, base, width)
        pcr = self.scene.layouts.descriptors.pcr
        member = name if pcr.has(name) else f"{name[0]}{name[1:].lower()}Base"
        block = self.scene.processors[0].prcb - (0x180 if self.wide else 0x120)
        self.dump.put(block + pcr.offset(member), base, width)


@EVERY
@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("table", ["GDT", "IDT"])
def test_a_table_that_is_not_there_costs_its_own_rows_alone(machine: str, which: int, table: str) -> None:
    changed, base = Registers(machine), WRONG_BASES[machine][which]
    changed.put_table(table, base, 0xFFF)
    rows = changed.rows()
    head = heads(rows)[table.lower(), 0]
    assert head.base == base
    own = [row for row in rows if (row.table, row.processor, row.depth) == (table.lower(), 0, 1)]
    assert own and all(row.type == "unreadable" for row in own)
    assert ("not canonical" in head.note) == (changed.wide and base >> 47 not in (0, 0x1FFFF))
    assert heads(rows)[table.lower(), 1].base not in (0, base)
    text = f"{'10' if changed.wide else '8'}:1000"
    steps = list(address_rows(changed.scene_now(), Asked([text], processor=0)))
    assert steps[0].state == ("unreadable" if table == "GDT" else "valid")


@EVERY
def test_a_limit_past_the_page_reads_what_is_there(machine: str) -> None:
    changed = Registers(machine)
    changed.put_table("GDT", changed.gdt[0], 0xFFFF)
    rows = [row for row in changed.rows() if (row.table, row.processor) == ("gdt", 0)]
    assert rows[0].limit == 0xFFFF and "where Windows has" in rows[0].note
    assert len(rows) < 0x2000 + 1
    unread = [row for row in rows if row.type == "unreadable"]
    assert unread and all("cannot be read" in row.note for row in unread)
    assert any(row.selector == 0x10 and row.type != "unreadable" for row in rows)


@EVERY
def test_a_broken_list_of_sharers_is_told_at_its_last_object(machine: str) -> None:
    changed = Changed(machine)
    driver, layout = changed.module(), changed.scene.layouts.descriptors.interrupt
    link = layout.offset("InterruptListEntry")
    code = layout.offset("DispatchCode") if layout.has("DispatchCode") else 0x90 if changed.wide else 0x58
    first, second = (
        changed.interrupt(object_place(changed, number), driver.base + 0x1010, ShareVector=1) for number in (0, 1)
    )
    changed.chain(first, second)
    changed.gate(first + code)
    nowhere = object_place(changed, 2) + link
    for value, text in (
        (second + link, "the list of sharers does not lead back"),
        (nowhere, f"the list of sharers leads to {nowhere:#x}"),
        (0, "the list of sharers leads to 0x0"),
        (1, "the list of sharers leads to 0x1"),
    ):
        changed.dump.put(second + link, value)
        _, *behind = changed.of_vector()
        assert [text in row.note for row in behind] == [False, True], value
    changed.dump.put(second + link, first + link)
    assert not any("list of sharers" in row.note for row in changed.of_vector())


def with_states(target: Target, **changes: object) -> Target:
    """The image's first processor with other table registers."""
    first, *others = target.states
    assert first.tables is not None
    tables = replace(first.tables, **changes)  # type: ignore[arg-type]
    return replace(target, states=(replace(first, tables=tables), *others))


@EVERY
@pytest.mark.parametrize("kind", ["elf-core", "vmware"])
def test_registers_that_a_container_saved_are_compared(machine: str, kind: str, tmp_path: Path) -> None:
    _, target = image(machine, kind, tmp_path)
    rows = list(segment_rows(scene_of(target), Wanted()))
    agree = "the container, the KPCR and the saved special registers agree"
    plain = "the KPCR and the saved special registers agree"
    assert {each.note for (name, _), each in heads(rows).items() if name == "idt"} == {agree}
    assert {each.note for (name, _), each in heads(rows).items() if name == "gdt"} == {
        agree if kind == "elf-core" else plain
    }


@EVERY
def test_a_container_that_says_otherwise_counts_first(machine: str, tmp_path: Path) -> None:
    _, target = image(machine, "elf-core", tmp_path)
    other = processor_tables(scene_of(target))[1].idt
    assert other is not None
    odd = scene_of(with_states(target, idt=(other.base, other.limit), task=0x58))
    rows = list(segment_rows(odd, Wanted()))
    number = next(row.processor for row in rows if row.type == "table" and row.note.startswith("the container says"))
    head = heads(rows)["idt", number]
    assert (head.base, number is not None) == (other.base, True)
    assert any(
        each.kind.name == "descriptor-table" and "the container says" in each.evidence
        for row in rows
        for each in of_segment(row)
    )
    assert next(each.task_selector for each in processor_tables(odd) if each.number == number) == 0x58


@EVERY
@pytest.mark.parametrize("alone", [True, False])
def test_registers_of_an_unknown_processor(machine: str, alone: bool, tmp_path: Path) -> None:
    """A state whose GS, on x86 FS, leads to no KPCR (user mode) counts by its number, where there are enough."""
    _, target = image(machine, "elf-core", tmp_path)
    strange = TableRegisters((0x1000, 2), (0x3000, 4), 5, 6)
    states = tuple(
        replace(each, gs_base=0x1000, kernel_gs_base=None, fs_base=0x1000, tables=strange) for each in target.states
    )
    rows = list(segment_rows(scene_of(replace(target, states=states[:1] if alone else states)), Wanted()))
    assert any("container" in row.note for row in rows) is not alone


def test_the_vector_of_the_tests_is_free() -> None:
    assert not [row for row in Changed("win10-x64").rows() if row.number == VECTOR and row.type == "interrupt"]


def test_the_tables_of_a_machine_with_kva_shadow(tmp_path: Path) -> None:
    data = write(build("win10-x64", host=1), "full", tmp_path / "made.dmp").read_bytes()
    rows = list(segment_rows(scene(data), Wanted()))
    notes = [head.note for (name, _), head in heads(rows).items() if name in ("gdt", "idt")]
    assert len(notes) == 4 and all("KVA shadow is on; the user directory of " in note for note in notes)
    assert all(note.endswith("maps the same pages") for note in notes)
    entries = {row.type: row for row in rows if row.table == "msr"}
    assert entries["MsrLStar"].symbol == "nt!KiSystemCall64Shadow" and not entries["MsrLStar"].note
    assert not [each for row in rows for each in of_segment(row)]
