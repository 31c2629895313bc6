"""Locks of user mode, made by hand: critical sections and keyed waits, and how their owner is known."""

from __future__ import annotations

import struct

import pytest

from tests.waits.locks import (
    EVERY,
    SEMAPHORE,
    SYNCHRONIZATION_EVENT,
    WR_ALERT,
    WR_KEYED,
    held_by,
    made,
)
from tests.waits.made_waits import Made, made_process, verdicts
from volplugins.waits.words import Kind


def section(
    owner: int, bits: int, lock_count: int = -6, recursions: int = 1, handle: int = 0, debug: int = -1
) -> bytes:
    width = bits // 8

    def number(value: int, size: int) -> bytes:
        return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    return (
        number(debug, width) + number(lock_count, 4) + number(recursions, 4) + number(owner, width)
        + number(handle, width) + number(0, width)
    )  # fmt: skip


@pytest.mark.parametrize("offset", [0, 0x18])
def test_a_critical_section_by_the_address_waited_for(offset: int) -> None:
    memory = made()
    owner, waiter = memory.thread(pid=12), memory.thread(pid=12)
    memory.user[0x10000] = section(memory.tid(owner), 64)
    memory.wait(waiter, memory.object(1), reason=WR_ALERT)
    memory.member(waiter, memory.machine.thread["WaitBlockCount"], 0)
    memory.member(waiter, memory.machine.thread["FirstArgument"], 0x10000 + offset)
    held = held_by(memory, waiter)
    assert (held.kind, held.object, held.owners, held.sure) == (Kind.CRITICAL_SECTION, 0x10000, (owner,), True)


@pytest.mark.parametrize("count", [-1, 0, -2, -5, 1 << 30])
def test_what_nobody_holds_or_waits_for_is_no_section(count: int) -> None:
    memory = made()
    owner, waiter = memory.thread(pid=12), memory.thread(pid=12)
    memory.user[0x10000] = section(memory.tid(owner), 64, count)
    memory.wait(waiter, memory.object(1), reason=WR_ALERT)
    memory.member(waiter, memory.machine.thread["FirstArgument"], 0x10000)
    assert held_by(memory, waiter).kind is Kind.WAIT_ADDRESS


def test_the_owner_of_a_section_is_a_thread_of_its_process() -> None:
    memory = made()
    other, waiter = memory.thread(pid=16), memory.thread(pid=12)
    memory.user[0x10000] = section(memory.tid(other), 64)
    memory.wait(waiter, memory.object(1), reason=WR_ALERT)
    memory.member(waiter, memory.machine.thread["FirstArgument"], 0x10000)
    assert verdicts(memory.graph(), [waiter]) == [["owner-gone"]] and not held_by(memory, waiter).owners
    memory.user[0x10000] = section(memory.tid(other), 64, debug=0x123456)
    assert held_by(memory, waiter).kind is Kind.WAIT_ADDRESS


def test_a_section_of_a_32_bit_program() -> None:
    memory = made()
    owner, waiter = memory.thread(pid=12), memory.thread(pid=12)
    process = memory.processes[12]
    memory.processes[12] = type(process)(process.eprocess, 12, 0, "made32.exe", 0, 0, "made", wow64=0x7000)
    memory.user[0x10000] = section(memory.tid(owner), 32)
    memory.wait(waiter, memory.object(1), reason=WR_ALERT)
    memory.member(waiter, memory.machine.thread["FirstArgument"], 0x10000)
    assert held_by(memory, waiter).owners == (owner,)


