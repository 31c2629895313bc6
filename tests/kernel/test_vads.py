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

BUILDS = [(64, 7601), (64, 9600), (64, 17763), (64, 19041), (64, 22000), (32, 2600), (32, 7601), (32, 19041)]
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
