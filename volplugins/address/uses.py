"""What ranges of a process are used for: PEB, TEBs, stacks, heaps, and what the PEB points to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from volplugins.kernel.thread import Thread
from volplugins.loader.heaps import Heap, read_heap
from volplugins.loader.peb import heaps, read_peb
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.memory.structure import Structure
from volplugins.threads.teb import teb_fields

SHARED_DATA = 0x7FFE0000  # _KUSER_SHARED_DATA, every build
_HIGHEST_32 = 1 << 32
# bytes that TEB and PEB take, in whole pages (sizes of the public symbol tables, builds 2600 to 22000)
_TEB_SIZE, _PEB_SIZE = {64: 0x2000, 32: 0x1000}, {64: 0x1000, 32: 0x1000}
_MOST_SEGMENTS = 1 << 14  # of all heaps of a process
_NOT_FOLLOWED = f"its segments are not followed: the heaps before it have more than {_MOST_SEGMENTS}"
# what else the PEB leads to: offset by bits
_MORE = (
    ("process parameters", {64: 0x20, 32: 0x10}),
    ("API set map", {64: 0x68, 32: 0x38}),
    ("memory shared with csrss", {64: 0x88, 32: 0x4C}),
    ("code pages", {64: 0xA0, 32: 0x58}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """What lies at ``start``. ``size`` in bytes; 0: the whole range that holds ``start``.

    ``usage`` is empty where the kind of range says it, and only ``detail`` is to be added.
    """

    start: int
    size: int
    usage: str
    detail: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose address space it is: readers of it and of the kernel, its PEBs (0: none) and threads."""

    memory: MemoryReader
    bits: int
    peb: int
    peb32: int
    threads: Sequence[Thread]


def uses_of(owner: Owner) -> Iterator[Use]:
    """Everything known; what cannot be read is left out."""
    yield Use(SHARED_DATA, 0, "SharedData", "KUSER_SHARED_DATA")
    for thread in owner.threads:
        yield from _of_thread(owner, thread)
    for peb, bits, suffix in ((owner.peb, owner.bits, ""), (owner.peb32, 32, "32")):
        if peb:
            yield Use(peb & -PAGE_SIZE, _PEB_SIZE[bits], f"PEB{suffix}", "")
            yield from _of_peb(owner.memory, peb, bits)


def _of_thread(owner: Owner, thread: Thread) -> Iterator[Use]:
    if not thread.teb:
        return
    who = f"TID {thread.tid}" if thread.tid is not None else f"ETHREAD {thread.ethread:#x}"
    yield Use(thread.teb & -PAGE_SIZE, _TEB_SIZE[owner.bits], "TEB", who)
    try:
        fields = teb_fields(owner.memory, thread.teb, owner.bits)
    except ReadError:
        return
    if fields["StackLimit"] < fields["StackBase"]:
        yield Use(fields["StackBase"] - 1, 0, "Stack", who)
    low = fields["ExceptionList"]
    if owner.peb32 and 0 < low < _HIGHEST_32:
        yield Use(low & -PAGE_SIZE, _TEB_SIZE[32], "TEB32", who)
        yield from _stack32(owner.memory, low, who)


def _stack32(memory: MemoryReader, teb: int, who: str) -> Iterator[Use]:
    try:
        fields = teb_fields(memory, teb, 32)
    except ReadError:
        return
    if fields["StackLimit"] < fields["StackBase"]:
        yield Use(fields["StackBase"] - 1, 0, "Stack32", who)


def _of_peb(memory: MemoryReader, address: int, bits: int) -> Iterator[Use]:
    try:
        peb = read_peb(memory, address, bits)
    except ReadError:
        return
    yield from _heaps(memory, peb, bits)
    width = bits // 8
    for detail, at in _MORE:
        pointer = int.from_bytes(peb.data[at[bits] : at[bits] + width], "little")
        if pointer >= PAGE_SIZE:
            yield Use(pointer, 0, "", detail)


def _heaps(memory: MemoryReader, peb: Structure, bits: int) -> Iterator[Use]:
    followed = 0
    for number, address in enumerate(heaps(memory, peb, bits)[0]):
        heap = read_heap(memory, address, bits) if followed < _MOST_SEGMENTS else Heap(address, "", (), _NOT_FOLLOWED)
        followed += len(heap.segments)
        name = f"heap {number} at {address:#x}"
        yield Use(address, 0, "Heap", "; ".join(part for part in (name, heap.note) if part))
        for segment in heap.segments:
            if segment != address:
                yield Use(segment, 0, "Heap", f"segment {segment:#x} of {name}")
