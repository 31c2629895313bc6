"""Starts of functions by the code itself: in pieces as in one, in little memory; what is left out is said."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from volplugins.image.image_view import ImageView
from volplugins.memory.reader import PAGE_SIZE, PageReader
from volplugins.stack import found_starts as module
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
