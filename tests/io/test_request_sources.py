"""Where requests are found: lists of threads, devices, files and of the power manager; damaged lists; memory itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from tests.io.made_requests import KERNEL, MadeLocation, MadeMemory
from volplugins.io import request_sources, shared_lists
from volplugins.io.linked_list import ListWalk
from volplugins.io.pool_block import block_of
from volplugins.io.request_scan import scan_requests
from volplugins.io.request_sources import RequestSources, Source
from volplugins.io.shared_lists import SharedLists
from volplugins.memory.reader import ReadError, SegmentReader

BITS = pytest.mark.parametrize("bits", [64, 32])
THREAD, DEVICE, FILE = 0x10000, 0x20000, 0x30000


def made(bits: int, requests: int = 3) -> tuple[MadeMemory, list[int]]:
    """A thread, a device and a file whose lists are empty, and requests in none."""
    memory = MadeMemory(bits)
    for offset, size in ((THREAD, 0x800), (DEVICE, 0x200), (FILE, 0x200)):
        memory.block(memory.at(offset), size)
    for head in heads(memory):
        memory.link(head)
    memory.put(memory.at(FILE), 5, 2)
    irps = [memory.at(0x1000 * (1 + number)) for number in range(requests)]
    for irp in irps:
        memory.request(irp, [MadeLocation(3, device=memory.at(DEVICE), file=memory.at(FILE))], 1, memory.at(THREAD))
    return memory, irps


def heads(memory: MadeMemory) -> tuple[int, int, int]:
    layouts = memory.layouts
    return (
        memory.at(THREAD) + layouts.thread.offset("IrpList"),
        memory.at(DEVICE) + layouts.device_object.offset("DeviceListHead"),
        memory.at(FILE) + layouts.file.offset("IrpList"),
    )


def listed(memory: MadeMemory, head: int, irps: list[int], member: str = "ThreadListEntry") -> None:
    at = memory.layouts.irp.offset(member)
    memory.link(head, *(irp + at for irp in irps))


def sources(memory: MadeMemory) -> RequestSources:
    return RequestSources(memory.reader(), memory.layouts, memory.bits)


@BITS
def test_each_request_is_found_once_with_all_that_leads_to_it(bits: int) -> None:
    memory, irps = made(bits)
    thread, queue, file = heads(memory)
    listed(memory, thread, irps[:2])
    listed(memory, queue, [irps[1]], "DeviceQueueEntry")
    memory.put(memory.at(DEVICE) + memory.layouts.device_object.offset("CurrentIrp"), irps[0])
    listed(memory, file, [irps[2]])
    found = sources(memory)
    found.thread(memory.at(THREAD))
    found.device(memory.at(DEVICE))
    found.files_met()
    found.named(irps[2], "parameter 4")
    words = {irp: [each.source.word for each in found.sightings(irp)] for irp in found.found}
    assert words == {irps[0]: ["thread", "device"], irps[1]: ["thread", "device"], irps[2]: ["file", "bugcheck"]}
    assert {each.text for irp in irps[:2] for each in found.sightings(irp)} == {"", "CurrentIrp", "queue"}
    assert not found.problems and not found.missing and not found.beyond


@BITS
def test_a_list_that_breaks_is_followed_from_both_ends(bits: int) -> None:
    memory, irps = made(bits, 5)
    thread = heads(memory)[0]
    listed(memory, thread, irps)
    at = memory.layouts.irp.offset("ThreadListEntry")
    memory.put(irps[1] + at, 0x1234)  # into user memory
    found = sources(memory)
    found.thread(memory.at(THREAD))
    assert set(found.found) == {irps[0], irps[1], irps[4], irps[3], irps[2]}
    assert any("0x1234, which is no kernel address" in each for each in found.problems)


@BITS
@pytest.mark.parametrize("back", [0, 1, 2])
def test_a_loop_ends(bits: int, back: int) -> None:
    memory, irps = made(bits, 4)
    thread = heads(memory)[0]
    listed(memory, thread, irps)
    at = memory.layouts.irp.offset("ThreadListEntry")
    memory.put(irps[3] + at, irps[back] + at)
    found = sources(memory)
    found.thread(memory.at(THREAD))
    assert set(found.found) == set(irps)
    assert any("runs in a loop" in each for each in found.problems)


@BITS
def test_an_entry_that_is_no_request_is_kept_with_the_reason(bits: int) -> None:
    memory, irps = made(bits)
    listed(memory, heads(memory)[0], irps)
    memory.put(irps[1], 0, 2)
    found = sources(memory)
    found.thread(memory.at(THREAD))
    assert set(found.found) == set(irps)
    assert list(found.missing) == [irps[1]] and "its type is 0" in found.missing[irps[1]]


def test_more_than_the_most_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_sources, "MOST_REQUESTS", 3)
    monkeypatch.setattr(request_sources, "MOST_GROUPED", 6)
    memory, irps = made(64, 9)
    listed(memory, heads(memory)[2], irps)
    found = sources(memory)
    found.file(memory.at(FILE))
    counted = sum(found.uncounted.values())
    assert len(found.found) == 3
    assert len(found.found) + counted + sum(found.beyond.values()) == 9
    (kind,) = found.uncounted
    assert (kind.major, kind.device, kind.file) == (3, memory.at(DEVICE), memory.at(FILE))
    assert [each.source for each in found.beyond] == [Source.FILE]


@BITS
def test_the_power_lists_give_requests_and_times(bits: int) -> None:
    memory, irps = made(bits)
    layout, head = memory.layouts.power_irp, memory.block(memory.at(0x40000), 0x10)
    records = [memory.block(memory.at(0x41000 + 0x200 * number), 0x200) for number in range(2)]
    memory.link(head, *records)
    for record, irp in zip(records, irps, strict=False):
        memory.put(record + layout.offset("Irp"), irp)
        memory.put(record + layout.offset("WatchdogStart"), 7777, 8)
        memory.put(record + layout.offset("CurrentDevice"), memory.at(DEVICE))
    found = sources(memory)
    found.power_list(head, "PopIrpList")
    assert [each.source for irp in irps[:2] for each in found.sightings(irp)] == [Source.POWER] * 2
    assert found.power[irps[0]].watchdog_start == 7777 and found.power[irps[0]].current == memory.at(DEVICE)


@BITS
def test_lists_of_nothing_give_nothing(bits: int) -> None:
    memory = MadeMemory(bits)
    found = sources(memory)
    for address in (0, 0x1000, memory.at(0x100000)):
        found.thread(address)
        found.device(address)
        found.file(address)
        found.power_list(address, "PopIrpList")
        found.named(address, "parameter 1")
    assert all("cannot be read" in why or "no kernel address" in why for why in found.missing.values())


def test_a_walk_is_bounded_whatever_the_links() -> None:
    class Endless:
        """Every entry leads to the next address, and none ever comes back."""

        def read(self, address: int, size: int) -> bytes:
            return (address + 0x10).to_bytes(8, "little") + (address - 0x10).to_bytes(8, "little")

    walk = ListWalk(Endless(), KERNEL[64], 64, 1000)
    assert sum(1 for _ in walk.entries()) == 1000
    assert any("more than 1000" in each for each in walk.problems)


@dataclass(frozen=True, slots=True)
class Physical:
    """Physical memory of one run, from page 0x100 on."""

    data: bytes

    def read(self, address: int, size: int) -> bytes:
        start = address - 0x100000
        if start < 0 or start + size > len(self.data):
            raise ReadError(address)
        return self.data[start : start + size]

    def runs(self, first_pfn: int = 0, last_pfn: int | None = None) -> Iterator[tuple[int, int, int]]:
        yield 0x100, len(self.data) >> 12, 0

    @property
    def pages_in_file(self) -> int:
        return len(self.data) >> 12


def kernel(bits: int) -> Any:
    """A kernel's space whose first MiB is physical memory from 0x100000 on."""
    return SimpleNamespace(translate=lambda address: SimpleNamespace(physical=address - KERNEL[bits] + 0x100000))


