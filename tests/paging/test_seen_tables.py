"""Page tables that more than one entry leads to: who was met first, whatever the batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from volplugins.kernel.claims import Owner
from volplugins.kernel.directories.seen_tables import SeenTables

OWNERS = [Owner(0x1000, "a.exe 4"), Owner(0x2000, "b.exe 8"), Owner(0x3000, "c.exe 12", True), None]
BATCH = st.lists(st.integers(0, 30), min_size=1, max_size=12)
WALKS = st.lists(st.tuples(st.integers(0, len(OWNERS) - 1), st.lists(BATCH, max_size=4)), max_size=6)


def one_by_one(walks):
    """Per walk and batch: place to the first address and owner; running processes never learn of ended ones."""
    running, ended, address = {}, {}, 0
    for owner, batches in walks:
        whose = OWNERS[owner]
        gone = whose is not None and whose.ended
        for batch in batches:
            found = {}
            for place, frame in enumerate(batch):
                first = running.get(frame) or (ended.get(frame) if gone else None)
                if first is not None:
                    found[place] = first
                else:
                    (ended if gone else running)[frame] = (address + place << 12, whose)
            yield found
            address += len(batch)


@given(WALKS)
def test_batches_say_what_tables_one_by_one_say(walks) -> None:
    seen, said, address = SeenTables(), [], 0
    for owner, batches in walks:
        walk = seen.begin(OWNERS[owner])
        for batch in batches:
            virtual = np.arange(address, address + len(batch), dtype=np.uint64) << np.uint64(12)
            said.append(seen.again(walk, 2, np.array(batch, np.int64), virtual))
            address += len(batch)
    assert said == list(one_by_one(walks))


def test_tables_of_different_levels_are_different() -> None:
    seen = SeenTables()
    walk, frames, high = seen.begin(None), np.array([5], np.int64), np.array([0xFFFF_8000_0000_0000], np.uint64)
    assert [seen.again(walk, depth, frames, high) for depth in range(4)] == [{}] * 4
    assert seen.again(walk, 2, frames, high + np.uint64(0x1000)) == {0: (0xFFFF_8000_0000_0000, None)}
