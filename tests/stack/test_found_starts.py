"""Starts of functions by the code itself: in pieces as in one, in little memory; what is left out is said."""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from volplugins.image.image_view import ImageView
from volplugins.memory.reader import PAGE_SIZE, PageReader
from volplugins.stack import call_targets
from volplugins.stack import found_starts as module
from volplugins.stack.call_targets import CallTargets
from volplugins.stack.found_starts import found_starts

BASE = 0x80000000
BYTES = (0xE8, 0x00, 0xCC, 0xC3, 0xC2, 0x8B, 0xFF, 0x55, 0xEC, 0x90)


class Repeated:
    """The same page everywhere, as page tables can have it."""

    def __init__(self, pattern: bytes) -> None:
        self._page = (pattern * (2 * PAGE_SIZE))[: 2 * PAGE_SIZE]

    def read(self, address: int, size: int) -> bytes:
        at = address % PAGE_SIZE
        return self._page[at : at + size]


def some_code(seed: int, pages: int) -> PageReader:
    """Code full of calls, prologs and endings, some pages of it missing."""
    chance = random.Random(seed)
    found: dict[int, bytes] = {}
    for page in range(pages):
        data = bytearray(chance.choice(BYTES) if chance.random() < 0.7 else chance.randrange(256) for _ in range(4096))
        for _ in range(200):
            at, target = chance.randrange(PAGE_SIZE - 5), chance.randrange(0, pages * PAGE_SIZE, 64)
            distance = target - (page * PAGE_SIZE + at + 5)
            data[at : at + 5] = b"\xe8" + distance.to_bytes(4, "little", signed=True)
        if chance.random() < 0.8:
            found[BASE + page * PAGE_SIZE] = bytes(data)
    return PageReader(found)


@pytest.mark.parametrize("seed", range(8))
def test_pieces_give_what_the_whole_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = 4 + seed
    view = ImageView(some_code(seed, pages), BASE, pages * PAGE_SIZE - 77)
    ranges = ((5, 0x2100), (0x2100, pages * PAGE_SIZE)) if seed % 2 else ((0, pages * PAGE_SIZE),)
    whole = found_starts(view, ranges)
    monkeypatch.setattr(module, "_PIECE", PAGE_SIZE)
    pieces = found_starts(view, ranges)
    assert len(whole.rvas) > 30
    assert list(pieces.rvas) == list(whole.rvas) and pieces.unsearched == whole.unsearched == 0


def peak_of(view: ImageView, size: int) -> tuple[int, int, int]:
    """Bytes at most held, starts found, bytes not searched."""
    tracemalloc.start()
    try:
        found = found_starts(view, ((0, size),))
        return tracemalloc.get_traced_memory()[1], len(found.rvas), found.unsearched
    finally:
        tracemalloc.stop()


def test_a_size_that_only_a_header_claims_costs_no_memory() -> None:
    size = 64 << 20
    assert peak_of(ImageView(PageReader({}), BASE, size), size)[0] < 8 << 20


@pytest.mark.parametrize("pattern", [b"\xe8", b"\xe8\0\0\0\0\xcc\xcc\xcc", b"\x8b\xff\x55\x8b\xec"])
def test_code_made_of_calls_or_prologs_costs_little(pattern: bytes) -> None:
    size = 5 << 20
    assert peak_of(ImageView(Repeated(pattern), BASE, size), size)[0] < 96 << 20


def test_more_starts_than_there_is_room_for_are_said() -> None:
    view = ImageView(Repeated(b"\x8b\xff\x55\x8b\xec\xc3\xcc\xcc"), BASE, 4 << 20)
    found = found_starts(view, ((0, 1 << 20), (1 << 20, 4 << 20)), 1000)
    assert len(found.rvas) == 1000 and found.rvas[999] == 999 * 8
    assert found.unsearched == (4 << 20) - 1000 * 8


def calling(pages: int, targets: list[list[int]], starts: tuple[int, ...] = ()) -> ImageView:
    """Code of nothing that ends anything but for prologs at ``starts``; each page calls its own of ``targets``."""
    code = bytearray(b"\x41" * (pages * PAGE_SIZE))
    for page, mine in enumerate(targets):
        for at, target in zip(range(page * PAGE_SIZE, (page + 1) * PAGE_SIZE, 5), mine, strict=False):
            code[at : at + 5] = b"\xe8" + (target - at - 5).to_bytes(4, "little", signed=True)
    for start in starts:
        code[start : start + 5] = b"\x8b\xff\x55\x8b\xec"
    return ImageView(PageReader({BASE + at: bytes(code[at : at + PAGE_SIZE]) for at in range(0, len(code), PAGE_SIZE)}),
                     BASE, len(code))  # fmt: skip


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", PAGE_SIZE)
    monkeypatch.setattr(call_targets, "_PENDING", 0)


@pytest.mark.usefixtures("small_pieces")
def test_places_that_are_no_starts_take_no_room() -> None:
    """Each is led to by one call, and nothing ends before it."""
    targets = [[page * PAGE_SIZE + 0x900 + number for number in range(0, 600, 3)] for page in range(8)]
    starts = tuple(page * PAGE_SIZE + 0xE00 for page in range(8))
    found = found_starts(calling(8, targets, starts), ((0, 8 * PAGE_SIZE),), 20)
    assert set(starts) <= set(found.rvas) and found.unsearched == 0


@pytest.mark.usefixtures("small_pieces")
def test_places_that_every_piece_leads_to_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    same = [0x900 + number for number in range(0, 600, 3)]
    monkeypatch.setattr(module, "_MOST_TARGETS", len(same) + 2)  # and the word that a page's end cuts
    found = found_starts(calling(8, [same] * 8, (0x7E00,)), ((0, 8 * PAGE_SIZE),))
    assert {*same, 0x7E00} <= set(found.rvas) and found.unsearched == 0


@pytest.mark.usefixtures("small_pieces")
def test_a_section_with_too_many_places_costs_the_rest_of_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = [[page * PAGE_SIZE + 0x900 + number for number in range(0, 600, 3)] for page in range(4)]
    monkeypatch.setattr(module, "_MOST_TARGETS", 250)
    view = calling(8, targets, (0xE00, 0x3E00, 0x7E00))
    found = found_starts(view, ((0, 4 * PAGE_SIZE), (4 * PAGE_SIZE, 8 * PAGE_SIZE)))
    assert 0xE00 in found.rvas and 0x7E00 in found.rvas and 0x3E00 not in found.rvas
    assert found.unsearched == 2 * PAGE_SIZE


def test_calls_to_more_places_than_are_kept_cost_little() -> None:
    view = ImageView(Repeated(b"\xe8\0\0\0\0"), BASE, 64 << 20)
    peak, _, unsearched = peak_of(view, 64 << 20)
    assert peak < 80 << 20 and unsearched > 0


@pytest.mark.parametrize("pending", [0, 40, 1 << 18])
def test_targets_are_those_that_counting_gives(pending: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_targets, "_PENDING", pending)
    chance, kept, truth = random.Random(pending), CallTargets(600), Counter[int]()
    for start in range(0, 600, 60):
        mine = [chance.randrange(0, 600, 2) for _ in range(12)]
        code = b"".join(b"\xe8" + struct.pack("<i", to - start - 5 * n - 5) for n, to in enumerate(mine))
        kept.add(np.frombuffer(code, dtype=np.uint8), start)
        truth.update(mine)
    places, often = kept.merged()
    assert len(kept) == len(truth)
    assert dict(zip(places.tolist(), often.tolist(), strict=True)) == {at: n > 1 for at, n in sorted(truth.items())}
    assert places.tolist() == sorted(truth)
