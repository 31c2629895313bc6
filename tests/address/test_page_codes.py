"""Entries of lowest tables, one by one as the structures of the public symbol tables have them."""

import numpy as np
import pytest

from volplugins.address.page_codes import NO_EXECUTE, RESERVED, UNTOLD, EntryReader
from volplugins.address.protection import word_of
from volplugins.paging.mode import PagingMode

X64 = EntryReader(PagingMode.X64, 0, True, (32, 32))
X86 = EntryReader(PagingMode.X86, 0, False, (12, 20))
FRAME = 0x1234 << 12
NX = NO_EXECUTE

VALID = [
    (FRAME | 0x25 | NX, "PAGE_READONLY"),
    (FRAME | 0x25, "PAGE_EXECUTE_READ"),
    (FRAME | 0x867 | NX, "PAGE_READWRITE"),
    (FRAME | 0x825 | NX, "PAGE_READWRITE"),  # writable, not written to yet: hardware bit clear
    (FRAME | 0x867, "PAGE_EXECUTE_READWRITE"),
    (FRAME | 0x225 | NX, "PAGE_WRITECOPY"),
    (FRAME | 0x225, "PAGE_EXECUTE_WRITECOPY"),
    (FRAME | 0x877 | NX, "PAGE_READWRITE|PAGE_NOCACHE"),
    (FRAME | 0x86F | NX, "PAGE_READWRITE|PAGE_WRITECOMBINE"),
]


@pytest.mark.parametrize(("entry", "word"), VALID)
def test_valid_entries(entry, word):
    facts = X64.facts(np.array([entry], np.uint64))
    assert word_of(int(facts.codes[0])) == word
    assert (bool(facts.resident[0]), int(facts.frames[0]), bool(facts.paged[0])) == (True, 0x1234, False)


@pytest.mark.parametrize("protection", range(32))
@pytest.mark.parametrize(("what", "more"), [("transition", 0x800), ("paged", 0x4321 << 32), ("demand", 0)])
def test_entries_that_are_not_valid(protection, what, more):
    entry = more | protection << 5 | (FRAME if what == "transition" else 0)
    if not entry:
        return
    facts = X64.facts(np.array([entry], np.uint64))
    decommitted = what == "demand" and protection == 0x10
    assert int(facts.codes[0]) == (RESERVED if decommitted else protection)
    assert bool(facts.resident[0]) == (what == "transition")
    assert int(facts.frames[0]) == (0x1234 if what == "transition" else 0)
    assert bool(facts.paged[0]) == (what == "paged")


def test_prototype_form_waits_for_the_prototype():
    entries = np.array([0xFFFFFFFF00000480, 0xA000123400000400, FRAME | 0x425], np.uint64)
    assert X64.facts(entries).codes.tolist()[:2] == [UNTOLD, UNTOLD]
    assert X64.in_prototype_form(entries).tolist() == [True, True, False], "a valid entry is none, whatever its bit 10"


def test_the_mask_of_entries_that_are_not_valid():
    masked = EntryReader(PagingMode.X64, 0x0000200000000000, True, (32, 32))
    entries = np.array([FRAME | 0x0000200000000000 | 0x880, FRAME | 0x0000200000000000 | 0x890], np.uint64)
    facts = masked.facts(entries)
    assert facts.frames.tolist() == [0x1234, 0x1234 | 0x200000000], "with the swizzle bit the entry is as it is"


def test_without_pae_nothing_says_whether_a_page_may_execute():
    assert X86.facts(np.array([FRAME | 0x67, FRAME | 0x25], np.uint64)).codes.tolist() == [128 | 4, 128 | 1]