def in_pool(memory: MadeMemory, offset: int, tag: bytes, kind: int) -> bytes:
    """A page with a request at ``offset``, behind a pool header."""
    irp = memory.request(memory.at(offset), [MadeLocation(14, device=memory.at(DEVICE))] * 2, 2)
    page = bytearray(0x1000)
    data = memory.segments[irp]
    page[offset % 0x1000 : offset % 0x1000 + len(data)] = data
    header = 16 if memory.bits == 64 else 8
    page[offset % 0x1000 - header + 3] = kind if memory.bits == 64 else kind << 1
    page[offset % 0x1000 - header + 4 : offset % 0x1000 - header + 8] = tag
    return bytes(page)


@BITS
def test_memory_is_searched(bits: int) -> None:
    memory = MadeMemory(bits)
    pages = [
        in_pool(memory, 0x0040, b"Irp ", 2), in_pool(memory, 0x1080, b"Irp ", 0), in_pool(memory, 0x2100, b"Acme", 2),
        bytes(0x1000),
    ]  # fmt: skip
    moved = bytearray(in_pool(memory, 0x4040, b"Irp ", 2))  # the page of another address: it does not prove its own
    data = b"".join(pages) + bytes(0x1000) + bytes(moved)
    hits = list(scan_requests(Physical(data), kernel(bits), memory.layouts, bits))
    found = [(hit.irp - KERNEL[bits], hit.tag, hit.free) for hit in hits]
    assert found == [(0x40, "Irp ", False), (0x1080, "Irp ", True), (0x2100, "Acme", False)]


