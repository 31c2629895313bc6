"""The loader's three lists: sound, unlinked, looped, wild, cut short, random."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.loader.made_process import LDR, MadeProcess
from volplugins.loader.loader_lists import LISTS, LoaderLists, in_order, read_loader_lists
from volplugins.memory.reader import PageReader, ReadError

NAMES = ("program.exe", "ntdll.dll", "kernel32.dll", "evil.dll", "user32.dll")
BITS = pytest.mark.parametrize("bits", [64, 32])
WILD = 0x7F0000


def read(made: MadeProcess) -> LoaderLists:
    return read_loader_lists(PageReader(made.pages, "not-mapped"), LDR, made.bits)


@BITS
def test_sound_lists_have_every_module_and_no_problem(bits: int) -> None:
    lists = read(MadeProcess(bits, NAMES))
    found = [(entry.name, entry.path, entry.base, entry.size, entry.timestamp) for entry, _ in in_order(lists)]
    expected = [(name, "C:\\" + name, 0x400000 + n * 0x10000, 0x5000, 0x40000000 + n) for n, name in enumerate(NAMES)]
    assert found == expected
    assert [(len(each.entries), each.complete, each.problems) for each in lists.lists] == [
        (5, True, ()), (5, True, ()), (4, True, ()),
    ]  # fmt: skip
    assert not any(lists.absent(name) for name in LISTS)


@BITS
@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_module_unlinked_from_one_list_is_missed_there(bits: int, order: int) -> None:
    made = MadeProcess(bits, NAMES)
    links = [made.link_at(order)] + [made.link_at(order, n) for n in range(1 if order == 2 else 0, 5) if n != 3]
    made.ring(links)
    lists = read(made)
    assert [entry.name for entry in lists.absent(LISTS[order])] == ["evil.dll"]
    assert not any(each.problems for each in lists.lists)
    names = {entry.name: held for entry, held in in_order(lists)}["evil.dll"]
    assert set(names) == set(LISTS) - {LISTS[order]}


@BITS
@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_loop_is_named_and_the_rest_comes_from_the_other_end(bits: int, order: int) -> None:
    made = MadeProcess(bits, NAMES)
    made.number(made.link_at(order, 2), made.link_at(order, 1))
    lists = read(made)
    broken = lists.lists[order]
    assert not broken.complete
    assert f"loop at {made.link_at(order, 1):#x}" in broken.problems
    assert [lists.entries[at].name for at in broken.entries] == list(NAMES[1 if order == 2 else 0 :])
    assert all(each.complete for each in lists.lists if each is not broken)


@BITS
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("number", [None, 1, 2, 3, 4])
@pytest.mark.parametrize("forward", [True, False])
def test_each_wild_link_is_named_and_nothing_is_lost(bits: int, order: int, number: int | None, forward: bool) -> None:
    made = MadeProcess(bits, NAMES)
    made.number(made.link_at(order, number) + (0 if forward else bits // 8), WILD)
    lists = read(made)
    hurt = lists.lists[order]
    assert [lists.entries[at].name for at in hurt.entries] == list(NAMES[1 if order == 2 else 0 :])
    assert any(f"{WILD:#x}" in problem for problem in hurt.problems), hurt
    assert not any(each.problems for each in lists.lists if each is not hurt)


@BITS
def test_a_wrong_back_link_is_named(bits: int) -> None:
    made = MadeProcess(bits, NAMES)
    made.number(made.link_at(0, 3) + bits // 8, made.link_at(0, 1))
    (problem,) = read(made).lists[0].problems
    assert problem.startswith(f"back link mismatch at {made.link_at(0, 3):#x}")


@BITS
def test_an_entry_on_an_absent_page_breaks_the_list_there_only(bits: int) -> None:
    made = MadeProcess(bits, NAMES)
    del made.pages[made.entry(2)]
    lists = read(made)
    assert [entry.name for entry, _ in in_order(lists)] == [name for name in NAMES if name != "kernel32.dll"]
    assert all("tail not reached" in each.problems[0] and "not-mapped" in each.problems[0] for each in lists.lists)


@BITS
def test_bad_entries_cost_themselves_alone(bits: int) -> None:
    made = MadeProcess(bits, NAMES)
    size = 0x40 if bits == 64 else 0x20
    for number in (1, 4):
        made.write(made.entry(number) + size, bytes(4))
    lists = read(made)
    assert [entry.name for entry, _ in in_order(lists)] == ["program.exe", "kernel32.dll", "evil.dll"]
    for order, each in enumerate(lists.lists):
        assert each.complete and [problem.split(":")[0] for problem in each.problems] == [
            f"bad entry at {made.link_at(order, number):#x}" for number in (1, 4)
        ]
    assert not any(lists.absent(name) for name in LISTS)


@BITS
def test_an_entry_across_two_pages_of_which_one_is_absent(bits: int) -> None:
    made = MadeProcess(bits, NAMES)
    kept = 0x50 if bits == 64 else 0x30  # its links, base and size lie before the page's end
    made.write(made.entry(2) - kept, made.pages[made.entry(2)][:kept])
    for order in range(3):
        chosen = range(1 if order == 2 else 0, 5)
        made.ring([made.link_at(order), *(made.link_at(order, n) - (kept if n == 2 else 0) for n in chosen)])
    del made.pages[made.entry(2)]
    lists = read(made)
    found = {entry.base: entry for entry, _ in in_order(lists)}
    assert sorted(found) == [made.base(number) for number in range(5)]
    assert found[made.base(2)].timestamp is None and "not-mapped" in found[made.base(2)].note
    assert not any(each.problems for each in lists.lists)


@BITS
def test_lists_without_memory_are_a_read_error(bits: int) -> None:
    with pytest.raises(ReadError):
        read_loader_lists(PageReader({}), LDR, bits)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([64, 32]),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 0x180), st.binary(min_size=1, max_size=8)), max_size=12),
)
def test_random_damage_ends_and_raises_nothing(bits: int, damage: list[tuple[int, int, bytes]]) -> None:
    made = MadeProcess(bits, NAMES)
    for where, offset, data in damage:
        made.write((LDR if where == 5 else made.entry(where)) + offset, data)
    lists = read(made)
    assert len(list(in_order(lists))) == len(lists.entries) <= 3 * 4096