@pytest.mark.parametrize("name", ["win7", "xp"])
def test_a_section_whose_event_is_waited_for(name: str) -> None:
    """Up to Windows 7: by the handle, through the list that PEB.LoaderLock leads to."""
    memory = made(name)
    owner, waiter = memory.thread(pid=12), memory.thread(pid=12)
    process = memory.processes[12]
    table, page, header = memory.block(0x80), memory.block(0x1000, 0x1000), memory.block(0x200)
    memory.put(table, page)
    wide = memory.machine.width
    memory.put(page + 0x44 // 4 * 2 * wide, header | 1)
    memory.processes[12] = made_process(process.eprocess, 12, peb=0x20000, table=table)
    debugs = [0x30000, 0x31000]
    lock, body, count = (0x110, 0x30, -6) if wide == 8 else (0xA0, 0x18, 1)
    bits = memory.machine.bits
    memory.user[0x20000 + lock] = (0x10000).to_bytes(wide, "little")
    memory.user[0x10000] = section(0, bits, -1, 0, debug=debugs[0])
    memory.user[0x11000] = section(memory.tid(owner), bits, count, handle=0x44, debug=debugs[1])
    for debug, following, address in zip(debugs, debugs[::-1], (0x10000, 0x11000), strict=True):
        words = (address, following + 2 * wide)
        memory.user[debug + wide] = b"".join(each.to_bytes(wide, "little") for each in words)
    event = memory.object(SYNCHRONIZATION_EVENT, address=header + body)
    memory.wait(waiter, event)
    held = held_by(memory, waiter)
    assert (held.object, held.owners, held.kind) == (0x11000, (owner,), Kind.CRITICAL_SECTION)
    memory.put(page + 0x44 // 4 * 2 * wide, memory.block(0x100))
    assert held_by(memory, waiter).object == event


@EVERY
def test_others_who_wait_for_the_same_key(name: str) -> None:
    memory = made(name)
    waiters = [memory.thread(pid=12) for _ in range(7)]
    other = memory.thread(pid=16)
    for waiter in (*waiters, other):
        semaphore = memory.object(SEMAPHORE, address=waiter + memory.machine.thread["Semaphore"][0])
        memory.wait(waiter, semaphore, reason=0 if name == "xp" else WR_KEYED)
        memory.member(waiter, memory.machine.thread["KeyedWaitValue"], 0x50001)
    survey = memory.survey()
    (held,) = survey.waits[waiters[0]].held
    assert (held.kind, held.object) == (Kind.KEYED_EVENT, 0x50000) and "and 2 more" in held.notes[0]
    assert str(memory.tid(waiters[1])) in held.notes[0]
    assert survey.waits[other].held[0].notes == ("who would wake it is not kept",)


def listed_sections(memory: Made, count: int, waited_for: int) -> tuple[int, int, int]:
    """A process with a list of so many sections; the owner and the waiter of one of them, and its address."""
    owner, waiter = memory.thread(pid=12), memory.thread(pid=12)
    table, page, header = memory.block(0x80), memory.block(0x1000, 0x1000), memory.block(0x200)
    memory.put(table, page)
    memory.put(page + 0x44 // 4 * 16, header | 1)
    memory.processes[12] = made_process(memory.processes[12].eprocess, 12, peb=0x20000, table=table)
    first, stride = 0x100000, 0x60  # a section, its debug record behind it
    data = bytearray(count * stride)
    for number in range(count):
        address, following = first + number * stride, first + (number + 1) % count * stride
        held = number == waited_for
        owner_id = memory.tid(owner) if held else 0
        body = section(owner_id, 64, -6 if held else -1, int(held), 0x44 if held else 0, address + 0x28)
        data[number * stride : number * stride + 0x28] = body
        struct.pack_into("<QQ", data, number * stride + 0x30, address, following + 0x38)
    memory.user[first] = bytes(data)
    memory.user[0x20110] = first.to_bytes(8, "little")
    memory.wait(waiter, memory.object(SYNCHRONIZATION_EVENT, address=header + 0x30))
    return owner, waiter, first + waited_for * stride


@pytest.mark.parametrize("number", [4000, 4200, 9999])
def test_a_section_however_far_down_the_list(number: int) -> None:
    memory = made("win7")
    owner, waiter, address = listed_sections(memory, 10_000, number)
    survey = memory.survey()
    (held,) = survey.waits[waiter].held
    assert (held.object, held.owners, held.kind) == (address, (owner,), Kind.CRITICAL_SECTION)
    assert not survey.notes


@pytest.mark.parametrize("limit", ["MOST_OF_PROCESS", "MOST_SECTIONS"])
def test_a_list_of_sections_that_was_cut_says_so(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = made("win7")
    _, waiter, _ = listed_sections(memory, 300, 200)
    monkeypatch.setattr(f"volplugins.waits.owners.critical_section.{limit}", 100)
    survey = memory.survey()
    assert survey.waits[waiter].held[0].kind is Kind.EVENT
    assert [note for note in survey.notes if "process 12: its list of critical sections is not followed" in note]
