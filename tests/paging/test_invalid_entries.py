"""Arrays of entries that are not valid are told as single ones are, with the kernel's InvalidPteMask and without."""

from __future__ import annotations

import random
import struct
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from volplugins.kernel.directories.census import take_census
from volplugins.kernel.directories.page_map import PageMap
from volplugins.kernel.directories.smear import sense_of
from volplugins.kernel.directories.top import read_top
from volplugins.memory.reader import PageReader
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.invalid_entries import in_page_file, in_transition
from volplugins.paging.invalid_entry import built_in_layout, decode_invalid
from volplugins.paging.mode import PagingMode
from volplugins.paging.translation import State

MASK = 1 << 45
DEMAND_ZERO, PAGED, SWIZZLED = MASK | 0x80, MASK | 0x4321 << 32 | 0x80, MASK | 0x90


class Pages(PageReader):
    """Pages as the walks take them; all of RAM is there."""

    def read_pages(self, pfns: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        there = self.present(pfns)
        data = [np.frombuffer(self.pages.get(pfn << 12, bytes(4096)), np.uint8) for pfn in pfns.tolist()]
        return np.array(data, np.uint8).reshape(-1, 4096), there

    def present(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        return np.array([pfn << 12 in self.pages for pfn in pfns.tolist()], np.bool_)

    def describes_each(self, pfns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        return np.ones(len(pfns), np.bool_)

    def describes(self, pfn: int) -> bool:
        return True

    def __init__(self, pages: dict[int, bytes]) -> None:
        super().__init__(pages)
        self.pages = pages


def table(entries: dict[int, int]) -> bytes:
    page = bytearray(0x1000)
    for number, entry in entries.items():
        struct.pack_into("<Q", page, number * 8, entry)
    return bytes(page)


@pytest.mark.parametrize("mode", PagingMode)
@pytest.mark.parametrize("mask", [0, MASK])
def test_arrays_are_told_as_single_entries_are(mode: PagingMode, mask: int) -> None:
    chance = random.Random(f"{mode}/{mask}")
    narrow = mode is PagingMode.X86
    layout = replace(built_in_layout(mode, 19041), mask=0 if narrow else mask)
    words = [chance.getrandbits(32 if narrow else 64) & chance.getrandbits(64) & ~1 for _ in range(4000)]
    words += [0, mask & 0xFFFFFFFF if narrow else mask, 0x80, 0x90, 0x800, 0x880, 0x400]
    entries = np.array([word & ~(chance.getrandbits(1) << 10) for word in words], np.uint64)
    said = [decode_invalid(entry, layout, mode).state for entry in entries.tolist()]
    assert in_transition(entries).tolist() == [each is State.TRANSITION for each in said]
    paged = in_page_file(entries, mode, layout.mask).tolist()
    assert paged == [each in (State.PAGEFILE, State.COMPRESSED) for each in said]
    assert {State.TRANSITION, State.PAGEFILE} <= set(said)


@pytest.mark.parametrize(
    ("entry", "state", "paged"),
    [(DEMAND_ZERO, State.DEMAND_ZERO, 0), (PAGED, State.PAGEFILE, 1), (SWIZZLED, State.PAGEFILE, 1)],
)
def test_a_table_that_no_page_was_given_to_is_in_no_page_file(entry: int, state: State, paged: int) -> None:
    """The mask keeps the processor from real memory; it is no place in a page file (L1 terminal fault)."""
    pages = Pages({0x1000: table({0: 0x2067}), 0x2000: table({0: 0x3067}), 0x3000: table({1: entry, 2: 0x4067}),
                   0x4000: table({0: entry})})  # fmt: skip
    layout = replace(built_in_layout(PagingMode.X64, 19041), mask=MASK)
    space = AddressSpace(pages, PagingMode.X64, 0x1000, layout)
    assert [space.translate(at).state for at in (0x200000, 0x400000)] == [state, state]
    top = read_top(pages, PagingMode.X64, 0x1000)
    assert top is not None
    walk = PageMap(pages, top, MASK)
    assert not [leaves for leaves in walk.user() if len(leaves.virtual)]
    assert [gap.paged_out for gap in walk.gaps] == [True] * paged
    census = take_census(pages, top, MASK)
    assert census.tables_paged_out == ({"PDE": 1} if paged else {})


def test_demand_zero_entries_are_no_smear() -> None:
    level = PagingMode.X64.facts.levels[2]
    entries = np.array([DEMAND_ZERO] * 8, np.uint64)
    assert not sense_of(Pages({}), PagingMode.X64, level, entries, MASK, True).is_smear
