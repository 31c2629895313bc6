"""Runs, bitmaps and ranges that say what cannot be: a named error or a partial result with notes."""

import struct

import pytest
from made_dumps import MEMORY_BLOCK, PAGE, bitmap, full, header, live, memory_block, page, pages
from opened_dumps import notes_on, opened, use

from volplugins.dumpfile.errors import DamagedDump


def with_block(bits: int, block: bytes, body: bytes) -> bytes:
    data = header(bits, 1)
    data[MEMORY_BLOCK[bits] : MEMORY_BLOCK[bits] + len(block)] = block
    return bytes(data) + body


@pytest.mark.parametrize(("bits", "fits"), [(64, 42), (32, 86)])
def test_more_runs_than_the_header_holds(bits: int, fits: int) -> None:
    runs = [(2 * number, 1) for number in range(fits)]
    pfns = [base for base, _ in runs]
    exact = opened(with_block(bits, memory_block(bits, runs), pages(pfns)))
    assert not notes_on(exact, "NumberOfRuns")
    for claimed in (fits + 1, 0x7FFFFFFF, 0xFFFFFFFF):
        dump = opened(with_block(bits, memory_block(bits, runs, claimed), pages(pfns)))
        assert notes_on(dump, "NumberOfRuns") == [f"{claimed} runs are claimed; the header has room for {fits}"]
        assert dump.memory is not None
        assert dump.memory.read(pfns[-1] * PAGE, PAGE) == page(pfns[-1])


def test_overlapping_runs() -> None:
    data = with_block(64, memory_block(64, [(1, 4), (3, 4)]), pages([1, 2, 3, 4]) + pages([103, 104, 5, 6]))
    dump = opened(data)
    assert len(notes_on(dump, "PhysicalMemoryBlock")) == 1
    assert dump.memory is not None
    assert [dump.memory.read(pfn * PAGE, PAGE) for pfn in range(1, 7)] == [page(pfn) for pfn in range(1, 7)]
    assert dump.completeness.pages_described == dump.completeness.pages_in_file == 6


def test_run_with_an_impossible_base_costs_that_run_alone() -> None:
    data = with_block(64, memory_block(64, [(1, 1), (1 << 60, 2), (9, 1)]), pages([1, 0, 0, 9]))
    dump = opened(data)
    assert "run 1" in notes_on(dump, "PhysicalMemoryBlock")[0]
    assert dump.memory is not None
    assert dump.memory.read(9 * PAGE, PAGE) == page(9)


def test_run_with_an_impossible_count_ends_the_list() -> None:
    dump = opened(with_block(64, memory_block(64, [(1, 1), (2, 1 << 62), (9, 1)]), pages([1, 2, 3, 9])))
    assert "run 1" in notes_on(dump, "PhysicalMemoryBlock")[0]
    assert dump.memory is not None
    assert [run[:2] for run in dump.memory.runs()] == [(1, 1)]  # where page 9 lies cannot be known


def test_full_dump_without_runs() -> None:
    for block in (b"", memory_block(64, []), memory_block(64, [(0, 0)])):
        with pytest.raises(DamagedDump) as error:
            opened(with_block(64, block, pages([1])))
        assert error.value.field == "PhysicalMemoryBlock"


def summary(data: bytes, at: int, value: int) -> bytes:
    return data[: 0x2000 + at] + value.to_bytes(8, "little") + data[0x2008 + at :]


def test_bitmap_longer_than_the_file() -> None:
    covered = 1 << 20
    data = bitmap(64, [1, 2, 700000], covered=covered)[: 0x2038 + 1000]
    dump = opened(data)
    assert notes_on(dump, "Summary.Bitmap") == [f"the bitmap of {covered} bits is longer than the file, which ends "
                                                "inside it"]  # fmt: skip
    assert dump.completeness.truncated
    assert dump.completeness.pages_in_file == 0
    use(dump)


def test_bitmap_of_impossible_size() -> None:
    good = bitmap(64, [1, 2])
    with pytest.raises(DamagedDump):
        opened(summary(good, 0x30, 0))
    for bits in (1 << 16, 1 << 63, (1 << 64) - 1):
        with pytest.raises(DamagedDump):
            opened(summary(summary(good, 0x30, bits), 0x28, 3))
        # where the number of pages fits the bits in front of the first page, these are the bitmap
        dump = opened(summary(good, 0x30, bits))
        assert f"{bits} bits is longer than the room" in notes_on(dump, "Summary.Bitmap")[0]
        assert dump.memory is not None
        assert dump.memory.read(2 * PAGE, PAGE) == page(2)


def test_bitmap_of_more_pages_than_there_can_be() -> None:
    data = summary(bitmap(64, [1, 2]), 0x20, 1 << 59)
    with pytest.raises(DamagedDump):
        opened(summary(data, 0x30, (1 << 34) + 1))
    use(opened(summary(data, 0x30, 1 << 34)))


def test_first_page_at_an_impossible_offset() -> None:
    for offset in (0, 0x2000, (1 << 64) - 1, 1 << 62):
        with pytest.raises(DamagedDump):
            opened(summary(bitmap(64, [1, 2]), 0x20, offset))
    far = opened(summary(bitmap(64, [1, 2]), 0x20, 1 << 40))
    assert far.completeness.truncated
    assert far.completeness.pages_in_file == 0
    use(far)


def test_count_of_pages_and_bitmap_differ() -> None:
    dump = opened(summary(bitmap(64, [1, 2]), 0x28, 3))
    assert notes_on(dump, "Summary.Pages") == ["says 3, the bitmap holds 2"]
    assert not dump.completeness.truncated


