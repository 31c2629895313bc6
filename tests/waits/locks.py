"""What tests of locks share: memory made by hand, and who holds what a thread waits for."""

from __future__ import annotations

import pytest

from tests.waits.made_waits import MACHINES, Made
from volplugins.waits.held import Held

EVERY = pytest.mark.parametrize("name", MACHINES)


WR_RESOURCE, WR_PUSH_LOCK, WR_FAST_MUTEX, WR_ALERT, WR_KEYED, WR_QUEUE = 27, 28, 34, 37, 21, 15


WR_LPC_RECEIVE, WR_LPC_REPLY = 16, 17


SYNCHRONIZATION_EVENT, SEMAPHORE, QUEUE = 1, 5, 4


def made(name: str = "win10") -> Made:
    return Made(MACHINES[name])


def held_by(memory: Made, waiter: int) -> Held:
    return memory.survey().waits[waiter].held[0]


def lock_entry(memory: Made, thread: int, number: int, lock: int, acquired: bool, flags: int = 2) -> None:
    """AutoBoost's entry: the lock's address loses its highest bit and gains flags (1: any thread may release it)."""
    at, size = memory.machine.thread["LockEntries"]
    entry = thread + at + number * size
    memory.put(entry + 0x20, (lock & ~(1 << 63)) | (1 << 63 if number % 2 else 0) | flags)
    memory.put(entry + 0x1A, acquired, 1)


def fast_mutex(memory: Made, owner: int, **values: int) -> tuple[int, int]:
    """The mutex, and the event in it; one waits for it. ``Count``: wdm.h, FM_LOCK_*, before Vista -1."""
    width = memory.machine.width
    places = {"Count": 0, "Owner": width, "Contention": 2 * width, "OldIrql": 0x30 if width == 8 else 0x1C}
    address = memory.block(0x38)
    event = address + (0x18 if width == 8 else 0xC)
    memory.object(SYNCHRONIZATION_EVENT, address=event)
    for name, value in {
        "Count": 4 if memory.machine.build >= 6000 else -1,
        "Owner": owner,
        "Contention": 1,
        **values,
    }.items():
        memory.put(address + places[name], value, width if name == "Owner" else 4)
    return address, event
