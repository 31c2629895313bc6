"""Reserved bits: single entries and arrays of them by one table; the count of pages leaves out what would fault."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paging.simple_walker import MODES, translate
from tests.paging.test_random_tables import Pages, reader
from volplugins.kernel.directories.census import take_census
from volplugins.kernel.directories.page_map import PageMap
from volplugins.kernel.directories.top import read_top
from volplugins.paging.mode import PagingMode
from volplugins.paging.reserved import reserved_bits, would_fault


@pytest.mark.parametrize("mode", MODES)
@given(entries=st.lists(st.integers(0, (1 << 64) - 1), min_size=1, max_size=20))
def test_arrays_say_what_single_entries_say(mode: str, entries: list[int]) -> None:
    facts = PagingMode(mode).facts
    words = np.array(entries, np.uint64) & np.uint64((1 << 8 * facts.entry_size) - 1)
    for level in facts.levels:
        single = [bool(word & 1 and reserved_bits(word, PagingMode(mode), level)) for word in words.tolist()]
        assert would_fault(words, PagingMode(mode), level).tolist() == single


@pytest.mark.parametrize("mode", ["pae", "x64"])
@given(flips=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 63)), max_size=6))
def test_the_census_counts_what_the_processor_would_reach(mode: str, flips: list[tuple[int, int, int]]) -> None:
    """A directory of four pages per table, any bits flipped that lead to no other frame."""
    chain = {"pae": (2, 3, 4), "x64": (2, 3, 4, 5)}[mode]
    pages = {frame: bytearray(0x1000) for frame in chain}
    for frame, below in zip(chain, (*chain[1:], 0x50), strict=True):
        flags = 1 if (mode, frame) == ("pae", 2) else 0x67
        for slot in range(1 if below != 0x50 else 4):
            pages[frame][slot * 8 : slot * 8 + 8] = ((below + slot) << 12 | flags).to_bytes(8, "little")
    for depth, slot, bit in flips:
        frame = chain[min(depth, len(chain) - 1)]
        if 12 <= bit < 52 or bit < 1 or bit == 63:
            continue
        entry = int.from_bytes(pages[frame][slot * 8 : slot * 8 + 8], "little")
        if entry:
            pages[frame][slot * 8 : slot * 8 + 8] = (entry | 1 << bit).to_bytes(8, "little")
    memory = {frame: bytes(page) for frame, page in pages.items()}
    top = read_top(reader(memory), PagingMode(mode), 0x2000)
    assert top is not None
    small = [translate(memory, mode, 0x2000, number << 12)[0] for number in range(4)]
    reached = small.count("valid") + (512 if translate(memory, mode, 0x2000, 0)[0] == "large" else 0)
    large = translate(memory, mode, 0x2000, 0)[0] == "large"
    census = take_census(Pages(memory), top)
    walk = PageMap(Pages(memory), top)
    listed = sum(len(leaves.virtual) * (leaves.size >> 12) for leaves in walk.user())
    assert census.pages == listed
    if not large:
        assert census.pages == reached
    assert bool(census.reserved) == ("reserved" in small) == any(gap.reserved for gap in walk.gaps)