def test_bits_behind_the_end_of_the_bitmap_are_no_pages() -> None:
    data = bytearray(bitmap(64, [1, 2], covered=0x400))
    data[0x2030:0x2038] = (0x3F5).to_bytes(8, "little")
    data[0x2038 + 0x7E : 0x2038 + 0x80] = b"\xff\xff"
    memory = opened(bytes(data)).memory
    assert memory is not None
    assert memory.highest_pfn == 0x3F4


def test_summary_signature_missing() -> None:
    damaged = bytearray(bitmap(64, [1, 2]))
    damaged[0x2000:0x2008] = b"XXXXYYYY"
    dump = opened(bytes(damaged))  # its numbers are whole
    assert "58 58" in notes_on(dump, "Summary.Signature")[0]
    assert dump.memory is not None
    assert dump.memory.read(PAGE, PAGE) == page(1)
    with pytest.raises(DamagedDump, match="58 58"):
        opened(summary(bytes(damaged), 0x30, 0))


def test_live_dump_without_its_header() -> None:
    data = bytearray(live(8, [(2, 2)]))
    data[0x2004] = 0
    with pytest.raises(DamagedDump, match="RDMPDUMP"):
        opened(bytes(data))
    for first in (0, 0x2000, 1 << 63):
        with pytest.raises(DamagedDump):
            opened(summary(live(8, [(2, 2)]), 0x18, first))


def test_live_dump_with_an_impossible_range() -> None:
    for count in ((1 << 64) - 1, 1 << 50):
        data = bytearray(live(9, [(2, 2), (0x10, 1), (0x30, 1)]))
        struct.pack_into("<Q", data, 0x2030 + 24, count)
        dump = opened(bytes(data))
        assert "range 1" in notes_on(dump, "RDMP.Ranges")[0]
        assert dump.memory is not None
        assert [run[:2] for run in dump.memory.runs()] == [(2, 2)]


def test_live_dump_whose_list_ends_with_page_zero() -> None:
    """As kdmp-parser takes it: page number zero ends the list, except in its first place."""
    good = live(8, [(0, 2), (0x10, 1)])
    memory = opened(good).memory
    assert memory is not None
    assert [run[:2] for run in memory.runs()] == [(0, 2), (0x10, 1)]
    ended = bytearray(good)
    struct.pack_into("<QQ", ended, 0x2030 + 32, 0, 99)
    dump = opened(bytes(ended))
    assert dump.memory is not None
    assert [run[:2] for run in dump.memory.runs()] == [(0, 2), (0x10, 1)]
    assert dump.completeness.expected_file_size == len(good)


def test_live_dump_with_wrong_counts() -> None:
    good = live(0xA, [(2, 2), (0x10, 1)])
    fewer = opened(good[:0x2020] + (9).to_bytes(4, "little") + good[0x2024:])
    assert notes_on(fewer, "RDMP.NumberOfRanges") == ["says 9; 3 pages end with range 2"]
    assert fewer.completeness.pages_in_file == 3
    other = opened(summary(good, 0x28, 77))
    assert "77 pages" in notes_on(other, "RDMP.TotalNumberOfPages")[0]
    assert other.completeness.pages_in_file == 3


def test_live_dump_whose_list_ends_by_its_counts_alone() -> None:
    """No empty range behind the last one: what follows it must not be taken for more ranges."""
    good = bytearray(live(0xA, [(2, 2), (0x10, 1)]))
    struct.pack_into("<QQ", good, 0x2030 + 32, 0x77, 5)
    dump = opened(bytes(good))
    assert [note for note in dump.notes if note.severity == "fault"] == []
    assert dump.memory is not None
    assert [run[:2] for run in dump.memory.runs()] == [(2, 2), (0x10, 1)]


def test_trailing_bytes_are_named() -> None:
    dump = opened(full(64, [(1, 1)]) + b"xyz")
    assert notes_on(dump, "file") == ["3 bytes follow the end of the dump"]
    assert not dump.completeness.truncated


@pytest.mark.parametrize(("directory", "words"), [(0x5000, "outside the memory"), (0x3000, "not in the file")])
def test_page_directory_that_is_not_there(directory: int, words: str) -> None:
    data = bitmap(64, [1, 2], 6, runs=((1, 3),), DirectoryTableBase=directory)
    assert words in notes_on(opened(data), "DirectoryTableBase")[0]
    assert not notes_on(opened(bitmap(64, [1, 2], 6, runs=((1, 3),), DirectoryTableBase=0x2005)), "DirectoryTableBase")


def test_runs_that_hold_more_than_number_of_pages() -> None:
    more = opened(with_block(64, memory_block(64, [(1, 1), (2, 1 << 20)], total=3), pages([1, 2])))
    assert [n.severity for n in more.notes if n.field == "NumberOfPages"] == ["fault"]
    fewer = opened(with_block(64, memory_block(64, [(1, 1)], total=3), pages([1])))
    assert [n.severity for n in fewer.notes if n.field == "NumberOfPages"] == ["info"]


def test_truncation_is_named_with_its_size() -> None:
    dump = opened(full(64, [(1, 3)])[:-100])
    assert notes_on(dump, "file") == [f"truncated: 100 bytes of {0x2000 + 3 * PAGE} are missing at the end"]
    assert (dump.completeness.pages_in_file, dump.completeness.pages_missing) == (2, 1)
    assert dump.completeness.score == 66
