"""Tables in memory that is damaged or hostile: limits past the page, absent pages, selectors beyond the limit."""

from __future__ import annotations

import struct

import pytest

from volplugins.descriptors.address_work import work_through
from volplugins.descriptors.lookup import look_up
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.table import TableRegister, read_gates, read_segments, register_notes
from volplugins.memory.reader import PAGE_SIZE, PageReader, SegmentReader

CODE, TASK_LOW = 0x00CF9B000000FFFF, 0x00008B0000000067
BASE = 0xFFFFF80000001000


def reader(found: dict[int, bytes]) -> PageReader:
    """Memory of whole pages."""
    return PageReader({at: data.ljust(PAGE_SIZE, b"\0") for at, data in found.items()})


def test_system_descriptors_of_long_mode_take_two_places() -> None:
    table = struct.pack("<4Q", 0, CODE, TASK_LOW, 0xFFFFF802) + struct.pack("<Q", CODE)
    found = list(read_segments(reader({BASE: table}), TableRegister(BASE, 0x27), 48))
    assert [(each.index, each.descriptor.type_word) for each in found if each.descriptor] == [
        (1, "code32"), (2, "tss64"), (4, "code32"),
    ]  # fmt: skip
    assert found[1].descriptor and found[1].descriptor.base == 0xFFFFF80200000000


def test_absent_pages_are_one_entry_a_stretch() -> None:
    memory = reader({BASE: struct.pack("<2Q", 0, CODE), BASE + 2 * PAGE_SIZE: struct.pack("<Q", CODE)})
    found = list(read_segments(memory, TableRegister(BASE, 0xFFFF), 32))
    assert [(each.index, each.last) for each in found if each.descriptor is None] == [(0x200, 0x3FF), (0x600, 0x1FFF)]
    assert [each.index for each in found if each.descriptor is not None] == [1, 0x400]


def test_a_table_that_is_not_there_is_one_entry() -> None:
    (only,) = read_gates(reader({}), TableRegister(BASE, 0xFFF), 48)
    assert (only.descriptor, only.index, only.last) == (None, 0, 255)


def test_an_idt_has_256_vectors_whatever_its_limit() -> None:
    gates = struct.pack("<HHHHII", 0x10, 0x10, 0x8E00, 0, 0xFFFFF800, 0) * 0x1000
    memory = PageReader({BASE + at: gates[at : at + PAGE_SIZE] for at in range(0, len(gates), PAGE_SIZE)})
    assert len(list(read_gates(memory, TableRegister(BASE, 0xFFFF), 48))) == 256
    assert len(list(read_gates(memory, TableRegister(BASE, 0x1F), 48))) == 2
    assert not list(read_gates(memory, TableRegister(BASE, 6), 48))


def test_a_table_at_the_end_of_all_addresses_ends() -> None:
    memory = reader({0xFFFFFFFFFFFFF000: struct.pack("<Q", CODE) * 0x200, 0: b""})
    found = list(read_segments(memory, TableRegister(0xFFFFFFFFFFFFF000, 0x1FFF), 48))
    assert len(found) == 0x200


def test_what_is_wrong_with_a_register() -> None:
    assert register_notes(TableRegister(BASE, 0x57), 48, 8) == []
    assert register_notes(TableRegister(1 << 50, 0x50), 48, 8) == [
        "the base is not canonical", "the limit 0x50 ends within an entry",
    ]  # fmt: skip
    assert register_notes(TableRegister(0, 0xFFF), 32, 8) == ["the base is null"]


@pytest.mark.parametrize(
    ("selector", "state"),
    [(0, "null-selector"), (3, "null-selector"), (8, "valid"), (0xB, "valid"), (0x10, "empty"), (0x18, "beyond-table"),
     (0xFFF8, "beyond-table"), (4, "no-table"), (0xFFFF, "no-table")],
)  # fmt: skip
def test_selectors_looked_up(selector: int, state: str) -> None:
    memory = SegmentReader({0x1000: struct.pack("<3Q", 0, CODE, 0)})
    assert look_up(memory, Selector(selector), TableRegister(0x1000, 0x17), None, 32).state == state


def test_a_table_that_cannot_be_read() -> None:
    assert look_up(SegmentReader({}), Selector(8), TableRegister(0x1000, 0x17), None, 32).state == "unreadable"
    assert look_up(SegmentReader({}), Selector(8), None, None, 32).state == "no-table"


DATA_64 = {
    0x10: 0x00209B0000000000, 0x20: 0x00CFFB000000FFFF, 0x28: 0x00CFF3000000FFFF, 0x30: 0x0020FB0000000000,
    0x38: 0x0040F37EE0003C00, 0x40: 0x0000F30000000FFF,
}  # fmt: skip


@pytest.mark.parametrize(
    ("selector", "offset", "linear", "state", "model"),
    [
        (0x33, 0x7FF612340000, 0x7FF612340000, "valid", "long mode is flat"),
        (0x10, 0x8000000000000, 0x8000000000000, "non-canonical", "long mode is flat"),
        (0x23, 0x401000, 0x401000, "valid", "compatibility mode"),
        (0x23, 0x100000000, 0, "beyond-limit", "compatibility mode"),
        (0x2B, 0xFFFFF80000000000, 0xFFFFF80000000000, "valid", "long mode is flat"),
        (0x3B, 0x18, 0x7EE018, "valid", "compatibility mode"),
        (0x3B, 0x3C01, 0x7F1C01, "beyond-limit", "compatibility mode"),
        (0x3B, 0xFFFFF80000000000, 0xFFFFF80000000000, "valid", "long mode is flat"),
    ],
)
def test_addresses_of_long_mode(selector: int, offset: int, linear: int, state: str, model: str) -> None:
    table = bytearray(0x48)
    for at, raw in DATA_64.items():
        table[at : at + 8] = raw.to_bytes(8, "little")
    memory = SegmentReader({BASE: bytes(table)})
    worked = work_through(memory, Selector(selector), offset, TableRegister(BASE, 0x47), None, 48)
    assert (worked.linear, worked.linear_state) == (linear, state)
    assert worked.model.startswith(model)


def test_what_ends_the_way() -> None:
    memory = SegmentReader({BASE: struct.pack("<4Q", 0, TASK_LOW, 0xFFFFF802, 0x00CF7B000000FFFF)})
    gdt = TableRegister(BASE, 0x1F)
    assert work_through(memory, Selector(8), 0, gdt, None, 48).state == "no-segment"
    absent = work_through(memory, Selector(0x18), 0, gdt, None, 48)
    assert (absent.state, absent.linear) == ("not-present", None)
