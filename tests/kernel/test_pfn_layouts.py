"""MMPFN of 32-bit Windows by build and by the kind of page tables."""

from __future__ import annotations

import struct

import pytest

from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.directories.pfn_database import PfnDatabase, pfn_database, top_frame
from volplugins.kernel.layouts import built_in
from volplugins.kernel.pfn_layouts import pfn_layout
from volplugins.memory.reader import SegmentReader
from volplugins.memory.structure import Layout
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode
from volplugins.paging.translation import Step
from volplugins.vol.scene.page_witness import PageWitness

X86, PAE = PagingMode.X86, PagingMode.PAE


@pytest.mark.parametrize(
    ("build", "mode", "size", "pte", "frame", "location", "prototype"),
    [
        (2600, X86, 0x18, 4, (0x14, 26), (0xC, 8), (0xC, 3)),
        (2600, PAE, 0x1C, 4, (0x18, 26), (0xC, 8), (0xC, 3)),
        (3790, X86, 0x18, 4, (0x14, 25), None, None),
        (3790, PAE, 0x1C, 4, (0x18, 25), None, None),
        (6002, X86, 0x18, 8, (0x14, 25), (0xE, 0), (0x14, 27)),
        (6002, PAE, 0x1C, 8, (0x18, 25), (0xE, 0), (0x18, 27)),
        (7600, X86, 0x18, 8, (0x14, 25), (0xE, 0), (0x14, 27)),
        (7601, X86, 0x18, 8, (0x14, 25), (0xE, 0), (0x14, 27)),
        (7601, PAE, 0x1C, 8, (0x18, 25), (0xE, 0), (0x18, 27)),
        (9200, PAE, 0x1C, 8, (0x18, 25), (0xE, 0), (0x18, 27)),
        (9600, PAE, 0x1C, 8, (0x18, 24), (0xE, 0), (0x18, 27)),
        (10240, PAE, 0x1C, 4, (0x18, 24), (0x16, 0), (0x18, 27)),
        (18362, PAE, 0x1C, 4, (0x18, 24), (0x16, 0), (0x18, 27)),
        (19041, PAE, 0x1C, 4, (0x18, 24), (0x16, 0), (0x18, 31)),
    ],
)  # fmt: skip
def test_each_build_has_one_for_each_mode(
    build: int, mode: PagingMode, size: int, pte: int, frame: tuple[int, int],
    location: tuple[int, int] | None, prototype: tuple[int, int] | None,
) -> None:  # fmt: skip
    found = pfn_layout(built_in(32, build).pfn, mode, build)
    assert (found.size, found.offset("PteAddress")) == (size, pte)
    assert found.bits["PteFrame"] == (frame[0], 4, 0, frame[1])
    for name, place in (("PageLocation", location), ("PrototypePte", prototype)):
        said = found.bits.get(name)
        assert (said[0], said[2]) == place if said is not None and place is not None else said is place


def test_a_layout_of_the_right_mode_is_kept() -> None:
    own = Layout("_MMPFN", 0x1C, {"PteAddress": (8, 4)}, "symbols", {"PteFrame": (0x18, 4, 0, 25)})
    assert (
        pfn_layout(own, PAE, 7601) is own
        and pfn_layout(own, X86, 7601).source == "built-in 6000, x86 (nearest to 7601)"
    )
    wide = built_in(64, 19041).pfn
    assert pfn_layout(wide, PagingMode.X64, 19041) is wide


def test_windows_8_has_none_without_pae() -> None:
    data = DebuggerData(0, 0x340, {"MmPfnDatabase": 0x80001000}, {})
    memory = SegmentReader({0x80001000: struct.pack("<I", 0x84000000)})
    none = pfn_layout(built_in(32, 9200).pfn, X86, 9200)
    assert none.source == "no table for build 9200, x86" and pfn_database(memory, data, none, X86) is None
    found = pfn_database(memory, data, pfn_layout(built_in(32, 9200).pfn, PAE, 9200), PAE)
    assert found is not None and (found.base, found.entry_size) == (0x84000000, 8)


def test_entries_of_four_bytes_have_every_second_address() -> None:
    """Bit 2 of PteAddress is a part of it without PAE; the lock is bit 0."""
    layout = pfn_layout(built_in(32, 2600).pfn, X86, 2600)
    data = struct.pack("<IIIHHII", 0, 0xC0001235, 1, 1, 0x0600, 0, 0x123)
    (record,) = [PfnDatabase(SegmentReader({0x81000000: data}), 0x81000000, layout, 4).record(0)]
    assert record is not None and (record.entry_at, record.containing) == (0xC0001234, 0x123)


def test_the_page_that_is_in_itself() -> None:
    pointers = SegmentReader({0x1BA2020: struct.pack("<4Q", 0xF9C001, 0x1C52001, 0x21C001, 0x8000000000AC4001)})
    assert top_frame(pointers, PAE, 0x1BA2020) == 0xAC4
    assert top_frame(SegmentReader({}), PAE, 0x1BA2020) is None and top_frame(pointers, X86, 0x39000) == 0x39


def test_pae_pointers_are_not_compared() -> None:
    """Their pages' entries are in the fourth page directory, by the self-map."""
    layout = pfn_layout(built_in(32, 7601).pfn, PAE, 7601)
    entry = struct.pack("<IIIHBBQI", 0, 1, 0xC0600000, 1, 6, 0, 0, 0xAC4)
    pages = PfnDatabase(SegmentReader({0x84000000 + 5 * 0x1C: entry}), 0x84000000, layout, 8)
    witness = PageWitness(pages, AddressSpace(SegmentReader({}), PAE, 0x1BA2020))
    assert pages.record(5) is not None
    for virtual in (0x1000, 0x80001000):
        assert witness.of_step(virtual, Step("PDPE", 0x1BA2020, 5 << 12 | 1), None) == ""
