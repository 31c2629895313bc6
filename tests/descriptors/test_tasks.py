"""Tasks of x86: by selector, by gate, by stack, and the links between them; none of them endless."""

from __future__ import annotations

import struct

import pytest

from tests.bugcheck.tasks import segment
from volplugins.descriptors.processor_tables import ProcessorTables
from volplugins.descriptors.table import TableRegister
from volplugins.descriptors.tasks import Task, gate_tasks, links, read_task, running_task, task_before
from volplugins.memory.reader import SegmentReader

GDT, IDT, TASKS, TOP = 0x80001000, 0x80002000, 0x80003000, 0x80010000
SELECTORS = (0x28, 0x50, 0x58, 0xA0)
GATES = {0x02: 0x58, 0x08: 0x50, 0x12: 0xA0}


def memory(link: dict[int, int] | None = None, busy: int = 0x8B, **stacks: int) -> SegmentReader:
    """A GDT with four tasks, an IDT with three task gates; ``link`` by selector."""
    gdt, idt, tasks = bytearray(0x400), bytearray(0x800), bytearray(0x1000)
    for number, selector in enumerate(SELECTORS):
        base = TASKS + 0x100 * number
        low = 0x67 | (base & 0xFFFFFF) << 16 | busy << 40 | (base >> 24) << 56
        struct.pack_into("<Q", gdt, selector, low)
        state = segment((link or {}).get(selector, 0), TOP + 0x4000 * number, eip=0x80400000, esp=0, cs=8)
        tasks[0x100 * number : 0x100 * number + len(state)] = state
    for vector, selector in GATES.items():
        struct.pack_into("<HHBBH", idt, 8 * vector, 0, selector, 0, 0x85, 0)
    return SegmentReader({GDT: bytes(gdt), IDT: bytes(idt), TASKS: bytes(tasks)})


def tables(task_selector: int = 0) -> ProcessorTables:
    registers = TableRegister(GDT, 0x3FF), TableRegister(IDT, 0x7FF)
    return ProcessorTables(0, 0, *registers, 0, task_selector, 0, {}, None)


def task(reader: SegmentReader, selector: int) -> Task:
    found = read_task(reader, tables().gdt, selector)
    assert isinstance(found, Task)
    return found


def test_the_tasks_of_gates() -> None:
    assert {vector: each.selector for vector, each in gate_tasks(memory(), tables())} == GATES


@pytest.mark.parametrize(
    ("sp", "selector", "own", "running"),
    [
        (TOP + 0x4000 - 0x10, 0x28, True, 0x50),  # by its stack, whatever TR says
        (TOP + 0x8000, 0x28, True, 0x58),  # at the very top
        (TOP + 0x4000 - 0x3000, 0x28, True, None),  # below it
        (0xF0000000, 0x28, True, None),
        (0xF0000000, 0x50, True, 0x50),  # by TR
        (0xF0000000, 0x50, False, None),  # of another processor
        (0xF0000000, 0x48, True, None),  # no task of a gate
        (0xF0000000, 0, True, None),
    ],
)
def test_which_task_runs(sp: int, selector: int, own: bool, running: int | None) -> None:
    found = running_task(memory(), tables(selector), sp, own)
    assert (found.selector if found is not None else None) == running


@pytest.mark.parametrize(
    ("link", "before"), [({}, 0x28), ({0x50: 0x28}, 0x28), ({0x50: 0x58}, 0x58), ({0x50: 0x50}, None),
                         ({0x50: 0xFFF8}, None), ({0x50: 0x08}, None), ({0x50: 4}, None), ({0x50: 3}, None)],
)  # fmt: skip
def test_the_task_that_was_left(link: dict[int, int], before: int | None) -> None:
    reader = memory(link)
    found = task_before(reader, tables(), task(reader, 0x50))
    assert (found.selector if found is not None else None) == before


@pytest.mark.parametrize(
    ("link", "found", "wrong"),
    [
        ({}, (), ""),
        ({0x50: 0x28}, (0x28,), ""),
        ({0x50: 0x58, 0x58: 0x28}, (0x58, 0x28), ""),
        ({0x50: 0x50}, (), "its previous task is itself"),
        ({0x50: 0x58, 0x58: 0x50}, (0x58,), "the links lead to 0x50 again"),
        ({0x50: 0x58, 0x58: 0xA0, 0xA0: 0x58}, (0x58, 0xA0), "the links lead to 0x58 again"),
        ({0x50: 0xFFF8}, (0xFFF8,), "TSS selector 0xfff8 leads nowhere: the GDT ends at 0x3ff"),
    ],
)
def test_links_end(link: dict[int, int], found: tuple[int, ...], wrong: str) -> None:
    reader = memory(link)
    assert links(reader, tables().gdt, task(reader, 0x50)) == (found, wrong)


def test_what_is_no_task() -> None:
    reader, gdt = memory(), tables().gdt
    assert read_task(reader, gdt, 0x100) == "TSS selector 0x100 leads nowhere: the entry is zero"
    assert read_task(reader, None, 0x50) == "TSS selector 0x50 leads nowhere: there is no GDT"
    assert read_task(memory(busy=0x83), gdt, 0x50) == "selector 0x50 is no TSS of 32 bits but tss16"
    bare = SegmentReader({GDT: reader.read(GDT, 0x400)})
    assert isinstance(read_task(bare, gdt, 0x50), str)
    assert not list(gate_tasks(bare, tables()))
