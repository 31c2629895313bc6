"""A thread of which a page is absent costs no other its row; what is not there is said, and not read elsewhere."""

from __future__ import annotations

import pytest

from tests.waits.locks import EVERY, WR_PUSH_LOCK, held_by, lock_entry, made

CUTS = {64: (0x300, 0x3B0), 32: (0x150, 0x200)}


@EVERY
@pytest.mark.parametrize("which", [0, 1])
def test_the_others_are_shown_and_the_absent_part_is_said(name: str, which: int) -> None:
    memory = made(name)
    waiter = memory.thread()
    memory.wait(waiter, memory.object(1))
    last = memory.thread()
    del memory.data[last - memory.base + CUTS[memory.machine.bits][which] :]
    survey = memory.survey()
    assert set(survey.threads) == {waiter, last} and list(survey.waits) == [waiter]
    assert any(note.startswith(f"thread {last:#x}: ") and "cannot be read" in note for note in survey.notes)


def test_lock_entries_that_are_absent_are_not_read_elsewhere() -> None:
    memory = made("win10")
    waiter = memory.thread()
    lock = memory.block(8)
    memory.wait(waiter, memory.object(1, address=memory.on_stack(waiter)), reason=WR_PUSH_LOCK)
    lock_entry(memory, waiter, 0, lock, False)
    last = memory.thread()
    lock_entry(memory, last, 0, lock, True)
    assert held_by(memory, waiter).owners == (last,)
    place = memory.machine.thread["LockEntries"][0]
    for entry in range(0x320, place - 0x60, 0x60):  # what a pointer's place would give for entries
        memory.put(last + entry + 0x20, (lock & ~(1 << 63)) | 2)
        memory.put(last + entry + 0x1A, 1, 1)
    del memory.data[last - memory.base + place :]
    assert held_by(memory, waiter).owners == ()
