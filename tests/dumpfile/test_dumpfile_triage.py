"""Triage dumps: blocks, drivers, memory by virtual address, and what hostile numbers do to them."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_dumps import PAGE, SIZE
from made_triage import DATA_AT, KDBG_AT, PRCB_AT, PROCESS_AT, STACK, Made, secondary, triage, triage_fields

from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.errors import TruncatedDump
from volplugins.dumpfile.source import BytesSource
from volplugins.dumpfile.triage import TriageDump
from volplugins.dumpfile.triage_memory import TriageMemory
from volplugins.memory.reader import ReadError

BITS = pytest.mark.parametrize("bits", [32, 64])
STACK_BYTES = bytes(range(256)) * 2


def opened(data: bytes) -> Dump:
    return open_dump(BytesSource(data))


def blocks_of(data: bytes) -> TriageDump:
    found = opened(data).triage
    assert found is not None
    return found


def notes_on(dump: Dump, field: str) -> list[str]:
    return [note.text for note in dump.notes if note.field == field]


@BITS
def test_blocks(bits: int) -> None:
    dump = opened(triage(bits))
    found = dump.triage
    assert not dump.notes
    assert dump.memory is None
    assert found is not None
    assert found.prcb is not None
    assert (found.prcb.virtual, found.prcb.data) == (PRCB_AT[bits], b"PRCB" * 64)
    assert found.process is not None
    assert (found.process.virtual, found.process.data) == (PROCESS_AT[bits], b"EPROCESS" * 40)
    assert found.thread is not None
    assert (found.thread.virtual, found.thread.data) == (None, b"ETHREAD." * 30)
    assert found.call_stack is not None
    assert (found.call_stack.virtual, found.call_stack.data) == (STACK[bits], STACK_BYTES)
    assert found.debugger_data is not None
    assert (found.debugger_data.virtual, found.debugger_data.data) == (KDBG_AT[bits], b"KDBG" * 40)
    assert found.mm is not None
    assert found.mm.data.startswith(b"MM" * 26)
    assert found.data_page is None
    assert [block.virtual for block in found.data_blocks] == [PRCB_AT[bits], PROCESS_AT[bits], DATA_AT[bits]]


@BITS
def test_fields_are_those_of_the_triage_header(bits: int) -> None:
    data = triage(bits)
    fields = {field.name: field for field in blocks_of(data).fields}
    for name, (offset, size) in triage_fields(bits).items():
        at = SIZE[bits] + offset
        assert (fields[name].offset, fields[name].size) == (at, size)
        assert fields[name].value == int.from_bytes(data[at : at + size], "little")
    assert fields.keys() == triage_fields(bits).keys()


@BITS
def test_drivers(bits: int) -> None:
    drivers = blocks_of(triage(bits)).drivers
    assert [(d.name, d.base, d.size) for d in drivers] == [
        ("ntoskrnl.exe", 0x804D7000, 0x214000),
        ("acme.sys", 0xF7B00000, 0x6000),
    ]
    acme = drivers[1]
    assert (acme.entry_point, acme.flags, acme.load_count) == (0xF7B00100, 0x9104000, 7)
    assert (acme.checksum, acme.timestamp, acme.note) == (0xC0DE, 0x5F000000, "")


@BITS
def test_unloaded_drivers(bits: int) -> None:
    made = Made(bits, unloaded=[("gone.sys", 0xF7C00000, 0xF7C05000), ("twelve_char", 5, 4), ("x", 7, 9)])
    dump = opened(made.build())
    assert dump.triage is not None
    assert [(u.name, u.start, u.end) for u in dump.triage.unloaded] == [
        ("gone.sys", 0xF7C00000, 0xF7C05000),
        ("x", 7, 9),
    ]
    assert notes_on(dump, "UnloadedDrivers") == ["1 entries have no range of addresses"]


@BITS
def test_broken_driver_is_named(bits: int) -> None:
    data = triage(bits)
    at = SIZE[bits] + triage_fields(bits)["StringPoolOffset"][0]
    pool = int.from_bytes(data[at : at + 4], "little")
    assert blocks_of(triage(bits, BrokenDriverOffset=pool)).broken_driver == "ntoskrnl.exe"
    assert blocks_of(data).broken_driver == ""


@BITS
def test_virtual_memory(bits: int) -> None:
    memory = blocks_of(triage(bits)).virtual_memory
    assert memory.read(STACK[bits] + 4, 8) == STACK_BYTES[4:12]
    assert memory.read(KDBG_AT[bits], 4) == b"KDBG"
    assert memory.read(DATA_AT[bits] + 396, 4) == b"DATA"
    # the data block holds the first 128 bytes of the EPROCESS, the block without an address the rest
    assert memory.read(PROCESS_AT[bits] + 100, 200) == (b"EPROCESS" * 40)[100:300]
    for address, absent in ((DATA_AT[bits] + 390, DATA_AT[bits] + 400), (0, 0), (DATA_AT[bits] - 1, DATA_AT[bits] - 1)):
        with pytest.raises(ReadError) as error:
            memory.read(address, 20)
        assert (error.value.address, error.value.reason) == (absent, "not-in-dump")


@BITS
def test_segments_do_not_overlap_and_lie_in_the_file(bits: int) -> None:
    data = triage(bits)
    segments = blocks_of(data).virtual_memory.segments()
    assert segments == sorted(segments)
    for (virtual, offset, size), (following, _, _) in zip(segments, [*segments[1:], (1 << 64, 0, 0)], strict=True):
        assert size > 0
        assert virtual + size <= following
        assert offset + size <= len(data)


@BITS
def test_of_overlapping_blocks_the_first_wins(bits: int) -> None:
    at = DATA_AT[bits] + 0x1000
    blocks = [(at + 8, b"b" * 8), (at, b"a" * 32), (at + 24, b"c" * 32), (STACK[bits] + 8, b"never")]
    memory = blocks_of(Made(bits, blocks=blocks).build()).virtual_memory
    assert memory.read(at, 56) == b"a" * 8 + b"b" * 8 + b"a" * 16 + b"c" * 24
    assert memory.read(STACK[bits] + 8, 5) == STACK_BYTES[8:13]


@BITS
def test_neighbouring_blocks_read_as_one(bits: int) -> None:
    at = DATA_AT[bits] + 0x1000
    memory = blocks_of(Made(bits, blocks=[(at + 16, b"2" * 16), (at, b"1" * 16)]).build()).virtual_memory
    assert memory.read(at + 8, 16) == b"1" * 8 + b"2" * 8


@BITS
def test_a_data_page(bits: int) -> None:
    found = blocks_of(triage(bits, DataPageAddress=0x7000, DataPageOffset=SIZE[bits], DataPageSize=0x40))
    assert found.data_page is not None
    assert (found.data_page.virtual, found.data_page.size) == (0x7000, 0x40)
    assert len(found.virtual_memory.read(0x7010, 0x30)) == 0x30


@BITS
def test_block_at_the_top_of_the_address_space(bits: int) -> None:
    top = (1 << bits) - 16
    dump = opened(Made(bits, blocks=[(top, b"T" * 40)]).build())
    assert "1 of 4 data blocks" in notes_on(dump, "DataBlocks")[0]
    found = dump.triage
    assert found is not None
    assert found.virtual_memory.read(top, 16) == b"T" * 16
    assert found.virtual_memory.segments()[-1][2] == 16


@BITS
def test_identical_blocks_leave_the_address_open(bits: int) -> None:
    found = blocks_of(Made(bits, blocks=[(0x1000, b"PRCB" * 64)]).build())
    assert found.prcb is not None
    assert found.prcb.virtual is None


@BITS
def test_context_and_exception_of_the_triage_header(bits: int) -> None:
    dump = opened(triage(bits))
    assert dump.triage is not None
    assert dump.triage.context == dump.header.context is not None
    assert dump.triage.exception == dump.header.exception is not None
    nowhere = blocks_of(triage(bits, ContextOffset=0xFFFFFFF0, ExceptionOffset=0))
    assert nowhere.context is nowhere.exception is None


@BITS
def test_completeness(bits: int) -> None:
    data = triage(bits)
    found = opened(data).completeness
    assert (found.expected_file_size, found.actual_file_size, found.truncated) == (len(data), len(data), False)
    assert found.score is found.pages_described is found.pages_in_file is found.pages_missing is None
    assert "blocks" in found.note


@BITS
def test_secondary_data(bits: int) -> None:
    data = triage(bits) + secondary(b"one", b"", b"three")
    dump = opened(data)
    assert dump.secondary is not None
    assert [data[b.offset : b.offset + b.size] for b in dump.secondary.blobs] == [b"one", b"", b"three"]
    assert str(dump.secondary.blobs[1].tag) == "01010101-0101-0101-0101-010101010101"
    assert dump.completeness.expected_file_size == len(data)
    for cut in range(1, 40):  # the last blob is 40 bytes; a cut right between two blobs cannot be told from an end
        assert opened(data[:-cut]).completeness.truncated


def test_hostile_secondary_data() -> None:
    data = triage(64)
    chain = bytearray(secondary(b"one", b"two"))
    struct.pack_into("<I", chain, 16 + 20, 0xFFFFFFFF)  # size of the first blob
    dump = opened(data + bytes(chain))
    assert dump.secondary is not None
    assert len(dump.secondary.blobs) == 1
    assert dump.completeness.truncated
    for size in (0, 31, 0x1001):
        struct.pack_into("<I", chain, 16, size)
        broken = opened(data + bytes(chain))
        assert broken.secondary is not None
        assert broken.secondary.blobs == ()
        assert "no blob header" in notes_on(broken, "SecondaryData")[0]
    many = data + secondary() + struct.pack("<I16sIII", 32, bytes(16), 0, 0, 0) * 5000
    assert any("4096" in note for note in notes_on(opened(many), "SecondaryData"))


@BITS
def test_cut_in_the_triage_header(bits: int) -> None:
    with pytest.raises(TruncatedDump, match="triage header"):
        opened(triage(bits)[: SIZE[bits] + 0x40])


@BITS
def test_end_mark_missing(bits: int) -> None:
    data = bytearray(triage(bits))
    data[-4:] = b"PAGE"
    assert "not written to its end" in notes_on(opened(bytes(data)), "ValidOffset")[0]


HOSTILE = [
    ("DriverCount", 0xFFFFFFFF, "DriverCount"),
    ("DriverListOffset", 0xFFFFFFF0, "DriverCount"),
    ("DataBlocksCount", 0xFFFFFFFF, "DataBlocksCount"),
    ("DataBlocksOffset", 0xFFFFFFF0, "DataBlocksCount"),
    ("SizeOfCallStack", 0xFFFFFFFF, "CallStackOffset"),
    ("CallStackOffset", 0xFFFFFFF0, "CallStackOffset"),
    ("DebuggerDataOffset", 0xFFFFFFF0, "DebuggerDataOffset"),
    ("DebuggerDataSize", 0xFFFFFFFF, "DebuggerDataOffset"),
    ("PrcbOffset", 0xFFFFFFF0, "PrcbOffset"),
    ("ProcessOffset", 0xFFFFFFF0, "ProcessOffset"),
    ("ThreadOffset", 0xFFFFFFF0, "ThreadOffset"),
    ("MmOffset", 0xFFFFFFF0, "MmOffset"),
    ("UnloadedDriversOffset", 0xFFFFFFF0, "UnloadedDriversOffset"),
    ("ValidOffset", 0xFFFFFFF0, "ValidOffset"),
    ("SizeOfDump", 0xFFFFFFFF, "file"),
]


@BITS
@pytest.mark.parametrize(("field", "value", "noted"), HOSTILE)
def test_hostile_numbers_are_noted_and_the_rest_is_read(bits: int, field: str, value: int, noted: str) -> None:
    dump = opened(triage(bits, **{field: value}))
    assert notes_on(dump, noted)
    found = dump.triage
    assert found is not None
    if not field.startswith(("DataBlocks", "CallStack")):
        assert found.virtual_memory.read(STACK[bits], 16) == STACK_BYTES[:16]
        assert found.virtual_memory.read(DATA_AT[bits], 4) == b"DATA"
    if not field.startswith("Driver"):
        assert [driver.name for driver in found.drivers] == ["ntoskrnl.exe", "acme.sys"]


@BITS
def test_driver_names_that_are_not_there(bits: int) -> None:
    data = bytearray(triage(bits))
    at = SIZE[bits] + triage_fields(bits)["DriverListOffset"][0]
    entries = int.from_bytes(data[at : at + 4], "little")
    data[entries : entries + 4] = b"\xf0\xff\xff\xff"
    pool = int.from_bytes(data[at + 8 : at + 12], "little")  # the first name, now no driver's
    second = pool + 4 + 2 * len("ntoskrnl.exe") + 2
    second += -second % 8
    data[second : second + 4] = b"\xff\xff\xff\xff"  # characters in the second name
    first, other = blocks_of(bytes(data)).drivers
    assert (first.name, first.note) == ("", "its name is not in the file")
    assert other.name == "acme.sys"


def test_more_drivers_than_windows_ever_loads() -> None:
    data = triage(64)
    base = 0x2000 + triage_fields(64)["DriverListOffset"][0]
    listed = bytearray(data + bytes(0x90 * 5000))
    struct.pack_into("<II", listed, base, len(data), 5000)
    dump = opened(bytes(listed))
    assert dump.triage is not None
    assert len(dump.triage.drivers) == 4096
    assert notes_on(dump, "DriverCount") == ["5000 drivers are claimed; 4096 can be read"]


@BITS
def test_too_many_unloaded_drivers(bits: int) -> None:
    data = bytearray(triage(bits))
    at = SIZE[bits] + triage_fields(bits)["UnloadedDriversOffset"][0]
    listed = int.from_bytes(data[at : at + 4], "little")
    data[listed : listed + 4] = b"\xff\xff\xff\x7f"
    dump = opened(bytes(data))
    assert "no more than 50" in notes_on(dump, "UnloadedDrivers")[0]
    assert dump.triage is not None
    assert dump.triage.unloaded[0].name == "gone.sys"
    assert len(dump.triage.unloaded) <= 64


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 200), st.integers(0, 25)), max_size=15))
def test_pieces_against_a_byte_by_byte_map(pieces: list[tuple[int, int, int]]) -> None:
    file = bytes(range(226))
    expected: dict[int, int] = {}
    for virtual, offset, size in pieces:
        for i in range(size):
            expected.setdefault(virtual + i, file[offset + i])
    memory = TriageMemory(BytesSource(file), pieces)
    found = {v + i: file[o + i] for v, o, size in memory.segments() for i in range(size)}
    assert found == expected
    assert sum(size for _, _, size in memory.segments()) == len(expected)  # nothing twice
    for address in range(90):
        if address in expected:
            assert memory.read(address, 1)[0] == expected[address]
        else:
            with pytest.raises(ReadError):
                memory.read(address, 1)


def test_blocks_that_claim_the_file_many_times_are_capped() -> None:
    body = triage(64)
    base = 0x2000 + triage_fields(64)["DataBlocksOffset"][0]
    count = 50000
    table = b"".join(struct.pack("<QII", number << 32, 0x40, 1 << 16) for number in range(1, count + 1))
    data = bytearray(body + bytes(PAGE * 20) + table)
    struct.pack_into("<II", data, base, len(data) - len(table), count)
    dump = opened(bytes(data))
    assert dump.triage is not None
    assert sum(size for _, _, size in dump.triage.virtual_memory.segments()) <= 5 * len(data)
    assert notes_on(dump, "DataBlocks")
