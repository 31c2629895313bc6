"""MmPfnDatabase of the lab's Windows 11: every entry against a walk of the page tables, and what contradicts it."""

from __future__ import annotations

from functools import lru_cache

import pytest

from tests.lab.machine_memory import kernel_bytes, lowest_entry, pointer, translate
from volplugins.lab.damage.page_database import PFN_DEFECTS, with_pfn_defect
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.machines.five_levels import with_five_levels

MACHINE = "win11-24h2-x64"
# _MMPFN of build 26100
SIZE, PTE, COUNT, FRAME = 0x30, 0x8, 0x20, 0x28
FRAMES = (1 << 40) - 1


@lru_cache(maxsize=2)
def made(sections: bool = False) -> Snapshot:
    return build(MACHINE, sections=sections)


def database(snapshot: Snapshot) -> int:
    kernel = snapshot.truth["modules"][0]["base"]
    return pointer(snapshot, kernel + snapshot.truth["symbols"]["nt"]["MmPfnDatabase"])


def entry(snapshot: Snapshot, frame: int) -> tuple[int, int, int, bool]:
    """PteAddress, PteFrame, page location, whether the entry is a prototype."""
    data = kernel_bytes(snapshot, database(snapshot) + frame * SIZE, SIZE)
    word = int.from_bytes(data[FRAME:], "little")
    return int.from_bytes(data[PTE : PTE + 8], "little"), word & FRAMES, data[COUNT + 2] & 7, bool(word >> 63)


def shared(snapshot: Snapshot) -> set[int]:
    """Frames that several processes map with entries of their own: the database names one of them."""
    pages = snapshot.truth["user_pages"].values()
    return {each["physical"] >> 12 for rows in pages for each in rows if each["physical"] is not None}


@pytest.mark.parametrize("sections", [False, True])
def test_every_mapped_page_names_the_entry_that_maps_it(sections: bool) -> None:
    snapshot = made(sections)
    seen, several = 0, shared(snapshot)
    for pid, directory in snapshot.truth["directories"].items():
        ranges = [(each["start"], each["end"]) for each in snapshot.truth["vads"].get(pid, [])]
        pages = [page for start, end in ranges for page in range(start, min(end, start + 0x20000), 0x1000)]
        pages += [page for page in snapshot.virtual if pid == 4]
        for page in pages:
            at = translate(snapshot, directory, page)
            if at is None or not any(start <= at >> 12 < start + count for start, count in snapshot.runs):
                continue  # memory of devices has no entries
            address, table, location, prototype = entry(snapshot, at >> 12)
            assert location == 6
            if lowest_entry(snapshot, directory, page) & 0x80 or at >> 12 in several:
                continue
            # the self-map shows the entry where the database says: reading it gives the entry that maps the page
            place = translate(snapshot, directory, address)
            if prototype:
                assert snapshot.virtual[address & ~0xFFF] == table
                continue
            assert place is not None
            word = snapshot.pages[place >> 12][place & 0xFFF : (place & 0xFFF) + 8]
            assert int.from_bytes(word, "little") >> 12 & FRAMES == at >> 12 and place >> 12 == table
            seen += 1
    assert seen > 500


def test_pages_that_nobody_uses_are_free_and_trimmed_ones_in_standby() -> None:
    snapshot = made(True)
    used = snapshot.truth["pfn_database"]["frames"]
    for start, count in snapshot.runs:
        for frame in range(start, start + count, 37):
            assert entry(snapshot, frame)[2] == (used[frame]["location"] if frame in used else 0)
    trimmed = [each["physical"] >> 12 for pages in snapshot.truth["user_pages"].values() for each in pages
               if each["state"] == "transition"]  # fmt: skip
    assert trimmed and {entry(snapshot, frame)[2] for frame in trimmed} == {2}


@pytest.mark.parametrize("name", PFN_DEFECTS)
def test_a_contradiction_is_in_one_entry(name: str) -> None:
    sound, bad = made(), with_pfn_defect(made(), name)
    told = bad.truth["pfn_defect"]
    field = {"pfn-other-entry": 0, "pfn-other-table": 1, "pfn-free-in-use": 2}[name]
    pair = entry(sound, told["frame"])[field], entry(bad, told["frame"])[field]
    assert pair == (told["true"], told["false"])
    at = translate(bad, bad.truth["directories"][told["pid"]], told["address"])
    assert at is not None and at >> 12 == told["frame"]
    changed = [pfn for pfn, page in bad.pages.items() if page != sound.pages[pfn]]
    assert len(changed) == 1


def test_machines_without_a_database() -> None:
    for snapshot in (build("win10-x64"), with_five_levels(made())):
        assert "pfn_database" not in snapshot.truth
        with pytest.raises(ValueError, match="no defect of the page frame database"):
            with_pfn_defect(snapshot, "pfn-free-in-use")
