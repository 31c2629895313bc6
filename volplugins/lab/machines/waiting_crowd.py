"""A made-up machine with a great many waiting threads, for measuring how fast waits are read."""

from __future__ import annotations

from dataclasses import replace

from volplugins.lab.crashes.scenarios_x64 import SCENARIOS_X64
from volplugins.lab.machine.machine import new_machine
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import finish
from volplugins.lab.waits.dispatchers import event, mutant
from volplugins.lab.waits.hang_writing import begin_hang
from volplugins.lab.world.process_creation import create_thread
from volplugins.lab.world.world import populate

_MORE_RAM = (0x8000, 0x40000)  # a gibibyte behind the machine's own
_FIRST_TID = 0x10000
_CHAIN = 8
_RING = 64  # every so many chains one is closed


def build_waiting_crowd(threads: int, machine: str = "win10-x64") -> Snapshot:
    """An x64 machine with ``threads`` more threads of System, in chains of eight; one chain in 64 is a deadlock.

    Each waits for the next one's mutant, the last of an open chain for an event.
    """
    profile = replace(PROFILES[machine], runs=(*PROFILES[machine].runs, _MORE_RAM), stack_size=0x2000)
    made = new_machine(profile, 0, 0)
    world = populate(made, False)
    hang = begin_hang(world)
    crowd = [create_thread(made, world.system, _FIRST_TID + 4 * number) for number in range(threads)]
    for number, thread in enumerate(crowd):
        following = number + 1 if (number + 1) % _CHAIN and number + 1 < threads else number // _CHAIN * _CHAIN
        closed = following < number and number // _CHAIN % _RING == 0 and number + 1 < threads
        owner = crowd[following] if following > number or closed else None
        hang.wait(thread, [mutant(hang, owner) if owner else event(hang)], 30)
    return finish(world, SCENARIOS_X64["keyboard"](world), "keyboard")