@BITS
def test_a_completed_request_proves_its_address_too(bits: int) -> None:
    memory = MadeMemory(bits)
    irp = memory.request(memory.at(0x40), [MadeLocation(14)], 2)
    memory.put(irp + memory.layouts.irp.offset("CurrentStackLocation"), 0)
    page = bytes(0x40) + bytes(memory.segments[irp])
    hits = list(scan_requests(Physical(page.ljust(0x1000, b"\0")), kernel(bits), memory.layouts, bits))
    assert [hit.irp for hit in hits] == [irp]


def test_random_memory_holds_no_request() -> None:
    data = bytes(itertools.islice(itertools.cycle(b"\x06\x00\xff\x01" + bytes(range(1, 77))), 1 << 20))
    memory = MadeMemory(64)
    assert not list(scan_requests(Physical(data), kernel(64), memory.layouts, 64))


def test_pool_headers() -> None:
    assert block_of(bytes([1, 0, 5, 2]) + b"Irp " + bytes(8), 64) == ("Irp ", False)
    assert block_of(bytes([1, 0, 5, 0]) + b"Irp " + bytes(8), 64) == ("Irp ", True)
    assert block_of(bytes([1, 0, 5, 1]) + b"Irp ", 32) == ("Irp ", True)  # bit 0 belongs to the size
    assert block_of(bytes(16), 64) == ("", False)


class Counted:
    """Memory that counts what is read of it."""

    def __init__(self, memory: SegmentReader) -> None:
        self.memory, self.reads = memory, 0

    def read(self, address: int, size: int) -> bytes:
        self.reads += 1
        return self.memory.read(address, size)


def many_heads(count: int) -> tuple[MadeMemory, list[int], list[int]]:
    """Requests in a ring without a head, and threads whose lists all lead to it."""
    memory, irps = made(64, 40)
    at, link = memory.layouts.irp.offset("ThreadListEntry"), memory.layouts.thread.offset("IrpList")
    memory.link(*(irp + at for irp in irps))
    threads = [memory.block(memory.at(0x100000 + 0x1000 * number), 0x800) for number in range(count)]
    for number, thread in enumerate(threads):
        for side in (0, 8):
            memory.put(thread + link + side, irps[number % len(irps)] + at)
    return memory, irps, threads


def test_a_ring_that_many_threads_lead_to_is_walked_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_sources, "MOST_AGAIN", 60)
    memory, irps, threads = many_heads(200)
    counted = Counted(memory.reader())
    found = RequestSources(counted, memory.layouts, 64)
    for thread in threads:
        found.thread(thread)
    assert set(found.found) == set(irps)
    assert counted.reads < 1_000, counted.reads
    assert any("of the list at" in problem for problem in found.problems)


def test_all_lists_together_have_so_many_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_sources, "MOST_LINKS", 100)
    memory, _, threads = many_heads(50)
    counted = Counted(memory.reader())
    found = RequestSources(counted, memory.layouts, 64)
    for thread in threads:
        found.thread(thread)
    assert counted.reads < 500, counted.reads
    assert any("more than 100 entries of such lists together" in problem for problem in found.problems)


def test_a_longer_ring_than_is_remembered_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_lists, "_EACH", 4)
    memory, irps, threads = many_heads(40)
    counted, shared = Counted(memory.reader()), SharedLists(1 << 20, remembered=4)
    for thread in threads:
        head = thread + memory.layouts.thread.offset("IrpList")
        list(ListWalk(counted, head, 64, 1 << 20, shared=shared).entries())
    assert shared.given < 6 * len(irps) and counted.reads < 300, (shared.given, counted.reads)


def test_a_stale_head_does_not_hide_whose_requests_they_are() -> None:
    memory, irps = made(64)
    head, at = heads(memory)[0], memory.layouts.irp.offset("ThreadListEntry")
    listed(memory, head, irps)
    stale = memory.block(memory.at(0x100000), 0x800)
    memory.put(stale + memory.layouts.thread.offset("IrpList"), irps[0] + at)
    memory.put(stale + memory.layouts.thread.offset("IrpList") + 8, irps[2] + at)
    found = sources(memory)
    found.thread(stale)
    found.thread(memory.at(THREAD))
    assert all(memory.at(THREAD) in {each.owner for each in found.sightings(irp)} for irp in irps)


def test_a_request_to_which_many_devices_lead_keeps_some_of_them() -> None:
    memory, irps = made(64)
    found = sources(memory)
    for device in range(1000):
        found._take(irps[0], request_sources.Sighting(Source.DEVICE, device, "CurrentIrp"))
    assert len(found.sightings(irps[0])) == 64
    assert found.problems == [f"more than 64 places lead to {irps[0]:#x}: the rest is left out"]
