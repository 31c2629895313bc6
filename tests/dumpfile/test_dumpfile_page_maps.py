"""The two maps of pages against a plain list of them."""

import time
import tracemalloc
from itertools import groupby
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_dumps import PAGE, bitmap, bitmap_bytes

from volplugins.dumpfile import bit_counts, bitmap_index, bitmap_words
from volplugins.dumpfile.bit_counts import bits_set
from volplugins.dumpfile.bitmap import Bitmap
from volplugins.dumpfile.bitmap_index import BitmapIndex
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.page_index import PageIndex, Run
from volplugins.dumpfile.run_index import RunIndex
from volplugins.dumpfile.source import BytesSource

FIRST = 0x5000
PFNS = st.sets(st.one_of(st.integers(0, 300), st.integers(0, 5000)), max_size=120)


def runs_of(offsets: dict[int, int], size: int) -> list[Run]:
    """Whole pages in a file of ``size`` bytes, joined where neighbours are neighbours in the file as well."""
    held = sorted(pfn for pfn, offset in offsets.items() if offset + PAGE <= size)
    found = []
    for _, group in groupby(held, key=lambda pfn: (offsets[pfn] // PAGE - pfn, pfn - held.index(pfn))):
        members = list(group)
        found.append((members[0], len(members), offsets[members[0]]))
    return found


def check(index: PageIndex, offsets: dict[int, int], size: int) -> None:
    expected = runs_of(offsets, size)
    assert index.count == len(offsets)
    assert index.in_file == sum(count for _, count, _ in expected)
    assert (index.lowest, index.highest) == ((min(offsets), max(offsets)) if offsets else (0, 0))
    assert pages_of(index.runs(0, 1 << 40)) == pages_of(expected)
    asked = np.arange(-2, 5300)
    assert index.offsets(asked).tolist() == [offsets.get(pfn, -1) for pfn in asked.tolist()]
    for pfn in {0, 1, *offsets, *(pfn + 1 for pfn in offsets), 5200}:
        assert index.offset(pfn) == offsets.get(pfn, -1)
        run = index.next_run(pfn)
        following = [(p, o) for p, o in pages_of(expected) if p >= pfn]
        assert (run is None) == (not following)
        if run:
            assert (run[0], run[2]) == following[0]
            assert pages_of([run]) == following[: run[1]]
        assert pages_of(index.runs(pfn, pfn + 40)) == [(p, o) for p, o in following if p <= pfn + 40]


def pages_of(runs) -> list[tuple[int, int]]:  # type: ignore[no-untyped-def]
    return [(base + i, offset + i * PAGE) for base, count, offset in runs for i in range(count)]


@settings(max_examples=60, deadline=None)
@given(PFNS, st.integers(0, 130), st.integers(0, PAGE - 1), st.integers(0, 200))
def test_bitmap(pfns: set[int], pages: int, more: int, beyond: int) -> None:
    ordered = sorted(pfns)
    size = FIRST + pages * PAGE + more
    bits = max([*ordered, 0]) + 1 + beyond
    offsets = {pfn: FIRST + i * PAGE for i, pfn in enumerate(ordered)}
    check(BitmapIndex(Bitmap(BytesSource(bitmap_bytes(ordered, bits)), 0, bits), FIRST, size), offsets, size)


@settings(max_examples=60, deadline=None)
@given(PFNS, st.integers(0, 130), st.integers(1, 3), st.booleans())
def test_runs_of_a_bitmap_in_small_chunks(pfns: set[int], pages: int, chunk: int, whole: bool) -> None:
    """Runs that go on from chunk to chunk are one, with all words kept and with those alone that have pages."""
    ordered = sorted({*pfns, *range(60, 200)})
    size, bits = FIRST + pages * PAGE, ordered[-1] + 1
    offsets = {pfn: FIRST + i * PAGE for i, pfn in enumerate(ordered)}
    kept = bitmap_words._KEPT_WHOLE if whole else 0
    with patch.object(bitmap_index, "_CHUNK", chunk), patch.object(bitmap_words, "_KEPT_WHOLE", kept):
        index = BitmapIndex(Bitmap(BytesSource(bitmap_bytes(ordered, bits)), 0, bits), FIRST, size)
        check(index, offsets, size)
        assert list(index.runs(0, 1 << 40)) == runs_of(offsets, size)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=12), st.integers(0, 300), st.integers(0, 4095)
)
def test_runs(runs: list[tuple[int, int]], pages: int, more: int) -> None:
    size = FIRST + pages * PAGE + more
    counts = np.array([count for _, count in runs], dtype=np.int64)
    bases = np.array([base for base, _ in runs], dtype=np.int64)
    starts = FIRST + (np.cumsum(counts) - counts) * PAGE
    offsets: dict[int, int] = {}
    for base, start, count in sorted(zip(bases.tolist(), starts.tolist(), counts.tolist(), strict=True)):
        for i in range(count):  # the run that starts lower has its page
            offsets.setdefault(base + i, start + i * PAGE)
    index = RunIndex(bases, counts, starts, size)
    check(index, offsets, size)
    assert bool(index.overlapping) == (len(offsets) < int(counts.sum()))


