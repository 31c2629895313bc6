"""Heaps byte by byte, as the structures of the public symbol tables have them."""

from __future__ import annotations

import struct

import pytest

from volplugins.loader.heaps import MOST_SEGMENTS, read_heap
from volplugins.memory.reader import SegmentReader

HEAP, SECOND, WILD = 0x500000, 0x900000, 0x66660000
# SegmentSignature and SegmentListEntry of _HEAP_SEGMENT; SegmentList of _HEAP (Windows 7)
PLACES = {64: (0x10, 0x18, 0x128), 32: (0x8, 0x10, 0xA8)}


def ring(bits: int, links: dict[int, int], size: int = 0x400) -> SegmentReader:
    """A heap and a second segment whose links are as given."""
    signature = PLACES[bits][0]
    memory = {}
    for address in (HEAP, SECOND):
        data = bytearray(size)
        struct.pack_into("<I", data, signature, 0xFFEEFFEE)
        memory[address] = data
    for at, value in links.items():
        base = max(address for address in memory if address <= at)
        struct.pack_into("<Q" if bits == 64 else "<I", memory[base], at - base, value)
    return SegmentReader({address: bytes(data) for address, data in memory.items()})


@pytest.mark.parametrize("bits", [64, 32])
def test_segments_in_a_ring_through_the_heaps_own_head(bits):
    _, link, head = PLACES[bits]
    links = {HEAP + link: SECOND + link, SECOND + link: HEAP + head, HEAP + head: HEAP + link}
    heap = read_heap(ring(bits, links), HEAP, bits)
    assert (heap.kind, heap.segments, heap.note) == ("nt", (HEAP, SECOND), "")


@pytest.mark.parametrize("bits", [64, 32])
def test_a_broken_ring_keeps_what_came_before(bits):
    _, link, _ = PLACES[bits]
    heap = read_heap(ring(bits, {HEAP + link: SECOND + link, SECOND + link: WILD}), HEAP, bits)
    assert heap.segments == (HEAP, SECOND)
    assert "the list of segments breaks: it leads to 0x66660000, where" in heap.note


@pytest.mark.parametrize("bits", [64, 32])
def test_a_link_of_zero_is_told_as_it_is(bits):
    """A list that was never made, or is another's: no segment lies before address 0."""
    _, link, _ = PLACES[bits]
    heap = read_heap(ring(bits, {HEAP + link: 0}), HEAP, bits)
    assert (heap.segments, heap.note) == ((HEAP,), "the list of segments breaks: it leads to 0x0")


def test_an_endless_list_ends():
    size = 0x10 * (MOST_SEGMENTS + 10)
    data = bytearray(size + 0x40)
    struct.pack_into("<I", data, 0x10, 0xFFEEFFEE)
    struct.pack_into("<Q", data, 0x18, HEAP + 0x30)
    for at in range(0x30, size, 8):
        struct.pack_into("<Q", data, at, HEAP + at + 8)
    heap = read_heap(SegmentReader({HEAP: bytes(data)}), HEAP, 64)
    assert "more than" in heap.note


@pytest.mark.parametrize(("bits", "signature", "segments"), [(32, 0x8, 0x58), (64, 0x10, 0xA0)])
def test_the_array_of_windows_before_vista(bits, signature, segments):
    data = bytearray(0x400)
    struct.pack_into("<I", data, signature, 0xEEFFEEFF)
    struct.pack_into("<QQ" if bits == 64 else "<II", data, segments, HEAP, SECOND)
    heap = read_heap(SegmentReader({HEAP: bytes(data)}), HEAP, bits)
    assert (heap.kind, heap.segments) == ("nt", (HEAP, SECOND))


def test_what_is_no_nt_heap():
    data = bytearray(0x40)
    struct.pack_into("<I", data, 0x10, 0xDDEEDDEE)
    assert read_heap(SegmentReader({HEAP: bytes(data)}), HEAP, 64).kind == "segment"
    assert "no heap" in read_heap(SegmentReader({HEAP: bytes(0x40)}), HEAP, 64).note
    assert "heap header" in read_heap(SegmentReader({}), HEAP, 64).note
