"""Small dumps in which a bad entry, or a name that many share, must not cost what is good."""

import struct
import tracemalloc
from collections import Counter

import pytest
from made_dumps import SIZE
from made_triage import DATA_AT, PRCB_AT, PROCESS_AT, Made

from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.source import BytesSource

BITS = pytest.mark.parametrize("bits", [32, 64])


def notes_on(dump: Dump, field: str) -> list[str]:
    return [note.text for note in dump.notes if note.field == field]


@BITS
def test_blocks_of_an_impossible_size_take_nothing_from_the_others(bits: int) -> None:
    """Four of them would take all the room there is, and the addresses of those that are sound."""
    made = Made(bits, blocks=[(DATA_AT[bits] - 0x40 - number, bytes(0x40)) for number in range(5)])
    data = bytearray(made.build())
    (at,) = struct.unpack_from("<I", data, SIZE[bits] + made.offset("DataBlocksOffset")[0])
    size_at = 12 if bits == 64 else 8
    for number in range(5):
        struct.pack_into("<I", data, at + number * (size_at + 4) + size_at, 0xFFFFFFFF)
    dump = open_dump(BytesSource(bytes(data)))
    found = dump.triage
    assert found is not None
    assert [block.virtual for block in found.data_blocks[:3]] == [PRCB_AT[bits], PROCESS_AT[bits], DATA_AT[bits]]
    assert found.virtual_memory.read(DATA_AT[bits], 400) == b"DATA" * 100
    assert notes_on(dump, "DataBlocks")


class Counting(BytesSource):
    """Bytes that count how often each place is read from."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.places: Counter[int] = Counter()

    def read(self, offset: int, size: int) -> bytes:
        self.places[offset] += 1
        return super().read(offset, size)


def test_drivers_that_share_one_long_name() -> None:
    """Each place of the string pool is read once, and all names together are as long as those of the kernel's list."""
    count, named, name = 600, (1 << 23) // 32767, "\u4e00" * 32767
    made = Made(64, [(f"d{number}.sys", 0xFFFFF80100000000 + number * 0x10000, 0x1000) for number in range(count)])
    data = bytearray(made.build() + bytes(8))
    pool = len(data)
    data += struct.pack("<I", len(name)) + name.encode("utf-16-le")
    (at,) = struct.unpack_from("<I", data, SIZE[64] + made.offset("DriverListOffset")[0])
    for number in range(count):
        struct.pack_into("<I", data, at + number * 0x90, pool)
    source = Counting(bytes(data))
    dump = open_dump(source)
    assert dump.triage is not None
    assert [(each.name == name, each.note) for each in dump.triage.drivers] == [
        *[(True, "")] * named, *[(False, "its name is left out: too much text")] * (count - named),
    ]  # fmt: skip
    (note,) = notes_on(dump, "DriverNames")
    assert note == "344 names are left out: all together have more than 8,388,608 characters"
    assert source.places[pool] == 1
    scene = build_scene(dump)
    assert len(scene.modules) == count and scene.module_notes == (note,)


def test_names_that_are_left_out_are_not_kept() -> None:
    """Every driver has another name, which begins inside the one before: all together are much longer than the file."""
    count, longest = 4096, 32767
    made = Made(64, [(f"d{number}.sys", 0xFFFFF80100000000 + number * 0x10000, 0x1000) for number in range(count)])
    data = bytearray(made.build() + bytes(8))
    pool = len(data)
    data += struct.pack("<I", 0x4E014E01) * (count + longest // 2)
    (at,) = struct.unpack_from("<I", data, SIZE[64] + made.offset("DriverListOffset")[0])
    for number in range(count):
        struct.pack_into("<I", data, at + number * 0x90, pool + 4 * number)
    named = (1 << 23) // longest
    source = Counting(bytes(data))
    tracemalloc.start()
    try:
        dump = open_dump(source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert dump.triage is not None and peak < 64 << 20, f"{peak >> 20} MiB of {len(data) >> 10} KiB"
    (note,) = notes_on(dump, "DriverNames")
    assert note == f"{count - named} names are left out: all together have more than 8,388,608 characters"
    assert all(driver.name for driver in dump.triage.drivers[:named])


def test_drivers_without_a_range_are_told() -> None:
    made = Made(64, [("nt.exe", 0xFFFFF80100000000, 0x1000), ("a.sys", 0, 0x1000)])
    scene = build_scene(open_dump(BytesSource(made.build())))
    assert len(scene.modules) == 1
    assert scene.module_notes == ("1 entries of the list of drivers have no base or no size",)
