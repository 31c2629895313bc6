"""Who says where a table is: container, KPCR, saved registers; and what KVA shadow's directory maps of it."""

from __future__ import annotations

import pytest

from volplugins.descriptors.shadow_tables import shadow_notes
from volplugins.descriptors.table import TableRegister
from volplugins.descriptors.table_sources import CONTAINER, KPCR, SAVED, Said, register_of

BASE, OTHER = 0xFFFFF80000001000, 0xFFFFF80000009000
USUAL = (0xFFF,)
AGREE_2 = "the KPCR and the saved special registers agree"


@pytest.mark.parametrize(
    ("container", "pcr", "saved", "base", "limit", "notes"),
    [
        ((0, 0), BASE, (BASE, 0xFFF), BASE, 0xFFF, [AGREE_2]),
        ((BASE, 0xFFF), BASE, (BASE, 0xFFF), BASE, 0xFFF,
         ["the container, the KPCR and the saved special registers agree"]),
        ((0, 0), BASE, (0, 0), BASE, 0xFFF,
         ["base from the KPCR; the processor saved none, and the limit is Windows' usual one"]),
        ((0, 0), 0, (BASE, 0xFFF), BASE, 0xFFF, ["base and limit from the saved special registers alone"]),
        ((0, 0), BASE, (OTHER, 0xFFF), BASE, 0xFFF,
         [f"the KPCR says {BASE:#x}, the saved special registers {OTHER:#x}, limit 0xfff"]),
        # the processor's own register counts first
        ((OTHER, 0xFFF), BASE, (BASE, 0xFFF), OTHER, 0xFFF,
         [f"the container says {OTHER:#x}, limit 0xfff, the KPCR {BASE:#x}, the saved special registers {BASE:#x}, "
          "limit 0xfff"]),
        ((BASE, 0xFFF), BASE, (BASE, 0x7FF), BASE, 0xFFF,
         ["the container, the KPCR and the saved special registers agree",
          "limits differ: 0xfff by the container, 0x7ff by the saved special registers"]),
        ((0, 0), BASE, (BASE, 0x1FF), BASE, 0x1FF, [AGREE_2, "limit 0x1ff where Windows has 0xfff"]),
    ],
)  # fmt: skip
def test_the_best_source_counts_and_all_are_told(
    container: tuple[int, int], pcr: int, saved: tuple[int, int], base: int, limit: int, notes: list[str]
) -> None:
    said = (Said(CONTAINER, *container), Said(KPCR, pcr), Said(SAVED, *saved))
    found = register_of(said, USUAL, 48, 16)
    assert found is not None
    assert (found.base, found.limit, list(found.notes)) == (base, limit, notes)


def test_nobody_says_anything() -> None:
    assert register_of((Said(KPCR, 0), Said(SAVED, 0, 0)), USUAL, 48, 16) is None


def test_a_base_that_is_not_canonical_is_told() -> None:
    found = register_of((Said(KPCR, 1 << 50), Said(SAVED, 1 << 50, 0xFFF)), USUAL, 48, 16)
    assert found is not None and "the base is not canonical" in found.notes


@pytest.mark.parametrize(
    ("kernel", "user", "note"),
    [
        ({0: 0x1000, 1: 0x2000}, {0: 0x1000, 1: 0x2000}, "the user directory of a.exe maps the same pages"),
        ({0: 0x1000, 1: 0x2000}, {0: 0x1000}, f"the user directory of a.exe does not map {BASE + 0x1000:#x}"),
        ({0: 0x1000, 1: 0x2000}, {0: 0x1000, 1: 0x7000},
         f"the user directory of a.exe maps another page at {BASE + 0x1000:#x}: 0x7000, not 0x2000"),
        ({}, {}, "the user directory of a.exe maps the same pages"),  # nothing to compare
    ],
)  # fmt: skip
def test_the_tables_of_kva_shadow(kernel: dict[int, int], user: dict[int, int], note: str) -> None:
    """A table that lies across two pages: both must be there, and the same."""
    table = TableRegister(BASE + 0x800, 0xFFF)
    pages = [lambda at, known=known: known.get((at - BASE) >> 12) for known in (kernel, user)]
    assert shadow_notes(table, pages[0], pages[1], "a.exe") == [note]
