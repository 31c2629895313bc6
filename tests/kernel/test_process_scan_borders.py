"""Objects at the borders of runs of pages and of pieces of memory are found by the scans as any others."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from volplugins.io import object_scan
from volplugins.kernel import physical_pieces
from volplugins.kernel.layouts import KernelLayouts, built_in
from volplugins.kernel.physical_pieces import pieces
from volplugins.kernel.process_scan import scan_processes
from volplugins.memory.reader import PageReader, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode

BUILDS = pytest.mark.parametrize(("bits", "build"), [(32, 2600), (32, 7601), (64, 19041), (64, 26100)])
POOL = {32: 0x81000000, 64: 0xFFFF800000000000}
DIRECTORY, PID, FRAMES = 0x1000, 4242, (0x20, 0x40)


class Physical(PageReader):
    """Pages as a dump has them: neighbours are one run. ``bad`` are those that cannot be read all the same."""

    def __init__(self, pages: dict[int, bytes], bad: frozenset[int] = frozenset()) -> None:
        super().__init__({at: data for at, data in pages.items() if at not in bad})
        self.listed = sorted(at >> 12 for at in pages)
        self.pages_in_file = len(pages)

    def runs(self, first_pfn: int = 0, last_pfn: int | None = None) -> Iterator[tuple[int, int, int]]:
        first, count = self.listed[0], 0
        for pfn in self.listed:
            if pfn != first + count:
                yield first, count, 0
                first, count = pfn, 0
            count += 1
        yield first, count, 0


def tables(bits: int, frames: tuple[int, int]) -> dict[int, bytes]:
    """Page tables that map the two pages of POOL to these frames."""
    entry, made = bits // 8, {}

    def table(at: int, entries: dict[int, int]) -> None:
        page = bytearray(4096)
        for index, value in entries.items():
            page[index * entry : index * entry + entry] = value.to_bytes(entry, "little")
        made[at] = bytes(page)

    last = {0: frames[0] << 12 | 0x63, 1: frames[1] << 12 | 0x63}
    if bits == 32:
        table(DIRECTORY, {POOL[32] >> 22: 0x2063})
        table(0x2000, {(POOL[32] >> 12 & 0x3FF) + index: value for index, value in last.items()})
        return made
    for level, index in ((0x1000, 256), (0x2000, 0), (0x3000, 0)):
        table(level, {index: level + 0x1063})
    table(0x4000, last)
    return made


def machine(bits: int, build: int, kind: str, at: int, frames: tuple[int, int]) -> tuple[KernelLayouts, Physical]:
    """A process or a thread at this place of POOL's first page; what it needs of the second lies there."""
    layouts = built_in(bits, build)
    layout, width = (layouts.process, bits // 8) if kind == "process" else (layouts.thread, bits // 8)
    space, address = bytearray(0x2000), POOL[bits] + at
    space[at - 0x80 + 4 : at - 0x7C] = b"Proc" if kind == "process" else b"Thre"
    space[at] = 3 if kind == "process" else 6

    def put(offset: int, *values: int) -> None:
        for number, value in enumerate(values):
            place = at + offset + number * width
            space[place : place + width] = value.to_bytes(width, "little")

    if kind == "process":
        put(layout.offset("UniqueProcessId"), PID)
        put(layout.offset("ProfileListHead"), *[address + layout.offset("ProfileListHead")] * 2)
        name = at + layout.offset("ImageFileName")
        space[name : name + 8] = b"gone.exe"
    else:
        put(layout.offset("Process"), 0x1234 * width | 1 << (bits - 1))
        lists = layout.offset("ApcProcess") - 4 * width
        put(lists, *[address + lists] * 2)
    pages = {**tables(bits, frames), frames[0] << 12: bytes(space[:4096]), frames[1] << 12: bytes(space[4096:])}
    return layouts, Physical(pages)


def kernel_of(bits: int, physical: Physical) -> AddressSpace:
    return AddressSpace(physical, PagingMode.X64 if bits == 64 else PagingMode.X86, DIRECTORY)


@BUILDS
@pytest.mark.parametrize("frames", [(0x20, 0x21), (0x20, 0x40)])
@pytest.mark.parametrize("at", [0x400, 0xC00, 0xD80, 0xE00])
def test_a_process_at_the_end_of_a_run(bits: int, build: int, frames: tuple[int, int], at: int) -> None:
    layouts, physical = machine(bits, build, "process", at, frames)
    found = list(scan_processes(physical, kernel_of(bits, physical), layouts.process, layouts.thread))
    assert [(each.eprocess, each.name, each.pid) for each in found] == [(POOL[bits] + at, "gone.exe", PID)]


@BUILDS
@pytest.mark.parametrize("frames", [(0x20, 0x21), (0x20, 0x40)])
@pytest.mark.parametrize("at", [0x400, 0xC00, 0xD80, 0xE80])
def test_a_thread_at_the_end_of_a_run(bits: int, build: int, frames: tuple[int, int], at: int) -> None:
    layouts, physical = machine(bits, build, "thread", at, frames)
    threads: dict[int, list[int]] = {}
    list(scan_processes(physical, kernel_of(bits, physical), layouts.process, layouts.thread, threads=threads))
    assert threads == {0x1234 * (bits // 8) | 1 << (bits - 1): [POOL[bits] + at]}


@pytest.mark.parametrize("at", [0x400, 0xD80, 0xFD0])
def test_a_process_at_the_border_of_two_pieces(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr(physical_pieces, "_PIECE", 0x1000)
    layouts, physical = machine(64, 19041, "process", at, (0x20, 0x21))
    found = list(scan_processes(physical, kernel_of(64, physical), layouts.process, layouts.thread))
    assert [each.eprocess for each in found] == [POOL[64] + at]


def test_pages_that_cannot_be_read_cost_themselves_alone() -> None:
    pages = {number << 12: struct.pack("<I", number) * 1024 for number in (*range(0x10, 0x50), 0x80)}
    bad = frozenset({0x11000, 0x12000, 0x30000, 0x80000})
    seen = b"".join(piece.data[: piece.size] for piece in pieces(Physical(pages, bad), 0x100))
    assert seen == b"".join(data for at, data in sorted(pages.items()) if at not in bad)
    with pytest.raises(ReadError):
        Physical(pages, bad).read(0x11000, 1)


@pytest.mark.parametrize("kind", ["driver_object", "device_object"])
def test_an_object_that_ends_with_its_run_is_looked_at(kind: str) -> None:
    layout = getattr(built_in(64, 19041).io, kind)
    data = bytearray(4096)
    body = len(data) - layout.size
    data[body - 0x30 : body - 0x28] = b"\0\0\0\0Driv"
    data[body] = 4
    assert list(object_scan._bodies(bytes(data), (b"Driv",), 4, layout, 8)) == [body]
