"""Functions of all images: 16 bytes each, tables of one content once, no more than there is room for."""

from __future__ import annotations

import struct
import tracemalloc

import numpy as np
import pytest

from volplugins.image.exception_directory import FunctionEntry, FunctionTable
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import SegmentReader
from volplugins.stack.function_room import FunctionRoom

ENTRIES = [(at, at + 0x20, 0x900000 + at) for at in range(0x1000, 0x9000, 0x40)]


def table_of(entries: list[tuple[int, int, int]], missing: tuple[int, ...] = (), left_out: int = 0) -> FunctionTable:
    data = b"".join(struct.pack("<III", *entry) for entry in entries)
    present = np.ones(len(data), dtype=bool)
    for entry in missing:
        present[12 * entry + 5] = False
    return FunctionTable(data, present, left_out)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_table_without_some_of_its_entries_says_so(reverse: bool) -> None:
    table = table_of(ENTRIES[::-1] if reverse else ENTRIES, (10, 11))
    assert (table.count, table.readable) == (len(ENTRIES), len(ENTRIES) - 2)
    for begin, end, info in ENTRIES[20:40]:
        assert table.find(begin + 0x1F) == FunctionEntry(begin, end, info)
        assert table.find(end) is None and (reverse or table.knows(end))
    if not reverse:
        lost = ENTRIES[10][0]
        assert table.find(lost) is None and not table.knows(lost) and not table.knows(lost - 1)


def test_an_entry_takes_few_bytes() -> None:
    """Hostile tables go up, down and up again; all are kept as long as the scene is."""
    rows = np.array([(0x1000000, 0x7F000000, 0x3000000)] * 100_000, dtype="<u4").tobytes()
    present = np.ones(len(rows), dtype=bool)
    tracemalloc.start()
    try:
        kept = FunctionTable(rows, present)
        assert tracemalloc.get_traced_memory()[0] < 17 * kept.readable
    finally:
        tracemalloc.stop()


def test_behind_a_table_that_was_cut_nothing_is_known() -> None:
    end = ENTRIES[-1][1]
    assert table_of(ENTRIES).knows(end + 0x10) and not table_of(ENTRIES, left_out=7).knows(end + 0x10)


def test_tables_of_one_content_are_kept_once() -> None:
    room = FunctionRoom(2 * len(ENTRIES))
    first = room.table(table_of(ENTRIES))
    assert room.table(table_of(ENTRIES)) is first and room.left == len(ENTRIES)
    other = room.table(table_of(ENTRIES, (3,)))
    assert other is not first and room.left == 1


def test_what_there_is_no_room_for_is_left_out() -> None:
    room = FunctionRoom(len(ENTRIES) + 5)
    room.table(table_of(ENTRIES))
    less = room.table(table_of(ENTRIES, (0,)))
    assert (less.readable, less.left_out, room.left) == (5, len(ENTRIES) - 6, 0)
    assert less.find(ENTRIES[5][0]) is not None and less.find(ENTRIES[6][0]) is None
    assert less.knows(ENTRIES[2][1]) and not less.knows(ENTRIES[6][0]) and not less.knows(ENTRIES[-1][1])
    assert room.table(table_of(ENTRIES[1:])).readable == 0


def test_starts_of_32_bit_code_share_the_room() -> None:
    code = b"\x8b\xff\x55\x8b\xec\xc3\xcc\xcc" * 512
    views = [ImageView(SegmentReader({base: code}), base, len(code)) for base in (0x400000, 0x500000)]
    room = FunctionRoom(600)
    first, second = (room.starts(view, ((0, len(code)),)) for view in views)
    assert (len(first.rvas), first.unsearched, len(second.rvas), room.left) == (512, 0, 88, 0)
    assert second.unsearched == len(code) - 88 * 8
