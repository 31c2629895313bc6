"""KVA shadow: UserDirectoryTableBase is shown, compared by page frame, and checked against the process's own table."""

from __future__ import annotations

import pytest

from tests.vol.damaged import X64, Machine


@pytest.fixture
def found(dumps):
    return Machine(dumps, X64, host=1)  # whose processor needs it


def set_user_directory(found: Machine, value: int) -> None:
    at, width = found.scene.layouts.process.members["UserDirectoryTableBase"]
    where = found.scene.space.space.translate(found.victim["eprocess"] + at).physical
    found.memory.write(where, value.to_bytes(width, "little"))


def test_it_is_shown_with_every_process_that_has_one(found):
    rows = {row.pid: row for row in found.rows()}
    for process in found.snapshot.truth["processes"]:
        assert (f"TableBase {process['shadow']:#x} (KVA" in rows[process["pid"]].evidence) == bool(process["shadow"])
        assert "elsewhere" not in rows[process["pid"]].evidence
    checks = [row for row in found.rows(f"pid:{found.victim['pid']}", checks=True) if row.depth]
    assert [(row.verdict, row.dirbase) for row in checks][-1] == ("user-directory: passed", found.victim["shadow"])


@pytest.mark.parametrize("flags", [0, 1, 1 << 63, 1 << 63 | 0x12])
@pytest.mark.parametrize("own", [0, 2, 1 << 63 | 1])
def test_a_directory_that_is_the_shadow_is_told_by_its_frame(found, flags, own):
    shadow = found.victim["shadow"] & ~0xFFF
    for slot in range(300, 310):  # more of the kernel than a few entries
        found.set_entry(shadow + slot * 8, 0x7123 << 12 | 0x63)
    set_user_directory(found, shadow | flags)
    found.set_dirbase(shadow | own)
    row = found.verdict()
    assert row.verdict == "user-shadow"
    assert "UserDirectoryTableBase" in row.evidence


def test_one_that_leads_elsewhere_is_said_without_blaming_the_directory(found):
    other = next(p for p in found.snapshot.truth["processes"] if p["name"] == "lsass.exe")
    set_user_directory(found, other["shadow"])
    row = found.verdict()
    assert row.verdict == "ok"
    assert "lead elsewhere than the process's own" in row.evidence
    set_user_directory(found, 0x7FFFF000 | 1)
    assert "no RAM of the machine" in found.verdict().evidence
    for off in (0, 1, 1 << 63):  # flags without a frame: KVA shadow is not on for this process
        set_user_directory(found, off)
        assert "UserDirectoryTableBase" not in found.verdict().evidence


def test_no_execute_bits_of_the_kernels_own_table_are_no_difference(found):
    where = found.first_valid(found.top, 256)
    found.set_entry(where, found.entry(where) | 1 << 63)
    assert "leads to the same tables" in found.verdict().evidence
