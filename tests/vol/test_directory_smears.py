"""Pages at the top of a directory that hold something else, in part or whole: said with what makes no sense in them."""

from __future__ import annotations

import random
import struct
from itertools import product

import numpy as np
import pytest

from tests.sampling import sampled
from tests.vol.damaged import PAE, X64, X86, Machine, frame
from volplugins.kernel.directories.smear import sense_of
from volplugins.paging.mode import PagingMode

CHOOSER = random.Random("smears")
CONTENTS = {
    "random": CHOOSER.randbytes(0x1000),
    "text": (b"The driver has been unloaded; 42 handles are open. " * 90)[:0x1000],
    "wide-text": ("The driver has been unloaded; 42 handles are open. " * 50).encode("utf-16-le")[:0x1000],
    "pointers": b"".join(struct.pack("<II", 0x8A000000 | n * 0x48, 0x77C10000 | n * 0x30) for n in range(512)),
    "counters": b"".join(struct.pack("<II", 2 * n + 1, 0x500 + n) for n in range(512)),
    "code": (b"\x8b\xff\x55\x8b\xec\x83\xec\x10\x53\x56\x8b\x75\x08\x57\x33\xff\x39\x3d" * 240)[:0x1000],
}


@pytest.mark.parametrize(("content", "number"), sampled(product(CONTENTS, range(4)), 3))
def test_each_of_the_four_page_directories(dumps, content, number):
    found = Machine(dumps, PAE)
    directory = frame(found.entry(found.top + 8 * number))
    found.memory.write(directory, CONTENTS[content])
    row = found.verdict()
    assert row.verdict == "not-a-directory", row.evidence
    if number < 2:  # the others are told by the self-map and by what most processes share as well
        assert f"page directory {number} at {directory:#x} holds unrelated bytes" in row.evidence
        assert "entries that are not zero" in row.evidence
    others = {row.verdict for row in found.rows() if row.pid not in (None, found.victim["pid"])}
    assert others == {"ok", "no-directory"}


@pytest.mark.parametrize(("content", "machine"), sampled(product(CONTENTS, [X64, "win7-x64", X86]), 2))
def test_the_user_half_of_a_top_table(dumps, content, machine):
    found = Machine(dumps, machine)
    found.memory.write(found.top, CONTENTS[content][:0x800])
    assert found.verdict().verdict == "not-a-directory"


@pytest.mark.parametrize("machine", [X64, PAE, X86])
def test_tables_that_are_written_out_or_lost_are_no_smear(dumps, machine):
    """However many: they have one form, and lead to memory that the machine has."""
    found = Machine(dumps, machine)
    top = frame(found.entry(found.top)) if machine == PAE else found.top
    for slot in range(40):
        found.set_entry(top + (100 + slot) * found.size, (0x1234 + 8 * slot) << (12 if found.size == 4 else 32) | 0x80)
    assert found.verdict().verdict == "tables-paged-out"
    lost = next(iter(found.snapshot.runs))[0] + 5
    for slot in range(40):
        found.set_entry(top + (100 + slot) * found.size, lost << 12 | 0x67)
    found.memory.remove(lost)
    assert found.verdict().verdict == "tables-missing"


def test_a_few_bad_entries_are_damage_and_no_smear():
    class Everything:
        def describes(self, pfn: int) -> bool:
            return pfn < 0x1000

    entries = np.array([0x67 | n << 12 for n in range(1, 30)] + [1 << 60 | 0x5067] * 20, np.uint64)
    sense = sense_of(Everything(), PagingMode.PAE, PagingMode.PAE.facts.levels[1], entries, 0, True)
    assert (sense.used, sense.reserved, sense.is_smear) == (49, 20, False)
