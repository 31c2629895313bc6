"""What is no dump, and what was one: a named error or a partial result with notes, never anything else."""

import struct

import pytest
from made_dumps import (
    EVERY_TYPE,
    FIELDS,
    MEMORY_BLOCK,
    PAGE,
    SIZE,
    bitmap,
    full,
    header,
    live,
    memory_block,
    page,
    pages,
    put,
)
from made_triage import triage

from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.errors import (
    DamagedDump,
    DumpError,
    EmptyFile,
    EncryptedDump,
    NotADump,
    TruncatedDump,
    UnsupportedDumpType,
    UserModeDump,
)
from volplugins.dumpfile.source import BytesSource
from volplugins.memory.reader import ReadError

EVERY_FILE = {**EVERY_TYPE, "triage-64": triage(64), "triage-32": triage(32)}


def opened(data: bytes) -> Dump:
    return open_dump(BytesSource(data))


def notes_on(dump: Dump, field: str) -> list[str]:
    return [note.text for note in dump.notes if note.field == field]


def use(dump: Dump) -> None:
    """Ask an opened dump everything; only ReadError may come out."""
    assert dump.completeness.score is None or 0 <= dump.completeness.score <= 100
    dump.header.system_time_utc()
    if dump.memory is not None:
        for base, count, offset in list(dump.memory.runs())[:50]:
            assert offset + count * PAGE <= dump.completeness.actual_file_size
            assert len(dump.memory.read(base * PAGE, PAGE)) == PAGE
        for physical in (0, 0x1000, 0x41000, 0x3FF000, 1 << 40, 1 << 63):
            try:
                dump.memory.read(physical, 16)
            except ReadError as error:
                assert error.reason in ("not-in-dump", "outside-memory", "truncated")
    if dump.triage is not None:
        for virtual, offset, size in dump.triage.virtual_memory.segments():
            assert offset + size <= dump.completeness.actual_file_size
            assert len(dump.triage.virtual_memory.read(virtual, size)) == size


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"MZ\x90\0" * 100, "PAGEDUMP or PAGEDU64"),
        (b"\x1f\x8b" + bytes(100), "gzip"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b"MSCF" + bytes(100), "cabinet"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "7z"),
        (b"\x7fELF" + bytes(100), "ELF"),
        (b"hibr" + bytes(100), "hibernation"),
        (b"PAGEXXXX" + bytes(100), "neither DUMP nor DU64"),
        (b"a", "starts with 61"),
    ],
)
def test_not_a_dump(data: bytes, words: str) -> None:
    with pytest.raises(NotADump, match=words):
        opened(data)


def test_empty() -> None:
    with pytest.raises(EmptyFile):
        opened(b"")


def test_user_mode_minidump_says_what_opens_it() -> None:
    with pytest.raises(UserModeDump, match=r"one process.*WinDbg"):
        opened(b"MDMP\x93\xa7" + bytes(100))


def test_user_mode_dump_of_an_old_kind() -> None:
    with pytest.raises(UserModeDump, match="one process"):
        opened(b"USERDUMP" + bytes(100))


@pytest.mark.parametrize("length", [1, 4, 6, 7])
@pytest.mark.parametrize("magic", [b"PAGEDU64", b"PAGEDUMP"])
def test_cut_in_the_signature(magic: bytes, length: int) -> None:
    with pytest.raises(TruncatedDump):
        opened(magic[:length])


@pytest.mark.parametrize(("bits", "at"), [(64, 8), (64, 0x1FFF), (32, 8), (32, 0xFFF)])
def test_cut_in_the_header(bits: int, at: int) -> None:
    with pytest.raises(TruncatedDump) as error:
        opened(full(bits, [(0, 1)])[:at])
    assert error.value.offset == at
    assert str(at) in error.value.reason


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize(("dump_type", "word"), [(3, "header only"), (7, "automatic"), (0, "not known"), (11, "0xb")])
def test_types_without_memory(bits: int, dump_type: int, word: str) -> None:
    with pytest.raises(UnsupportedDumpType, match=word):
        opened(bytes(header(bits, dump_type)) + bytes(PAGE))


@pytest.mark.parametrize("dump_type", [8, 9, 10])
def test_live_dumps_of_32_bit_are_not_known(dump_type: int) -> None:
    with pytest.raises(UnsupportedDumpType, match="64-bit"):
        opened(bytes(header(32, dump_type)) + bytes(PAGE))


@pytest.mark.parametrize("bits", [32, 64])
def test_encrypted(bits: int) -> None:
    with pytest.raises(EncryptedDump):
        opened(full(bits, [(0, 1)], Attributes=0x100))
    assert opened(full(bits, [(0, 1)], Attributes=0x300)).memory is not None  # decrypted since


@pytest.mark.parametrize("name", EVERY_FILE)
def test_cut_at_any_byte(name: str) -> None:
    """Every byte of the summary headers, and steps over pages, blocks and filler."""
    data = EVERY_FILE[name]
    base = SIZE[32 if name.endswith("32") else 64]
    for length in {*range(0, len(data), 509), *range(base - 8, base + 0xD8), *range(len(data) - 20, len(data))}:
        try:
            dump = opened(data[:length])
        except DumpError as error:
            assert length < len(data)
            assert error.reason
            continue
        assert dump.completeness.truncated, length
        assert any("truncated" in note.text or "longer than the file" in note.text for note in dump.notes)
        use(dump)


@pytest.mark.parametrize("fill", [0xFF, 0x00])
@pytest.mark.parametrize("name", EVERY_FILE)
def test_every_field_filled_in_turn(name: str, fill: int) -> None:
    """Each field of the header, and each word of what follows it, set to the same byte throughout."""
    data = EVERY_FILE[name]
    bits = 32 if name.endswith("32") else 64
    places = [(offset, struct.calcsize(form)) for offset, form in FIELDS[bits].values()]
    places += [(0, 4), (4, 4), *((at, 4) for at in range(MEMORY_BLOCK[bits], MEMORY_BLOCK[bits] + 700, 4))]
    places += [(SIZE[bits] + at, size) for at in range(0, 0x80, 4) for size in (4, 8)]
    for offset, size in places:
        changed = bytearray(data)
        changed[offset : offset + size] = bytes([fill]) * len(changed[offset : offset + size])
        try:
            use(opened(bytes(changed)))
        except DumpError as error:
            assert error.reason


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("fill", [0, 0xFF])
def test_everything_filled(bits: int, fill: int) -> None:
    for dump_type in range(12):
        data = bytearray([fill]) * (SIZE[bits] + 4 * PAGE)
        data[:8] = b"PAGEDU64" if bits == 64 else b"PAGEDUMP"
        put(data, bits, "DumpType", dump_type)
        try:
            use(opened(bytes(data)))
        except DumpError as error:
            assert error.reason


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
