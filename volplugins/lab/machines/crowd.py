"""A made-up machine with a great many threads, for measuring how fast stacks are walked."""

from __future__ import annotations

from dataclasses import replace

from volplugins.lab.crashes.scenarios_x64 import SCENARIOS_X64
from volplugins.lab.machine.machine import new_machine
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import finish
from volplugins.lab.world.process_creation import create_thread
from volplugins.lab.world.world import populate

_MORE_RAM = (0x8000, 0x40000)  # a gibibyte behind the machine's own
_FIRST_TID = 0x10000


def build_crowd(threads: int, machine: str = "win10-x64", fault: str = "driver-read") -> Snapshot:
    """An x64 machine whose explorer.exe has ``threads`` more threads, all waiting, each with a user stack."""
    profile = replace(PROFILES[machine], runs=(*PROFILES[machine].runs, _MORE_RAM), stack_size=0x2000)
    made = new_machine(profile, 0, 0)
    world = populate(made, False)
    owner = world.process("explorer.exe")
    for number in range(threads):
        create_thread(made, owner, _FIRST_TID + 4 * number)
    return finish(world, SCENARIOS_X64[fault](world), fault)
