"""Low memory: the memory manager's counters on machines with memory to spare and without, with symbols and without."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.hang.hung import Hung, hung
from volplugins.bugcheck.hang import memory_counters
from volplugins.kernel.layouts import built_in
from volplugins.lab.machines.catalogue import MACHINES

ROWS = ("COMMIT", "AVAILABLE_PAGES", "NONPAGED_POOL")


def numbers(found: Hung) -> dict[str, tuple[int, int]]:
    """The two counts of each row."""
    words = {name: str(found.only(name).value).split() for name in ROWS if found.of(name)}
    return {name: (int(text[0]), int(text[2])) for name, text in words.items()}


def expected(found: Hung) -> dict[str, tuple[int, int]]:
    told = found.memory
    return {
        "COMMIT": (told["committed"], told["commit_limit"]), "AVAILABLE_PAGES": (told["available"], told["physical"]),
        "NONPAGED_POOL": (told["nonpaged"], told["nonpaged_limit"]),
    }  # fmt: skip


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_whose_memory_is_used_up(machine: str) -> None:
    found = hung(machine, "hang-low-memory")
    assert numbers(found) == expected(found)
    assert {name: found.only(name).confidence for name in ROWS} == {
        "COMMIT": "high", "AVAILABLE_PAGES": "medium", "NONPAGED_POOL": "high",
    }  # fmt: skip
    assert str(found.only("VERDICT").value).startswith("memory is low: ")
    assert found.only("VERDICT").confidence == "high"
    assert "blames nobody" in found.only("MODULE_NAME").evidence


@pytest.mark.parametrize("machine", MACHINES)
def test_memory_to_spare_is_told_and_no_cause(machine: str) -> None:
    found = hung(machine, "hang-deadlock-2")
    assert numbers(found) == expected(found)
    assert not any(found.only(name).confidence for name in ROWS)


@pytest.mark.parametrize("machine", MACHINES)
def test_without_symbols_the_debugger_data_block_leads_to_them(machine: str) -> None:
    """Windows 10 keeps them in structures that only symbols name: it is said that they are not known."""
    found = hung(machine, "hang-low-memory", symbols=False)
    if machine == "win10-x64":
        assert not numbers(found)
        note = next(str(row.value) for row in found.of("Note") if "memory is low" in str(row.value))
        assert all(word in note for word in ("commit", "available pages", "nonpaged pool"))
    else:
        assert numbers(found) == expected(found)


@pytest.mark.parametrize(
    ("pages", "of"), [(5000, 4999), (0, 5000), (1, 1), (1 << 41, 1 << 42), (None, 5000), (5000, None)]
)
def test_counts_that_cannot_be_are_not_given(
    pages: int | None, of: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than the whole, nothing at all, less than any Windows has, more than can be addressed, not in memory."""
    limits = ("MmTotalCommitLimit", "MmNumberOfPhysicalPages")
    shift = {"MmMaximumNonPagedPoolInBytes": 12}

    def number(_: object, name: str) -> int | None:
        value = of if name in limits or name in shift else pages
        return value << shift.get(name, 0) if value is not None else None

    monkeypatch.setattr(memory_counters, "_number", number)
    monkeypatch.setattr(memory_counters, "_variable", lambda *_: None)
    sources = SimpleNamespace(survey=SimpleNamespace(system=SimpleNamespace(layouts=built_in(64, 7601).waits)))
    found = [count(sources) for count in (memory_counters.committed, memory_counters.available)]  # type: ignore[arg-type]
    assert found == [None, None]
    pool = memory_counters.nonpaged_pool(sources)  # type: ignore[arg-type]
    assert (pool is not None) == ((pages, of) == (1, 1))
