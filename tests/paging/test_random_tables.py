"""Translations in random tables of every mode, against an independent walker; and whole maps against single steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paging.random_tables import addresses, random_tables
from tests.paging.simple_walker import MODES, translate
from volplugins.kernel.directories.census import take_census
from volplugins.kernel.directories.map_runs import runs
from volplugins.kernel.directories.page_map import PageMap, physical_of
from volplugins.kernel.directories.top import read_top
from volplugins.memory.reader import PageReader
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode
from volplugins.paging.translation import State

# how the independent walker names what ours names more exactly
ENDS = {State.VALID: "valid", State.LARGE: "large", State.NOT_IN_DUMP: "absent", State.RESERVED_BITS: "reserved"}
SEEDS = st.integers(0, 1 << 40)


class Pages:
    """Pages by frame, as the core gathers them."""

    def __init__(self, pages: dict[int, bytes]) -> None:
        self._pages = pages
        self.asked = 0

    def read_pages(self, pfns):
        self.asked += len(pfns)
        there = np.array([int(pfn) in self._pages for pfn in pfns], dtype=bool)
        rows = [np.frombuffer(self._pages.get(int(pfn), bytes(0x1000)), np.uint8) for pfn in pfns]
        return (np.stack(rows) if rows else np.zeros((0, 0x1000), np.uint8)), there

    def describes_each(self, pfns):
        return pfns < 0x1000


def reader(pages: dict[int, bytes]) -> PageReader:
    return PageReader({frame << 12: data for frame, data in pages.items()})


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_every_translation_agrees_with_an_independent_walker(mode: str, seed: int) -> None:
    pages, cr3, chooser = random_tables(mode, seed)
    space = AddressSpace(reader(pages), PagingMode(mode), cr3)
    for address in addresses(mode, chooser, pages, 60):
        found = space.translate(address)
        end, physical = translate(pages, mode, cr3, address)
        assert ENDS.get(found.state, "invalid") == end, f"{address:#x}: {found}"
        if end in ("valid", "large"):
            assert found.physical == physical


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_map_of_all_pages_agrees_with_single_translations(mode: str, seed: int) -> None:
    """Both ways: every page of the map translates so, and every address that translates is in the map."""
    pages, cr3, chooser = random_tables(mode, seed)
    physical = reader(pages)
    top = read_top(physical, PagingMode(mode), cr3)
    assert top is not None
    half = {"x86": 1 << 31, "pae": 1 << 31, "x64": 1 << 47, "x64-la57": 1 << 56}[mode]
    found: dict[int, tuple[int, int]] = {}
    counted = 0
    walk = PageMap(Pages(pages), top)
    for leaves in walk.user():
        valid = (leaves.entries & np.uint64(1)) != 0
        frames = physical_of(PagingMode(mode), leaves)
        counted += len(leaves.virtual)
        if counted > 20000:
            break  # tables that lead to themselves map one frame a great many times
        for virtual, frame in zip(leaves.virtual[valid].tolist(), frames[valid].tolist(), strict=True):
            assert virtual < half
            found[virtual] = (frame, leaves.size)
    for virtual in list(found)[:: max(len(found) // 50, 1)]:
        end, expected = translate(pages, mode, cr3, virtual)
        assert (end, expected) == ("valid" if found[virtual][1] == 0x1000 else "large", found[virtual][0])
    if counted <= 20000:
        for address in addresses(mode, chooser, pages, 40):
            end, expected = translate(pages, mode, cr3, address)
            if address < half and end in ("valid", "large"):
                starts = [address & ~(size - 1) for size in (0x1000, 1 << 21, 1 << 22, 1 << 30)]
                holding = [found[start] for start in starts if start in found and address < start + found[start][1]]
                again = [each for each in walk.shared if each.virtual <= address < each.virtual + each.size]
                if again:  # a table that was met before is walked once: what lies there is what lies below it there
                    low = again[0].first + (address - again[0].virtual) % again[0].each
                    assert translate(pages, mode, cr3, low) == (end, expected)
                else:
                    assert any(frame <= expected < frame + size for frame, size in holding)


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_census_reads_each_table_once(mode: str, seed: int) -> None:
    pages, cr3, _ = random_tables(mode, seed)
    top = read_top(reader(pages), PagingMode(mode), cr3)
    assert top is not None
    counter = Pages(pages)
    census = take_census(counter, top)
    assert counter.asked == census.present + census.missing
    assert sum(census.pages_by.values()) == census.pages


def test_runs_join_neighbours_over_batches_and_keep_the_address_order() -> None:
    top, directory, tables = {}, bytearray(0x1000), {}
    for number in range(300):
        frame = 0x100 + number
        entries = [(0x10000 + number * 512 + slot) << 12 | 0x67 for slot in range(512)]
        tables[frame] = b"".join(entry.to_bytes(8, "little") for entry in entries)
        directory[number * 8 : number * 8 + 8] = (frame << 12 | 0x67).to_bytes(8, "little")
    large = 0x7FE00000 | 0xE7
    directory[150 * 8 : 151 * 8] = large.to_bytes(8, "little")
    for frame, below in ((1, 2), (2, 3)):
        top[frame] = (below << 12 | 0x67).to_bytes(8, "little").ljust(0x1000, b"\0")
    pages = {**top, 3: bytes(directory), **tables}
    found = read_top(reader(pages), PagingMode.X64, 0x1000)
    assert found is not None
    joined = list(runs(PagingMode.X64, PageMap(Pages(pages), found).user()))
    assert [(run.virtual, run.physical, run.size) for run in joined] == [
        (0, 0x10000000, 150 << 21),
        (150 << 21, 0x7FE00000, 1 << 21),
        (151 << 21, 0x10000000 + (151 << 21), 149 << 21),
    ]
