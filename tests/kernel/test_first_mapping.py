"""The entry that the PFN database names as a page's own, in every kind of page tables."""

from __future__ import annotations

import pytest

from volplugins.kernel.directories.first_mapping import FirstMapping, Leads, first_mapping
from volplugins.kernel.directories.pfn_database import PageRecord
from volplugins.memory.reader import PageReader
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.entry_text import EntryPlace, entry_virtual, place_of_entry
from volplugins.paging.mode import PagingMode

SLOT = {PagingMode.X64: 0x1ED, PagingMode.X64_LA57: 0x1D3}
ACTIVE, STANDBY, IN_TRANSITION = 6, 2, 7
TABLE, PAGE = 0x30, 0x4123


@pytest.mark.parametrize("mode", PagingMode)
@pytest.mark.parametrize("virtual", [0, 0x7FFE0000, 0x8060_3000, 0xFFDF_0000, 0xFFFF_F780_0000_0000, 0x7FFF_FFFF_F000])
def test_addresses_of_entries_lead_back(mode: PagingMode, virtual: int) -> None:
    slot, wide = SLOT.get(mode), mode in SLOT
    virtual &= (1 << 64) - 1 if wide else 0xFFFF_FFFF
    if wide and virtual == 0xFFFF_F780_0000_0000 and mode is PagingMode.X64_LA57:
        virtual = 0xFFF7_8000_0000_0000
    for level in mode.facts.levels:
        at = entry_virtual(virtual, level.name, mode, slot)
        if at is not None:
            assert place_of_entry(at, mode, slot) == EntryPlace(level.name, virtual & -(1 << level.shift))


def test_addresses_outside_of_the_self_map_are_no_entries() -> None:
    assert place_of_entry(0xFFFF_E900_0000_0000, PagingMode.X64, None) is None
    assert place_of_entry(0xFFFF_A001_2345_0010, PagingMode.X64, 0x1ED) is None
    assert place_of_entry(0xE123_4568, PagingMode.PAE, None) is None


def found(record: PageRecord, entry: int, mode: PagingMode = PagingMode.X64) -> FirstMapping:
    """What is found where the entry at the record's place in TABLE is ``entry``."""
    size = mode.facts.entry_size
    page = bytearray(0x1000)
    page[record.entry_at & 0xFFF : (record.entry_at & 0xFFF) + size] = entry.to_bytes(size, "little")
    return first_mapping(record, AddressSpace(PageReader({TABLE << 12: bytes(page)}), mode, 0x1000), SLOT.get(mode))


def record_of(
    virtual: int, mode: PagingMode = PagingMode.X64, level: str = "PTE", location: int = ACTIVE
) -> PageRecord:
    entry_at = entry_virtual(virtual, level, mode, SLOT.get(mode))
    assert entry_at is not None
    return PageRecord(PAGE, entry_at, TABLE, location, False)


@pytest.mark.parametrize("mode", PagingMode)
def test_a_valid_entry_leads_to_its_page_or_not(mode: PagingMode) -> None:
    record = record_of(0x7FFE_1000, mode)
    assert found(record, PAGE << 12 | 0x25, mode) == FirstMapping(Leads.YES, 0x7FFE_1000)
    assert found(record, PAGE + 1 << 12 | 0x25, mode).leads is Leads.NO
    assert found(record, PAGE << 12 | 0x24, mode).leads is Leads.NO
    assert found(record_of(0x7FFE_1000, mode, location=STANDBY), PAGE << 12 | 0x25, mode).leads is Leads.NO


@pytest.mark.parametrize(("mode", "covers"), [(PagingMode.X86, 1024), (PagingMode.PAE, 512), (PagingMode.X64, 512)])
def test_a_large_page_holds_the_page(mode: PagingMode, covers: int) -> None:
    start = PAGE & -covers
    virtual = 0x8000_0000 if mode is not PagingMode.X64 else 0xFFFF_F800_4000_0000
    record = record_of(virtual, mode, "PDE")
    assert found(record, start << 12 | 0x10E3, mode) == FirstMapping(Leads.YES, virtual + (PAGE - start << 12))
    assert found(record, start + covers << 12 | 0xE3, mode).leads is Leads.NO
    assert found(record, PAGE << 12 | 0x63, mode) == FirstMapping(Leads.YES, virtual, table=True)


def test_a_page_that_is_locked_alone_is_in_transition() -> None:
    """Its working set gave it up; a driver's mapping of it stays."""
    assert found(record_of(0x1000, location=IN_TRANSITION), PAGE << 12 | 0x890).leads is Leads.YES
    assert found(record_of(0x1000, location=STANDBY), PAGE << 12 | 0x890).leads is Leads.NO
    assert found(record_of(0x1000, location=IN_TRANSITION), PAGE + 1 << 12 | 0x890).leads is Leads.NO


def test_an_entry_that_cannot_be_read() -> None:
    record = record_of(0x7FFE_1000)
    for reason, leads in (("not-in-dump", Leads.UNKNOWN), ("outside-memory", Leads.NO)):
        space = AddressSpace(PageReader({}, reason), PagingMode.X64, 0x1000)
        assert first_mapping(record, space, 0x1ED).leads is leads


def test_a_prototype_entry_and_one_by_an_unknown_self_map_have_no_address() -> None:
    record = PageRecord(PAGE, 0xFFFF_A001_2345_0010, TABLE, ACTIVE, None)
    assert found(record, PAGE << 12 | 0x121) == FirstMapping(Leads.YES, None)
