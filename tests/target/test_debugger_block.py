"""The search for the debugger data block in data that are made to keep it busy: bytes, places and time are bounded."""

from __future__ import annotations

import numpy as np
import pytest

from volplugins.image.headers import ImageHeaders, Section
from volplugins.memory.reader import PAGE_SIZE
from volplugins.target import debugger_block
from volplugins.target.debugger_block import BlockSearch, find_block
from volplugins.target.kernel_data import MOST_DATA, MOST_HITS
from volplugins.target.search_log import SearchLog

BASE = 0xFFFFF800_00000000
FIRST = 0x1000
DATA, READ_ONLY, CODE = 0xC0000040, 0x40000040, 0x60000020
SIZE = 0x340


class Repeated:
    """One page at every address, as hostile page tables can have it; ``patches`` lie over it. Reads are kept."""

    def __init__(self, page: bytes, patches: dict[int, bytes] | None = None) -> None:
        self.page, self.patches = page, patches or {}
        self.pages: list[int] = []

    def read(self, address: int, size: int) -> bytes:
        self.pages.append(address & -PAGE_SIZE)
        at = address % PAGE_SIZE
        return self.patches.get(address - at, self.page)[at : at + size]


def headers(*sections: tuple[int, int, int], size: int = 1 << 31, bits: int = 64) -> ImageHeaders:
    parts = tuple(Section(f"s{number}", *each) for number, each in enumerate(sections))
    return ImageHeaders(BASE, 0x8664, bits, 0, size, 0, 0, 1, parts, (), ())


def block(never: int = 0x1234_5678_9ABC_DE47, encoded: int = 0xFFFFF800_00123456, always: int = 0x77) -> bytes:
    """A block as the kernel encodes it; all three 0: in clear."""
    words = np.zeros(SIZE // 8, dtype=np.uint64)
    words[2:4] = int.from_bytes(b"KDBG", "little") | SIZE << 32, BASE
    words[9:11] = BASE + 0x5000, BASE + 0x6000
    if not never | encoded | always:
        return words.tobytes()
    turn = never & 0x3F
    made = [debugger_block._swapped(int(each) ^ always) ^ encoded for each in words]
    return b"".join((debugger_block._rotated_right(each, turn) ^ never).to_bytes(8, "little") for each in made)


def flood() -> bytes:
    key = next(iter(debugger_block._keys(BASE)))
    return b"".join((0, key)[at % 2].to_bytes(8, "little") for at in range(PAGE_SIZE // 8))


def searched(memory: Repeated, kernel: ImageHeaders) -> tuple[BlockSearch, list[str]]:
    log = SearchLog(clock=lambda: 0.0)
    return find_block(memory, kernel, log), log.tried


@pytest.mark.parametrize("keys", [{}, {"never": 0, "encoded": 0, "always": 0}], ids=["encoded", "clear"])
@pytest.mark.parametrize("at", [0, PAGE_SIZE - 0x100 & -8, (1 << 20) - 0x100, (1 << 20) + 0x1F00])
def test_a_block_is_found_wherever_it_lies(keys: dict[str, int], at: int) -> None:
    """Also where the search takes one piece after the other."""
    data = bytes(at) + block(**keys)
    data += bytes(-len(data) % PAGE_SIZE)
    pages = {BASE + FIRST + each: data[each : each + PAGE_SIZE] for each in range(0, len(data), PAGE_SIZE)}
    kernel = headers((0x400000, 0x1000, CODE), (FIRST, len(data), DATA))
    found, _ = searched(Repeated(bytes(PAGE_SIZE), pages), kernel)
    assert found.block is not None and found.block.address == BASE + FIRST + at and not found.cut
    assert found.block.data == block(0, 0, 0)


def test_sections_that_overlap_are_read_once() -> None:
    """Sections of 2 MiB, each a page behind the one before; a piece reads a page of the next one."""
    sections = [(FIRST + number * PAGE_SIZE, 2 << 20, DATA if number % 3 else READ_ONLY) for number in range(96)]
    memory = Repeated(bytes(PAGE_SIZE))
    found, tried = searched(memory, headers(*sections))
    assert len(set(memory.pages)) == 512 + 95
    assert len(memory.pages) <= 512 + 95 + 8
    assert found == BlockSearch(None) and not tried


def test_the_bytes_of_all_sections_are_bounded() -> None:
    sections = [(FIRST + number * (16 << 20), 16 << 20, DATA) for number in range(96)]
    memory = Repeated(bytes(PAGE_SIZE))
    found, tried = searched(memory, headers(*sections))
    assert MOST_DATA // PAGE_SIZE <= len(memory.pages) <= MOST_DATA // PAGE_SIZE + 64
    assert "stopped after 64 MiB" in found.cut and tried == [found.cut]


@pytest.mark.parametrize("page", [b"KDBG" * 1024, flood()], ids=["clear", "encoded"])
def test_the_places_that_are_examined_are_bounded(page: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = 0
    decode = debugger_block._decoded

    def counted(*args: object) -> object:
        nonlocal decoded
        decoded += 1
        return decode(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(debugger_block, "_decoded", counted)
    memory = Repeated(page)
    found, tried = searched(memory, headers((FIRST, 32 << 20, DATA)))
    assert decoded <= MOST_HITS and len(memory.pages) < 4 * 257
    assert f"stopped after {MOST_HITS} places" in found.cut and tried == [found.cut]


def test_the_time_ends_it_and_is_its_own() -> None:
    """Twenty seconds were used to find the kernel: the block has as many again, at half a second a piece."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.5
        return now

    log = SearchLog(clock=clock)
    while not log.over:
        pass
    memory = Repeated(bytes(PAGE_SIZE))
    found = find_block(memory, headers((FIRST, 48 << 20, DATA)), log)
    assert 30 * 256 < len(memory.pages) <= 42 * 257
    assert "when its time was up" in found.cut and log.tried == [found.cut]
