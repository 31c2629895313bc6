"""Heaps of a process: which kind one is, and its segments.

Source: _HEAP, _HEAP_SEGMENT and _SEGMENT_HEAP of public symbol tables (builds 2600 to 22000). Since Vista every segment
begins with a _HEAP_SEGMENT and all are in one ring of SegmentListEntry; before that the heap has an array of 64.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError

MOST_SEGMENTS = 4096
_SEGMENT_SIGNATURE, _HEAP_SIGNATURE, _SEGMENT_HEAP_SIGNATURE = 0xFFEEFFEE, 0xEEFFEEFF, 0xDDEEDDEE
# offsets by bits: SegmentSignature (in a segment heap: Signature) and SegmentListEntry of _HEAP_SEGMENT
_SIGNATURE_AT, _LINK_AT = {64: 0x10, 32: 0x8}, {64: 0x18, 32: 0x10}
# before Vista: _HEAP.Signature, _HEAP.Segments
_OLD_SIGNATURE_AT, _OLD_SEGMENTS_AT, _OLD_SEGMENTS = {64: 0x10, 32: 0x8}, {64: 0xA0, 32: 0x58}, 64


@dataclass(frozen=True, slots=True)
class Heap:
    """One heap: its address, ``nt`` or ``segment`` (empty where the signature is neither), addresses of its segments.

    ``note`` says what could not be followed.
    """

    address: int
    kind: str
    segments: tuple[int, ...]
    note: str = ""


def read_heap(memory: MemoryReader, address: int, bits: int) -> Heap:
    """The heap at ``address``; never raises."""
    try:
        first = memory.read(address, 0x20)
    except ReadError as error:
        return Heap(address, "", (), f"heap header {error.reason}")
    at = _SIGNATURE_AT[bits]
    signature = int.from_bytes(first[at : at + 4], "little")
    if signature == _SEGMENT_HEAP_SIGNATURE:
        return Heap(address, "segment", (), "segment heap: its further ranges are not followed")
    if signature == _SEGMENT_SIGNATURE:
        return _ring(memory, address, bits)
    old = _OLD_SIGNATURE_AT[bits]
    if int.from_bytes(first[old : old + 4], "little") == _HEAP_SIGNATURE:
        return _array(memory, address, bits)
    return Heap(address, "", (), f"no heap: the signature is {signature:#x}")


def _ring(memory: MemoryReader, address: int, bits: int) -> Heap:
    """Segments by the ring that begins in the heap's own; its head lies in the heap, and is no segment."""
    width, link, at = bits // 8, _LINK_AT[bits], _SIGNATURE_AT[bits]
    found = [address]
    entry = address + link
    seen = {entry}
    try:
        while True:
            entry = int.from_bytes(memory.read(entry, width), "little")
            if entry in seen:
                return Heap(address, "nt", tuple(found))
            if entry < link:
                return Heap(address, "nt", tuple(found), f"the list of segments breaks: it leads to {entry:#x}")
            if len(seen) > MOST_SEGMENTS:
                return Heap(address, "nt", tuple(found), f"more than {MOST_SEGMENTS} segments")
            seen.add(entry)
            signature = int.from_bytes(memory.read(entry - link + at, 4), "little")
            if signature == _SEGMENT_SIGNATURE:
                found.append(entry - link)
    except ReadError as error:
        why = f"the list of segments breaks: it leads to {entry:#x}, where no segment can be read ({error.reason})"
        return Heap(address, "nt", tuple(found), why)


def _array(memory: MemoryReader, address: int, bits: int) -> Heap:
    width = bits // 8
    try:
        data = memory.read(address + _OLD_SEGMENTS_AT[bits], width * _OLD_SEGMENTS)
    except ReadError as error:
        return Heap(address, "nt", (address,), f"the list of segments breaks at {error.address:#x}: {error.reason}")
    found = (int.from_bytes(data[at : at + width], "little") for at in range(0, len(data), width))
    return Heap(address, "nt", tuple(segment for segment in found if segment))
