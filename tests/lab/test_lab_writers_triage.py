"""Small dumps: a reader that gets a real small dump right must get ours right, and find the same order in both."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers import write

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "triage"

FIELDS32 = """ServicePackBuild SizeOfDump ValidOffset ContextOffset ExceptionOffset MmOffset UnloadedDriversOffset
    PrcbOffset ProcessOffset ThreadOffset CallStackOffset SizeOfCallStack DriverListOffset DriverCount StringPoolOffset
    StringPoolSize BrokenDriverOffset TriageOptions TopOfStack DataPageAddress DataPageOffset DataPageSize
    DebuggerDataOffset DebuggerDataSize DataBlocksOffset DataBlocksCount""".split()
FIELDS64 = [*FIELDS32[:19], "BStoreOffset", "SizeOfBStore", "LimitOfBStore", *FIELDS32[19:]]


@dataclass
class Small:
    """What the reader of this test found in a small dump."""

    fields: dict[str, int]
    drivers: list[tuple[str, int, int, int, int]]
    unloaded: list[tuple[str, int, int]]
    blocks: list[tuple[int, int, int]]
    data: bytes

    def at(self, address: int, size: int) -> bytes | None:
        for start, offset, length in self.blocks:
            if start <= address and address + size <= start + length:
                return self.data[offset + address - start :][:size]
        return None


def read_small(data: bytes, bits: int) -> Small:
    if bits == 64:
        code, start, names = "<18IQ2IQQ6I", 0x2000, FIELDS64
    else:
        code, start, names = "<26I", 0x1000, FIELDS32
    fields = dict(zip(names, struct.unpack_from(code, data, start), strict=True))
    lists = drivers_of(data, bits, fields), unloaded_of(data, bits, fields), blocks_of(data, bits, fields)
    return Small(fields, *lists, data)


def drivers_of(data: bytes, bits: int, fields: dict[str, int]) -> list[tuple[str, int, int, int, int]]:
    found = []
    for index in range(fields["DriverCount"]):
        if bits == 64:
            at = fields["DriverListOffset"] + index * 0x90
            base, size = struct.unpack_from("<Q8xI", data, at + 0x38)
            check_sum, stamp = struct.unpack_from("<I4xI", data, at + 0x80)
        else:
            at = fields["DriverListOffset"] + index * 0x4C
            base, size = struct.unpack_from("<I4xI", data, at + 0x1C)
            check_sum, stamp = struct.unpack_from("<II", data, at + 0x44)
        (name_at,) = struct.unpack_from("<I", data, at)
        (characters,) = struct.unpack_from("<I", data, name_at)
        name = data[name_at + 4 : name_at + 4 + 2 * characters].decode("utf-16-le")
        assert fields["StringPoolOffset"] <= name_at < fields["StringPoolOffset"] + fields["StringPoolSize"]
        found.append((name, base, size, check_sum, stamp))
    return found


def unloaded_of(data: bytes, bits: int, fields: dict[str, int]) -> list[tuple[str, int, int]]:
    found, at = [], fields["UnloadedDriversOffset"]
    word, size, name_at, range_at, code = (8, 0x38, 16, 0x28, "<QQ") if bits == 64 else (4, 0x28, 8, 0x20, "<II")
    for index in range(struct.unpack_from("<I", data, at)[0]):
        entry = at + word + index * size
        (length,) = struct.unpack_from("<H", data, entry)
        name = data[entry + name_at : entry + name_at + length].decode("utf-16-le")
        found.append((name, *struct.unpack_from(code, data, entry + range_at)))
    return found


def blocks_of(data: bytes, bits: int, fields: dict[str, int]) -> list[tuple[int, int, int]]:
    code, size = ("<QII", 16) if bits == 64 else ("<III", 12)
    start = fields["DataBlocksOffset"]
    return [struct.unpack_from(code, data, start + size * index) for index in range(fields["DataBlocksCount"])]


class Machine:
    """A few pages of kernel memory with the structures that a small dump wants, laid out by hand."""

    def __init__(self, bits: int) -> None:
        self.bits, self.word = bits, bits // 8
        self.code = "<Q" if bits == 64 else "<I"
        self.virtual: dict[int, int] = {}
        self.pages: dict[int, bytearray] = {}
        top = 0xFFFFF803_00000000 if bits == 64 else 0x80000000
        self.nt, self.driver = top + 0x500000, top + 0x800000
        self.kdbg, self.list_head = top + 0x10100, top + 0x10F00
        self.table, self.unloaded_pointer, self.unloaded = top + 0x11000, top + 0x11100, top + 0x11200
        self.lab = top + 0x11800
        self.entries = (top + 0x20000, top + 0x20200)
        self.strings = top + 0x21000
        self.prcbs = (top + 0x30180, top + 0x32180)
        self.threads = (top + 0x40040, top + 0x41040)
        self.process = top + 0x42080
        self.bases = (top + 0x63000, top + 0x73000)
        self.pool = top + 0x90000
        self.build()

    def put(self, address: int, data: bytes) -> None:
        for index, byte in enumerate(data):
            page = address + index & -PAGE
            pfn = self.virtual.setdefault(page, len(self.virtual) + 1)
            self.pages.setdefault(pfn, bytearray(PAGE))[address + index - page] = byte

    def pointer(self, address: int, value: int) -> None:
        self.put(address, struct.pack(self.code, value))

    def text(self, address: int, value: str) -> None:
        data = value.encode("utf-16-le")
        self.put(address, struct.pack("<HH", len(data), len(data) + 2))
        self.pointer(address + self.word, self.strings)
        self.put(self.strings, data + b"\0\0")
        self.strings += len(data) + 2

    def image(self, base: int, stamp: int, check_sum: int) -> None:
        self.put(base, b"MZ" + bytes(0x3A) + struct.pack("<I", 0x80))
        self.put(
            base + 0x80, b"PE\0\0" + bytes(4) + struct.pack("<I", stamp) + bytes(0x4C) + struct.pack("<I", check_sum)
        )

    def build(self) -> None:
        self.put(self.kdbg + 0x10, b"KDBG" + struct.pack("<I", 0x340))
        signed = {0x18: self.nt, 0x208: self.lab, 0x218: self.table, 0x220: self.unloaded_pointer}
        for offset, value in signed.items():
            self.put(self.kdbg + offset, struct.pack("<Q", value | (0xFFFFFFFF << 32 if self.bits == 32 else 0)))
        sizes = {0x29E: 0x28, 0x2A0: 0xB8, 0x2A8: 0x330, 0x2B0: 0x540, 0x2B4: 8, 0x2BC: 0x20, 0x2C0: 0x250}
        for offset, value in sizes.items():
            self.put(self.kdbg + offset, struct.pack("<H", value))
        for index in (0, 1):
            self.pointer(self.table + index * self.word, self.prcbs[index])
            self.put(self.prcbs[index], bytes([0xB0 + index]))
            self.pointer(self.prcbs[index] + 8, self.threads[index])
            self.put(self.prcbs[index] + 0x53F, b"\xee")
            self.put(self.threads[index], bytes([0xD0 + index]))
            self.pointer(self.threads[index] + 0x28, self.bases[index] - 0x370)
            self.pointer(self.threads[index] + 0xB8, self.process)
            self.put(self.threads[index] + 0x24F, b"\xed")
            self.put(self.bases[index] - 0x3000, bytes(0x3000))
        self.put(self.process, b"\x03")
        self.put(self.process + 0x32F, b"\xec")
        self.put(self.lab, b"19041.1.lab\0")
        self.build_lists()
        # The crash is on the second processor; its saved context is deeper in the stack than the header's.
        self.pointer(self.prcbs[1] + 0x20 + (0x98 if self.bits == 64 else 0xC4), self.bases[1] - 0x800)
        self.pointer(self.bases[1] - 0x700, self.driver + 0x1234)
        self.pointer(self.bases[1] - 0x6F0, self.pool + 0x500)
        self.put(self.pool, bytes(range(256)) * 16)

    def build_lists(self) -> None:
        images = ((self.nt, 0x9000, r"\SystemRoot\system32\ntoskrnl.exe"), (self.driver, 0x4000, r"\??\C:\lab\bad.sys"))
        chain = (*self.entries, self.list_head)
        self.pointer(self.list_head, chain[0])
        places = (0x30, 0x40, 0x48) if self.bits == 64 else (0x18, 0x20, 0x24)
        for index, (base, size, name) in enumerate(images):
            entry = chain[index]
            self.pointer(entry, chain[index + 1])
            self.pointer(entry + places[0], base)
            self.put(entry + places[1], struct.pack("<I", size))
            self.text(entry + places[2], name)
            self.image(base, 0x60000000 + index, 0xABC0 + index)
        self.put(self.driver + 0x1000, b"\xcc" * PAGE)
        self.pointer(self.unloaded_pointer, self.unloaded)
        for index, name in enumerate(("dump_diskdump_long.sys", "dam.sys")):
            entry = self.unloaded + index * (0x28 if self.bits == 64 else 0x18)
            self.text(entry, name)
            self.pointer(entry + 2 * self.word, self.pool + 0x10000 * index)
            self.pointer(entry + 3 * self.word, self.pool + 0x10000 * index + 0x8000)

    def snapshot(self) -> Snapshot:
        context = bytearray(0x4D0 if self.bits == 64 else 0x2CC)
        stack_at, code_at = (0x98, 0xF8) if self.bits == 64 else (0xC4, 0xB8)
        struct.pack_into(self.code, context, stack_at, self.bases[1] - 0x200)
        struct.pack_into(self.code, context, code_at, self.driver + 0x1234)
        header = {
            "MinorVersion": 19041,
            "KdDebuggerDataBlock": self.kdbg,
            "PsLoadedModuleList": self.list_head,
            "BugCheckCode": 0x7E,
            "BugCheckParameter1": 0xC0000005,
            "BugCheckParameter2": self.pool + 0x10,
        }
        pages = {pfn: bytes(page) for pfn, page in self.pages.items()}
        return Snapshot(
            "by-hand",
            self.bits,
            False,
            pages,
            [(1, len(pages))],
            set(pages),
            header,
            bytes(context),
            b"\x05\0\0\xc0",
            virtual=self.virtual,
        )


@pytest.fixture(params=[64, 32])
def machine(request: pytest.FixtureRequest) -> Machine:
    return Machine(request.param)


def small_dump(machine: Machine, tmp_path: Path) -> Small:
    return read_small(write(machine.snapshot(), "triage", tmp_path / "s.dmp").read_bytes(), machine.bits)


def test_header_is_that_of_a_small_dump(machine: Machine, tmp_path: Path) -> None:
    data = small_dump(machine, tmp_path).data
    type_at, code_at, block_at, attributes_at = (
        (0xF98, 0x38, 0x88, 0x1050) if machine.bits == 64 else (0xF88, 0x28, 0x64, 0x8A0)
    )
    assert struct.unpack_from("<I", data, type_at) == (4,)
    assert struct.unpack_from("<I", data, code_at) == (0x1000007E,)
    assert data[block_at : block_at + 8] == b"PAGEPAGE"
    assert data[attributes_at : attributes_at + 4] == b"PAGE"


def test_size_and_valid_mark(machine: Machine, tmp_path: Path) -> None:
    small = small_dump(machine, tmp_path)
    assert small.fields["SizeOfDump"] == len(small.data)
    assert small.data[small.fields["ValidOffset"] :] == b"TRGD"


def test_drivers_in_load_order(machine: Machine, tmp_path: Path) -> None:
    assert small_dump(machine, tmp_path).drivers == [
        (r"\SystemRoot\system32\ntoskrnl.exe", machine.nt, 0x9000, 0xABC0, 0x60000000),
        (r"\??\C:\lab\bad.sys", machine.driver, 0x4000, 0xABC1, 0x60000001),
    ]


def test_unloaded_drivers_with_names_cut_to_twelve(machine: Machine, tmp_path: Path) -> None:
    pool = machine.pool
    assert small_dump(machine, tmp_path).unloaded == [
        ("dump_diskdum", pool, pool + 0x8000),
        ("dam.sys", pool + 0x10000, pool + 0x18000),
    ]


def test_structures_of_the_crashed_processor(machine: Machine, tmp_path: Path) -> None:
    small = small_dump(machine, tmp_path)
    ends = {"PrcbOffset": (0xB1, 0x540, 0xEE), "ThreadOffset": (0xD1, 0x250, 0xED), "ProcessOffset": (3, 0x330, 0xEC)}
    for name, (first, size, last) in ends.items():
        offset = small.fields[name]
        assert (small.data[offset], small.data[offset + size - 1]) == (first, last), name
    assert small.data[small.fields["DebuggerDataOffset"] + 0x10 :][:4] == b"KDBG"
    assert small.fields["DebuggerDataSize"] == 0x340


def test_stack_from_the_bugcheck_to_its_base(machine: Machine, tmp_path: Path) -> None:
    small = small_dump(machine, tmp_path)
    assert small.fields["TopOfStack"] == machine.bases[1] - 0x800
    assert small.fields["SizeOfCallStack"] == 0x800
    stack = small.data[small.fields["CallStackOffset"] :]
    assert struct.unpack_from(machine.code, stack, 0x100) == (machine.driver + 0x1234,)


def test_data_blocks_hold_what_an_analysis_reads(machine: Machine, tmp_path: Path) -> None:
    small = small_dump(machine, tmp_path)
    assert small.at(machine.driver + 0x1234, 8) == b"\xcc" * 8  # the instruction
    assert small.at(machine.pool, 0x100) == bytes(range(256))  # the page of parameter 2
    assert small.at(machine.nt, 2) == small.at(machine.driver, 2) == b"MZ"
    assert small.at(machine.table, machine.word) == struct.pack(machine.code, machine.prcbs[0])
    for index in (0, 1):
        assert small.at(machine.prcbs[index], 1) == bytes([0xB0 + index])
        assert small.at(machine.threads[index], 1) == bytes([0xD0 + index])
    assert small.at(machine.process, 1) == b"\x03"
    assert small.at(machine.bases[0] - 0x3000, 0x3000) is not None  # the other processor's stack
    assert (small.at(machine.lab, 8) or b"") == b"19041.1."


def test_no_byte_is_held_twice(machine: Machine, tmp_path: Path) -> None:
    blocks = sorted(small_dump(machine, tmp_path).blocks)
    assert all(start + size <= following for (start, _, size), (following, _, _) in pairwise(blocks))


def test_header_shows_the_fault_and_the_stack_the_bugcheck(machine: Machine, tmp_path: Path) -> None:
    fault = bytes(range(256)) * 2
    machine.put(machine.pool + 0x20000, fault + bytes(0x4D0 - len(fault)))
    snapshot = machine.snapshot()
    snapshot.header["BugCheckParameter4"] = machine.pool + 0x20000
    small = read_small(write(snapshot, "triage", tmp_path / "s.dmp").read_bytes(), machine.bits)
    assert small.data[0x348 if machine.bits == 64 else 0x320 :].startswith(fault)
    assert small.fields["TopOfStack"] == machine.bases[1] - 0x800


def test_what_cannot_be_had_is_left_out(machine: Machine, tmp_path: Path) -> None:
    snapshot = machine.snapshot()
    snapshot.virtual = {}
    small = read_small(write(snapshot, "triage", tmp_path / "s.dmp").read_bytes(), machine.bits)
    absent = (
        "PrcbOffset",
        "ProcessOffset",
        "ThreadOffset",
        "CallStackOffset",
        "DriverListOffset",
        "DebuggerDataOffset",
    )
    assert [small.fields[name] for name in absent] == [0] * len(absent)
    assert small.drivers == small.blocks == small.unloaded == []


def test_windows_xp_has_no_sizes_in_its_data_block(tmp_path: Path) -> None:
    machine = Machine(32)
    machine.put(machine.kdbg + 0x14, struct.pack("<I", 0x290))
    machine.put(machine.kdbg + 0x298, bytes(0x40))
    for index in (0, 1):
        machine.pointer(machine.prcbs[index] + 4, machine.threads[index])
        machine.pointer(machine.threads[index] + 0x18, machine.bases[index] - 0x370)
        machine.pointer(machine.threads[index] + 0x44, machine.process)
        machine.put(machine.prcbs[index] + 0xC4F, b"\x99")
    small = small_dump(machine, tmp_path)
    assert small.data[small.fields["PrcbOffset"]] == 0xB1
    assert small.data[small.fields["PrcbOffset"] + 0xC4F] == 0x99
    assert small.fields["ThreadOffset"] - small.fields["ProcessOffset"] == 0x260
    assert small.fields["CallStackOffset"] - small.fields["ThreadOffset"] == 0x258
    assert small.fields["TopOfStack"] == machine.bases[1] - 0x200


def test_a_looped_module_list_ends(machine: Machine, tmp_path: Path) -> None:
    machine.pointer(machine.entries[1], machine.entries[1])
    assert len(small_dump(machine, tmp_path).drivers) == 2048


@pytest.fixture(scope="module")
def real() -> Small:
    if not (REAL / "triage_x64.dmp").is_file():
        pytest.skip("../shared/data/triage/triage_x64.dmp is not here")
    return read_small((REAL / "triage_x64.dmp").read_bytes(), 64)


def test_the_reader_gets_the_real_dump_right(real: Small) -> None:
    expected = json.loads((REAL / "expected.json").read_text())["triage_x64.dmp"]["header"]
    assert {name: real.fields[name] for name in FIELDS64} == {name: int(expected[name], 16) for name in FIELDS64}
    assert len(real.drivers) == 151
    assert real.drivers[0][0].lower() == r"\systemroot\system32\ntoskrnl.exe"
    assert any(name.lower().endswith("amdppm.sys") for name, *_ in real.drivers)
    assert [name for name, *_ in real.unloaded][:2] == ["dam.sys", "WdBoot.sys"]
    assert real.data[real.fields["ValidOffset"] :][:4] == b"TRGD"


def test_blocks_follow_each_other_as_in_the_real_dump(real: Small, tmp_path: Path) -> None:
    ours = small_dump(Machine(64), tmp_path)

    def order(small: Small) -> list[str]:
        offsets = {name: value for name, value in small.fields.items() if name.endswith("Offset") and value}
        return sorted(offsets, key=lambda name: offsets[name])

    assert order(ours) == order(real)
    for small in (ours, real):
        fields = small.fields
        assert fields["StringPoolOffset"] - fields["DriverListOffset"] == fields["DriverCount"] * 0x90
        assert fields["UnloadedDriversOffset"] - fields["MmOffset"] == 0x50
        assert fields["ContextOffset"] == 0x348 and fields["ExceptionOffset"] == 0xF00 and fields["MmOffset"] == 0x2080
        at = fields["DataBlocksOffset"] + 16 * fields["DataBlocksCount"]
        for _, offset, size in small.blocks:
            assert offset == at
            at += size
