"""Entries whose valid bit is clear, and valid ones as WinDbg shows them."""

from dataclasses import replace

import pytest

from volplugins.paging.entry_text import flag_letters
from volplugins.paging.invalid_entry import built_in_layout, decode_invalid
from volplugins.paging.mode import PagingMode
from volplugins.paging.translation import State

NEW, OLD = built_in_layout(PagingMode.X64, 19041), built_in_layout(PagingMode.X64, 7600)
X86, PAE = built_in_layout(PagingMode.X86, 2600), built_in_layout(PagingMode.PAE, 7601)


@pytest.mark.parametrize(
    ("entry", "layout", "mode", "state", "members"),
    [
        (0, NEW, PagingMode.X64, State.NOT_MAPPED, {}),
        (0x0001_2345_0000_3080, NEW, PagingMode.X64, State.PAGEFILE, {"page_file": 3, "offset": 0x12345}),
        (0x0001_2345_0000_0086, OLD, PagingMode.X64, State.PAGEFILE, {"page_file": 3, "offset": 0x12345}),
        (0x80, NEW, PagingMode.X64, State.DEMAND_ZERO, {"frame": None}),
        (0x1234_5890, NEW, PagingMode.X64, State.TRANSITION, {"frame": 0x12345}),
        (0xA001_2345_0000_0400, NEW, PagingMode.X64, State.PROTOTYPE, {"prototype": 0xFFFF_A001_2345_0000}),
        (0xFFFF_FFFF_0000_0420, NEW, PagingMode.X64, State.PROTOTYPE, {"prototype": None}),
        (0x1234_5086, X86, PagingMode.X86, State.PAGEFILE, {"page_file": 3, "offset": 0x12345}),
        (0x0001_2345_0000_0086, PAE, PagingMode.PAE, State.PAGEFILE, {"page_file": 3, "offset": 0x12345}),
        (0xE123_4568_0000_0400, PAE, PagingMode.PAE, State.PROTOTYPE, {"prototype": 0xE1234568}),
    ],
)
def test_states_and_members(entry, layout, mode, state, members) -> None:
    found = decode_invalid(entry, layout, mode)
    assert found.state is state
    assert {name: getattr(found, name) for name in members} == members


def test_the_mask_is_taken_off_entries_that_were_made_unreadable() -> None:
    mask = 1 << 45
    layout = replace(NEW, mask=mask)
    masked = decode_invalid(0x2000_1234_5880, layout, PagingMode.X64)
    plain = decode_invalid(0x1234_5890, layout, PagingMode.X64)
    assert masked.frame == plain.frame == 0x12345


@pytest.mark.parametrize(
    ("entry", "mode", "level", "letters"),
    [
        (0x0000_0000_1234_5963, PagingMode.X64, "PTE", "-G-DA--KWEV"),
        (0x8000_0000_1234_5867, PagingMode.X64, "PTE", "---DA--UW-V"),
        (0x0000_0000_1234_50E3, PagingMode.X64, "PDE", "--LDA--KWEV"),
        (0x0000_0000_1234_50E1, PagingMode.X64, "PTE", "---DA--KREV"),
        (0x0BA5_8067, PagingMode.X86, "PDE", "---DA--UWEV"),
        (0x0BA5_8066, PagingMode.X86, "PDE", ""),
    ],
)
def test_flags_in_windbgs_letters(entry, mode, level, letters) -> None:
    assert flag_letters(entry, mode, level) == letters
