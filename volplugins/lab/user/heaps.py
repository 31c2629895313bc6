"""Heaps of a process, as the PEB lists them: two, the first with a second segment in a range of its own.

Members: public symbol tables. Since Windows Vista a heap begins with its first segment and a list holds them all; on
Windows XP segments lie behind the heap, and an array of 64 pointers names them. The PEB's array of heaps lies behind
the PEB in its page.
"""

from __future__ import annotations

from volplugins.lab.kernel.processes import Process
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.ranges import reserved_range

PAGE = 0x1000
_HEAP_SIGNATURE, _SEGMENT_SIGNATURE = 0xEEFFEEFF, 0xFFEEFFEE
_GROWABLE = 2
_BASES = {8: 0x1F23C000000, 4: 0x00A00000}
_FIRST, _SECOND, _MORE = (0, 0x100000, 4), (0x100000, 0x10000, 2), (0x120000, 0x80000, 2)  # offset, size, pages


def add_heaps(machine: Machine, process: Process) -> None:
    """Reserve the heaps, commit and write their first pages, and lead the PEB to them."""
    base = _BASES[machine.width]
    for at, size, pages in (_FIRST, _SECOND, _MORE):
        process.space.map(base + at, pages * PAGE, "data")
        process.add(reserved_range(base + at, size, pages, "Heap"))
    heaps = [base + _FIRST[0], base + _SECOND[0]]
    write = _write_heap if machine.structures.has("_HEAP", "SegmentList") else _write_xp_heap
    write(machine, process, heaps[0], [(heaps[0], *_FIRST[1:]), (base + _MORE[0], *_MORE[1:])], 1)
    write(machine, process, heaps[1], [(heaps[1], *_SECOND[1:])], 2)
    _write_peb(machine, process, heaps)


def _write_heap(
    machine: Machine, process: Process, heap: int, segments: list[tuple[int, int, int]], number: int
) -> None:
    entry = machine.structures.offset("_HEAP_SEGMENT", "SegmentListEntry")
    head = machine.structures.offset("_HEAP", "SegmentList")
    ring = [heap + head, *(start + entry for start, _, _ in segments)]
    for index, (start, size, pages) in enumerate(segments):
        name = "_HEAP" if start == heap else "_HEAP_SEGMENT"
        record = machine.record(name).fill(SegmentSignature=_SEGMENT_SIGNATURE, SegmentFlags=_GROWABLE * (index > 0))
        record.fill(**_segment(start, heap, size, pages, machine.structures.size(name)))
        links = machine.pointer(ring[(index + 2) % len(ring)]) + machine.pointer(ring[index])
        record.set("SegmentListEntry", links)
        if start == heap:
            _fill_heap(machine, record.data, heap, number)
            record.set("SegmentList", machine.pointer(ring[1]) + machine.pointer(ring[-1]))
        process.space.write(start, bytes(record.data))


def _write_xp_heap(
    machine: Machine, process: Process, heap: int, segments: list[tuple[int, int, int]], number: int
) -> None:
    header = (machine.structures.size("_HEAP") + 0xFF) & ~0x3F
    record = machine.record("_HEAP")
    _fill_heap(machine, record.data, heap, number)
    for index, (start, size, pages) in enumerate(segments):
        at = start + header if start == heap else start
        segment = machine.record("_HEAP_SEGMENT").fill(Signature=_SEGMENT_SIGNATURE)
        segment.fill(**_segment(start, heap, size, pages, header if start == heap else 0))
        process.space.write(at, bytes(segment.data))
        record.set(f"Segments[{index}]", at).set("LastSegmentIndex", index)
    process.space.write(heap, bytes(record.data))


def _segment(start: int, heap: int, size: int, pages: int, header: int) -> dict[str, int]:
    return {
        "Heap": heap, "BaseAddress": start, "NumberOfPages": size // PAGE,
        "FirstEntry": start + ((header + 0x7F) & ~0x3F), "LastValidEntry": start + size,
        "NumberOfUnCommittedPages": size // PAGE - pages, "NumberOfUnCommittedRanges": 1,
    }  # fmt: skip


def _fill_heap(machine: Machine, data: bytearray, heap: int, number: int) -> None:
    """The members that every heap has, into the bytes of one."""
    record = machine.record("_HEAP")
    record.data = data
    record.fill(Signature=_HEAP_SIGNATURE, Flags=_GROWABLE, SegmentReserve=0x100000, SegmentCommit=0x2000)
    record.fill(ProcessHeapsListIndex=number)
    record.set("VirtualAllocdBlocks", machine.pointer(heap + record.offset("VirtualAllocdBlocks")) * 2)


def _write_peb(machine: Machine, process: Process, heaps: list[int]) -> None:
    size, width = machine.structures.size("_PEB"), machine.width
    array = process.peb + size
    process.space.write(array, b"".join(machine.pointer(heap) for heap in heaps))
    values = {"ProcessHeap": (heaps[0], width), "ProcessHeaps": (array, width), "NumberOfHeaps": (len(heaps), 4),
              "MaximumNumberOfHeaps": ((PAGE - size) // width, 4)}  # fmt: skip
    for member, (value, length) in values.items():
        at = process.peb + machine.structures.offset("_PEB", member)
        process.space.write(at, value.to_bytes(length, "little"))
