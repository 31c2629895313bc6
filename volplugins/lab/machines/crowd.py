"""Made-up machines with a great many threads, for measuring how fast stacks are walked and waits are followed."""

from __future__ import annotations

from dataclasses import replace

from volplugins.lab.crashes.scenarios_x64 import SCENARIOS_X64
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.machine import new_machine
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import finish
from volplugins.lab.waits.dispatchers import event, mutant
from volplugins.lab.waits.hang import Wait
from volplugins.lab.waits.hang_writing import begin_hang
from volplugins.lab.waits.wait_words import reason_number
from volplugins.lab.world.process_creation import create_thread
from volplugins.lab.world.world import World, populate

_MORE_RAM = (0x8000, 0x40000)  # a gibibyte behind the machine's own
_FIRST_TID = 0x10000
CHAIN, RINGS = 10, 100


def build_crowd(threads: int, machine: str = "win10-x64", fault: str = "driver-read") -> Snapshot:
    """An x64 machine whose explorer.exe has ``threads`` more threads, all waiting, each with a user stack."""
    world, _ = _populated(threads, machine)
    return finish(world, SCENARIOS_X64[fault](world), fault)


def build_waiting_crowd(threads: int, machine: str = "win10-x64") -> Snapshot:
    """The same threads in chains of ten: each waits for a mutant of the next one, the last for an event of nobody's.

    Every hundredth chain is closed to a deadlock.
    """
    world, crowd = _populated(threads, machine)
    hang = begin_hang(world)
    reason = reason_number(hang.machine, "UserRequest")
    for place, thread in enumerate(crowd):
        chain, number = divmod(place, CHAIN)
        following = crowd[place + 1 : place + 2] if number < CHAIN - 1 else []
        if not following and chain % RINGS == 0:
            following = [crowd[chain * CHAIN]]
        waited = mutant(hang, following[0]) if following else event(hang)
        thread.waits, thread.reason = 64 * (10 + number), reason
        hang.waits[thread.address] = Wait(thread, reason, [waited], mode=1)
    return finish(world, SCENARIOS_X64["keyboard"](world), "keyboard")


def _populated(threads: int, machine: str) -> tuple[World, list[Thread]]:
    profile = replace(PROFILES[machine], runs=(*PROFILES[machine].runs, _MORE_RAM), stack_size=0x2000)
    made = new_machine(profile, 0, 0)
    world = populate(made, False)
    owner = world.process("explorer.exe")
    return world, [create_thread(made, owner, _FIRST_TID + 4 * number) for number in range(threads)]
