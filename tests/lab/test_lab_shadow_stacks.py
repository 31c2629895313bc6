"""Windows 11 24H2 of the lab: shadow stacks read back by the manual's rules, and what overwrites the usual ones."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from tests.lab.machine_memory import kernel_bytes, lowest_entry, pointer, user_bytes
from volplugins.lab.damage.shadow_stacks import SHADOW_DEFECTS, with_shadow_defect
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build

MACHINE = "win11-24h2-x64"
# KTHREAD, the same since build 22000 (public symbol tables)
STATE_SAVE_AREA, FLAGS, POINTER, INITIAL, BASE, LIMIT = 0x60, 0x74, 0x408, 0x410, 0x418, 0x420
USER_FLAG, KERNEL_FLAG = 1 << 20, 1 << 22
SHADOW_FRAME = 0xD8  # KTRAP_FRAME.ShadowStackFrame
WRITE, DIRTY, NO_EXECUTE = 2, 0x40, 1 << 63


@lru_cache(maxsize=4)
def made(fault: str = "driver-read") -> Snapshot:
    return build(MACHINE, fault)


def threads(snapshot: Snapshot) -> list[tuple[int, dict[str, Any]]]:
    return list(snapshot.truth["shadow_stacks"].items())


def directory(snapshot: Snapshot, pid: int) -> int:
    return int(snapshot.truth["directories"][pid])


def test_waiting_threads_leave_a_token_and_their_return_addresses() -> None:
    snapshot = made()
    waiting = [(at, each["kernel"]) for at, each in threads(snapshot) if each["kernel"]["waits"]]
    assert len(waiting) > 20
    for at, told in waiting:
        saved, base, limit = (pointer(snapshot, at + member) for member in (POINTER, BASE, LIMIT))
        assert (saved, base, limit & ~0xFFF) == (told["saved"], told["base"] + 8, told["limit"])
        assert pointer(snapshot, at + INITIAL) == base - 8 and limit & 7 == 1
        assert pointer(snapshot, saved) == saved + 8 | 1
        words = [pointer(snapshot, place) for place in range(saved + 8, base - 8, 8)]
        assert words == [each["address"] for each in told["returns"]] and words
        for each in told["returns"]:
            assert pointer(snapshot, each["slot"]) == each["address"]
        assert int.from_bytes(kernel_bytes(snapshot, at + FLAGS, 4), "little") & KERNEL_FLAG


def test_user_pointers_are_in_the_saved_state() -> None:
    snapshot = made()
    users = [(at, each) for at, each in threads(snapshot) if each["user"]]
    assert len(users) > 15
    for at, each in users:
        assert int.from_bytes(kernel_bytes(snapshot, at + FLAGS, 4), "little") & USER_FLAG
        area = pointer(snapshot, at + STATE_SAVE_AREA)
        present, compacted = pointer(snapshot, area + 0x200), pointer(snapshot, area + 0x208)
        assert present >> 11 & 1 and compacted >> 63 == 1 and area % 64 == 0
        enabled, saved = pointer(snapshot, area + 0x340), pointer(snapshot, area + 0x348)
        told = each["user"]
        assert (enabled & 1, saved) == (1, told["pointer"])
        for number, word in enumerate(told["returns"]):
            data = user_bytes(snapshot, directory(snapshot, each["pid"]), saved + 8 * number, 8)
            usual = user_bytes(snapshot, directory(snapshot, each["pid"]), word["slot"], 8)
            assert int.from_bytes(data, "little") == int.from_bytes(usual, "little") == word["address"]


def test_pages_of_shadow_stacks_are_dirty_and_not_to_be_written() -> None:
    snapshot = made()
    for _, each in threads(snapshot):
        for told, pid in ((each["kernel"], 4), (each["user"], each["pid"])):
            if told:
                entry = lowest_entry(snapshot, directory(snapshot, pid), told["base"] - 8)
                assert entry & 1 and not entry & WRITE and entry & DIRTY and entry & NO_EXECUTE


def test_an_interrupt_pushes_three_words_and_the_trap_frame_tells_where() -> None:
    snapshot = made()
    thread = snapshot.truth["thread"]["ethread"]
    told = snapshot.truth["shadow_stacks"][thread]["kernel"]
    at = pointer(snapshot, snapshot.truth["trap_frame"] + SHADOW_FRAME)
    assert told["limit"] < at < told["base"]
    before, interrupted, code = (pointer(snapshot, at + 8 * number) for number in range(3))
    assert (before, interrupted, code) == (at + 0x18, snapshot.truth["fault_ip"], 0x10)
    assert told["waits"] is False and pointer(snapshot, thread + POINTER) == told["saved"]


def test_in_the_kernel_the_victim_is_the_crashing_thread_where_none_is_named() -> None:
    crashed = made().truth["thread"]["ethread"]
    for name, (_, ring) in SHADOW_DEFECTS.items():
        told = with_shadow_defect(made(), name).truth["shadow_defect"]
        assert (told["ethread"] == crashed) == (ring == "kernel"), name
        assert with_shadow_defect(made(), name, "explorer.exe").truth["shadow_defect"]["ethread"] != crashed
    told = with_shadow_defect(build("win11-24h2-x64", "system-thread"), "rop-chain-kernel").truth["shadow_defect"]
    assert told["pid"] == 4
    with pytest.raises(ValueError, match=r"no thread of none\.exe"):
        with_shadow_defect(made(), "rop-chain", "none.exe")


@pytest.mark.parametrize("name", SHADOW_DEFECTS)
def test_a_defect_changes_the_usual_stack_alone(name: str) -> None:
    sound, bad = made(), with_shadow_defect(made(), name)
    told = bad.truth["shadow_defect"]
    shadow = bad.truth["shadow_stacks"][told["ethread"]][told["ring"]]
    slots = {each["slot"]: each["address"] for each in shadow["returns"]}
    assert slots[told["at"]] == told["true"] != told["false"]
    read = (lambda at: kernel_bytes(bad, at, 8)) if told["ring"] == "kernel" else (
        lambda at: user_bytes(bad, directory(bad, told["pid"]), at, 8))  # fmt: skip
    assert int.from_bytes(read(told["at"]), "little") == told["false"]
    words = [int.from_bytes(read(place), "little") for place in range(shadow["pointer"], shadow["base"], 8)]
    assert [word for word in words if word in slots.values()] == [each["address"] for each in shadow["returns"]]
    changed = [pfn for pfn, page in bad.pages.items() if page != sound.pages.get(pfn)]
    assert 1 <= len(changed) <= 2 and "shadow_defect" not in sound.truth


def test_other_machines_have_none() -> None:
    with pytest.raises(ValueError, match="no thread of win10-x64 has a shadow stack"):
        with_shadow_defect(build("win10-x64"), "rop-chain")
    with pytest.raises(ValueError, match="no defect of stacks"):
        with_shadow_defect(made(), "none")
