"""VAD trees: every range found, damage named, prototype entries by the range that maps them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volplugins.kernel.layouts import built_in
from volplugins.kernel.vads import MAX_VADS, walk_vads
from volplugins.memory.reader import SegmentReader
from volplugins.memory.structure import Layout

BUILDS = [
    *((64, build) for build in (3790, 6000, 7601, 9200, 9600, 10586, 17134, 17763, 18362, 19041, 22000)),
    *((32, build) for build in (2600, 3790, 6002, 7601, 9200, 9600, 14393, 17134, 19041)),
]
POOL = {64: 0xFFFFA80012340000, 32: 0x81234000}


def node(layout: Layout, **values: int) -> bytes:
    """Bytes of one VAD, written by the layout's own offsets; absent members are zero."""
    data = bytearray(layout.size)
    for name, value in values.items():
        if name in layout.bits:
            at, size, low, width = layout.bits[name]
            word = int.from_bytes(data[at : at + size], "little") | (value & ((1 << width) - 1)) << low
            data[at : at + size] = word.to_bytes(size, "little")
        elif name in layout.members:
            at, size = layout.members[name]
            data[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return bytes(data)


def spread(layout: Layout, vpn: int, name: str) -> dict[str, int]:
    """A page number in its low and, where the build has one, its high part."""
    high = f"{name}High"
    return {name: vpn, high: vpn >> 32} if layout.has(high) else {name: vpn}


def tree(bits: int, layout: Layout, ranges: list[tuple[int, int, dict[str, int]]]) -> tuple[int, dict[int, bytes]]:
    """A balanced tree of (first page, last page, other members): its root, and memory by address."""
    memory: dict[int, bytes] = {}

    def place(low: int, high: int) -> int:
        if low >= high:
            return 0
        middle = (low + high) // 2
        address = POOL[bits] + middle * 0x200
        start, end, more = ranges[middle]
        memory[address] = node(
            layout, Left=place(low, middle), Right=place(middle + 1, high), **spread(layout, start, "StartingVpn"),
            **spread(layout, end, "EndingVpn"), **more,
        )  # fmt: skip
        return address

    return place(0, len(ranges)), memory


@pytest.mark.parametrize(("bits", "build"), BUILDS)
def test_ranges_come_in_address_order_with_their_members(bits: int, build: int) -> None:
    layout = built_in(bits, build).vad
    top = 0x7FFF_FFF0 if bits == 64 else 0x7FFD0
    said = [
        (0x10, 0x1F, {"PrivateMemory": 1, "Protection": 4, "CommitCharge": 16}),
        (0x400, 0x47F, {"Protection": 7, "FirstPrototypePte": POOL[bits] + 0x8000, "VadType": 2, "ImageMap": 1}),
        (top, top + 3, {"PrivateMemory": 1, "Protection": 1}),
    ]
    root, memory = tree(bits, layout, said)
    found = walk_vads(SegmentReader(memory), root, layout, bits)
    assert not found.notes
    assert [(vad.start >> 12, (vad.end >> 12) - 1) for vad in found.ranges] == [(low, high) for low, high, _ in said]
    private, image, _ = found.ranges
    assert (private.private, private.protection, private.commit, private.first_prototype) == (True, 4, 16, None)
    assert (image.private, image.kind, image.first_prototype) == (False, 2, POOL[bits] + 0x8000)
    assert found.holding(0x412345) is image
    assert found.holding(0x20000) is None


@pytest.mark.parametrize(("bits", "build"), BUILDS)
def test_a_prototype_entry_is_found_by_its_place_in_the_range(bits: int, build: int) -> None:
    layout = built_in(bits, build).vad
    first = POOL[bits] + 0x8000
    width = 8 if bits == 64 else 4
    more = {"FirstPrototypePte": first, "LastContiguousPte": first + 0x1F * width}
    root, memory = tree(bits, layout, [(0x400, 0x47F, more), (0x500, 0x50F, {"PrivateMemory": 1})])
    found = walk_vads(SegmentReader(memory), root, layout, bits)
    assert found.prototype_of(0x41F123, width) == first + 0x1F * width
    assert found.prototype_of(0x420000, width) is None, "behind the last entry that follows without a gap"
    assert found.prototype_of(0x500000, width) is None, "private memory has none"
    assert found.prototype_of(0x600000, width) is None


@pytest.mark.parametrize(("bits", "build"), BUILDS)
def test_damage_is_named_and_costs_its_own_branch_only(bits: int, build: int) -> None:
    layout = built_in(bits, build).vad
    said = [(0x10 * n, 0x10 * n + 3, {"PrivateMemory": 1}) for n in range(1, 16)]
    root, memory = tree(bits, layout, said)
    at, size = layout.members["Left"]
    looping, lost, absurd = (POOL[bits] + n * 0x200 for n in (0, 4, 12))
    data = bytearray(memory[looping])
    data[at : at + size] = root.to_bytes(size, "little")
    memory[looping] = bytes(data)
    del memory[lost]
    memory[absurd] = node(layout, **spread(layout, 9, "StartingVpn"), **spread(layout, 3, "EndingVpn"))
    found = walk_vads(SegmentReader(memory), root, layout, bits)
    assert len(found.ranges) == 13
    notes = "; ".join(found.notes)
    assert f"{root:#x} is reached twice" in notes
    assert f"{lost:#x} cannot be read" in notes
    assert f"{absurd:#x} holds no range: pages" in notes


@pytest.mark.parametrize(("bits", "build"), BUILDS)
def test_children_of_an_inverted_range_are_kept(bits: int, build: int) -> None:
    layout = built_in(bits, build).vad
    said = [(0x10 * n, 0x10 * n + 3, {"PrivateMemory": 1}) for n in range(1, 8)]
    root, memory = tree(bits, layout, said)
    at, size = layout.members["StartingVpn"]
    data = bytearray(memory[root])
    data[at : at + size] = (0x7000).to_bytes(size, "little")
    memory[root] = bytes(data)
    found = walk_vads(SegmentReader(memory), root, layout, bits)
    assert [vad.start >> 12 for vad in found.ranges] == [0x10 * n for n in (1, 2, 3, 5, 6, 7)]
    assert found.notes == (f"VAD {root:#x} holds no range: pages 0x7000 to 0x43",)


@pytest.mark.parametrize(("bits", "build"), BUILDS)
def test_of_overlapping_ranges_as_few_as_can_be_are_left_out(bits: int, build: int) -> None:
    layout = built_in(bits, build).vad
    wide = (0x10, 0x7FF00, {"PrivateMemory": 1})  # swallows all that follow
    said = [wide, *((0x10 * n, 0x10 * n + 3, {"PrivateMemory": 1}) for n in range(2, 8)), (0x73, 0x80, {})]
    root, memory = tree(bits, layout, said)
    found = walk_vads(SegmentReader(memory), root, layout, bits)
    assert [vad.start >> 12 for vad in found.ranges] == [0x10 * n for n in range(2, 8)]
    assert [note.rpartition(" (")[2] for note in found.notes] == [
        "0x10000-0x7ff01000) overlaps another", "0x73000-0x81000) overlaps another"
    ]  # fmt: skip


# _MMVAD of Windows 8.0 (9200) and Server 2003 (3790) as their public symbol tables have it, byte by byte
_EIGHT = bytes.fromhex(
    "0000000000000000 b0000000a8faffff c0000000a8faffff 10000000 1f000000 0000000000000000 20800000 10000080"
    "0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000"
)
_SERVER_2003 = struct.pack("<5I I 5I", 0x81234100, 0, 0, 0x10, 0x1F, 0x84800010, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(("bits", "build", "data"), [(64, 9200, _EIGHT), (32, 3790, _SERVER_2003)])
def test_nodes_of_eras_that_the_lab_has_no_machine_of(bits: int, build: int, data: bytes) -> None:
    layout = built_in(bits, build).vad
    found = walk_vads(SegmentReader({POOL[bits]: data}), POOL[bits], layout, bits)
    (first,) = found.ranges
    children = [int(note.split()[1], 16) for note in found.notes]
    assert sorted(children) == ([0xFFFFFAA8000000B0, 0xFFFFFAA8000000C0] if bits == 64 else [])
    assert (first.start, first.end, first.private, first.protection) == (0x10000, 0x20000, True, 4)
    assert (first.commit, first.committed, first.kind) == (16, True, 0)


@settings(max_examples=80, deadline=None)
@given(st.binary(min_size=0x400, max_size=0x800), st.sampled_from(BUILDS))
def test_random_bytes_end(data: bytes, machine: tuple[int, int]) -> None:
    bits, build = machine
    layout = built_in(bits, build).vad
    base = POOL[bits]
    # pointers into the block itself, so that the walk goes on
    block = bytearray(data)
    for at in range(0, len(block) - 8, 8 if bits == 64 else 4):
        if block[at] % 3 == 0:
            struct.pack_into("<Q" if bits == 64 else "<I", block, at, base + block[at + 1] * 4)
    found = walk_vads(SegmentReader({base: bytes(block)}), base, layout, bits)
    assert len(found.ranges) < MAX_VADS
    assert len(found.notes) <= 16


def test_no_tree_and_an_unknown_layout() -> None:
    layout = built_in(64, 19041).vad
    assert walk_vads(SegmentReader({}), 0, layout, 64).ranges == ()
    unknown = walk_vads(SegmentReader({}), 0x1000, Layout("_MMVAD", 0, {}, "no table for this machine"), 64)
    assert "no table" in unknown.notes[0]
