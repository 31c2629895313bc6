"""Translations in each mode, against tables written by hand from Intel's manual."""

import struct

import pytest

from volplugins.memory.reader import PageReader, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode
from volplugins.paging.translation import State


def table(entries: dict[int, int], form: str = "<Q") -> bytes:
    page = bytearray(0x1000)
    for index, value in entries.items():
        struct.pack_into(form, page, index * struct.calcsize(form), value)
    return bytes(page)


def x64() -> PageReader:
    return PageReader(
        {
            0x1000: table({0x1F0: 0x2003, 1: 0}),
            0x2000: table({0: 0x3003, 1: 0x4000_0083, 2: 0x9003}),
            0x3000: table({0: 0x4003, 1: 0x60_0083, 2: 0x800}),
            0x4000: table({0: 0x5003, 1: 0x6800, 2: 0x123_0000_0420, 3: 0x7_0000_0080, 4: 0x80, 5: 0x8003}),
            0x5000: bytes(range(256)) * 16,
            0x6000: b"T" * 0x1000,
        },
        "not-in-dump",
    )


BASE = 0xFFFFF80000000000


@pytest.mark.parametrize(
    ("virtual", "state", "physical", "level"),
    [
        (BASE + 0x10, State.VALID, 0x5010, "PTE"),
        (BASE + 0x1008, State.TRANSITION, 0x6008, "PTE"),
        (BASE + 0x2000, State.PROTOTYPE, None, "PTE"),
        (BASE + 0x3000, State.PAGEFILE, None, "PTE"),
        (BASE + 0x4000, State.DEMAND_ZERO, None, "PTE"),
        (BASE + 0x6000, State.NOT_MAPPED, None, "PTE"),
        (BASE + 0x20_1234, State.LARGE, 0x60_1234, "PDE"),
        (BASE + 0x4012_3456, State.LARGE, 0x4012_3456, "PDPE"),
        (BASE + 0x8000_0000, State.NOT_IN_DUMP, None, "PDE"),
        (0x80_0000_0000, State.NOT_MAPPED, None, "PML4E"),
        (0x8000_0000_0000_0000, State.NON_CANONICAL, None, ""),
    ],
)
def test_x64(virtual: int, state: State, physical: int | None, level: str) -> None:
    space = AddressSpace(x64(), PagingMode.X64, 0x1002)  # low bits are PCID
    found = space.translate(virtual)
    assert (found.state, found.physical, found.level) == (state, physical, level)


def test_reads_cross_pages_and_name_the_first_bad_byte() -> None:
    space = AddressSpace(x64(), PagingMode.X64, 0x1000)
    assert space.read(BASE + 0xFFE, 4) == b"\xfe\xffTT"
    with pytest.raises(ReadError) as caught:
        space.read(BASE + 0x1FF0, 0x20)
    assert (caught.value.address, caught.value.reason) == (BASE + 0x2000, "prototype")
    with pytest.raises(ReadError) as caught:
        space.read(BASE + 0x5000, 1)
    assert caught.value.reason == "not-in-dump"


def test_pae_directory_pointers_are_32_byte_aligned() -> None:
    pointers = bytearray(0x1000)
    struct.pack_into("<4Q", pointers, 0x960, 0, 0, 0x3001, 0)
    memory = PageReader(
        {
            0x1000: bytes(pointers),
            0x3000: table({4: 0x4003}),
            0x4000: table({1: 0x5003}),
            0x5000: b"p" * 0x1000,
        }
    )
    found = AddressSpace(memory, PagingMode.PAE, 0x1960).translate(0x80801234 - 0x200)
    assert (found.state, found.physical) == (State.VALID, 0x5034)
    assert [step.level for step in found.steps] == ["PDPE", "PDE", "PTE"]


def test_x86_and_pse36() -> None:
    memory = PageReader(
        {
            0x1000: table({0x200: 0x2003, 0x201: 0x0040_2083 | 1 << 13}, "<I"),
            0x2000: table({3: 0x3003}, "<I"),
            0x3000: b"x" * 0x1000,
        }
    )
    space = AddressSpace(memory, PagingMode.X86, 0x1000)
    assert space.translate(0x80003010).physical == 0x3010
    large = space.translate(0x80401234)
    assert (large.state, large.physical) == (State.LARGE, 0x1_0040_1234)


def test_la57_takes_a_fifth_level() -> None:
    memory = PageReader(
        {
            0x8000: table({0x1FF: 0x1003}),
            **{a: x64().read(a, 0x1000) for a in (0x1000, 0x2000, 0x3000, 0x4000, 0x5000)},
        }
    )
    found = AddressSpace(memory, PagingMode.X64_LA57, 0x8000).translate(BASE + 5)
    assert (found.state, found.physical, len(found.steps)) == (State.VALID, 0x5005, 5)