@given(st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_bits_set(words: list[int]) -> None:
    expected = [word.bit_count() for word in words]
    assert bits_set(np.array(words, dtype=np.uint64)).tolist() == expected
    with patch.object(bit_counts, "_COUNT", None):  # numpy below 2.0
        assert bits_set(np.array(words, dtype=np.uint64)).tolist() == expected


def test_long_runs_over_many_words() -> None:
    pfns = [*range(3, 70000), 70001]
    index = BitmapIndex(Bitmap(BytesSource(bitmap_bytes(pfns, 80000)), 0, 80000), FIRST, 1 << 40)
    assert list(index.runs(0, 1 << 40)) == [(3, 69997, FIRST), (70001, 1, FIRST + 69997 * PAGE)]
    assert index.next_run(60000) == (60000, 10000, FIRST + 59997 * PAGE)
    assert index.next_run(70002) is None


def machine_of_64_gib(pattern: int) -> bytes:
    covered = 1 << 24
    small = bytearray(bitmap(64, [], covered=covered, runs=()))
    small[0x2038 : 0x2038 + covered // 8] = bytes([pattern]) * (covered // 8)
    pages = pattern.bit_count() * covered // 8
    small[0x2028:0x2030] = pages.to_bytes(8, "little")
    return bytes(small)


@pytest.mark.parametrize("pattern", [0x55, 0xFF, 0x00, 0x01, 0x80, 0x66])
def test_64_gib_bitmap_opens_at_once(pattern: int) -> None:
    data = machine_of_64_gib(pattern)
    tracemalloc.start()
    start = time.perf_counter()
    memory = open_dump(BytesSource(data)).memory
    passed = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert passed < 0.5  # milliseconds in truth; the machine may be busy
    assert peak < 8 * len(data)
    assert memory is not None
    assert memory.pages_indexed == pattern.bit_count() * (1 << 21)


@pytest.mark.parametrize("pattern", [0x55, 0xFF, 0x00])
def test_questions_do_not_slow_down_on_a_truncated_dump(pattern: int) -> None:
    memory = open_dump(BytesSource(machine_of_64_gib(pattern))).memory
    assert memory is not None
    assert memory.pages_in_file == 0
    start = time.perf_counter()
    assert [memory.next_run(pfn) for pfn in range(0, 1 << 24, 1 << 14)] == [None] * 1024
    assert list(memory.runs()) == []
    assert not any(memory.has(pfn) for pfn in range(0, 1 << 24, 1 << 14))
    assert time.perf_counter() - start < 1.0


def test_runs_are_found_as_they_are_asked_for() -> None:
    data = machine_of_64_gib(0x55) + bytes(40 * PAGE)
    memory = open_dump(BytesSource(data)).memory
    assert memory is not None
    runs = memory.runs()
    assert [next(runs)[0] for _ in range(3)] == [0, 2, 4]
    assert len(list(runs)) == 37


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 9_000_000), min_size=1, max_size=80), st.integers(0, 90), st.data())
def test_bitmap_of_few_pages_far_apart(pfns: set[int], pages: int, data: st.DataObject) -> None:
    """The map that keeps only words with a page in them; no word of it is kept where the file has no page of it."""
    more = {pfn + 1 for pfn in pfns} if data.draw(st.booleans()) else set()
    ordered = sorted(pfns | more)
    size = FIRST + pages * PAGE
    with patch.object(bitmap_words, "_KEPT_WHOLE", 0):
        index = BitmapIndex(Bitmap(BytesSource(bitmap_bytes(ordered, 9_000_100)), 0, 9_000_100), FIRST, size)
    kept = index._kept
    assert kept.numbers is not None or not kept.limit
    assert len(kept.words) <= pages + 2048
    offsets = {pfn: FIRST + i * PAGE for i, pfn in enumerate(ordered)}
    check(index, offsets, size)
    asked = np.array([-1, *ordered, 9_000_100, 1 << 50])
    assert index.offsets(asked).tolist() == [-1, *offsets.values(), -1, -1]
