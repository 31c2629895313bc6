"""Crashes whose culprit is hard to find, by name: beside the usual ones of scenarios_x64.py and scenarios_x86.py."""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes.access_bits import ACCESS_BITS
from volplugins.lab.crashes.bit_flips import BIT_FLIPS_X64, BIT_FLIPS_X86
from volplugins.lab.crashes.crash import Crash
from volplugins.lab.crashes.old_records import OLD_RECORDS_X64, OLD_RECORDS_X86
from volplugins.lab.crashes.other_stacks import OTHER_STACKS
from volplugins.lab.crashes.other_tasks import MACHINE_CHECKS_X64, OTHER_TASKS_X86
from volplugins.lab.crashes.pointer_calls import POINTER_CALLS
from volplugins.lab.machine.profiles import Profile
from volplugins.lab.world.world import World

_HARD_X64: dict[str, Callable[[World], Crash]] = {
    **POINTER_CALLS, **OLD_RECORDS_X64, **OTHER_STACKS, **ACCESS_BITS, **BIT_FLIPS_X64,
    **MACHINE_CHECKS_X64,
}  # fmt: skip
_HARD_X86: dict[str, Callable[[World], Crash]] = {
    **POINTER_CALLS,
    **OLD_RECORDS_X86,
    **BIT_FLIPS_X86,
    **OTHER_TASKS_X86,
}
# what came with Windows 8 (build 9200): the DPC watchdog, access kinds by bits, __fastfail
_WINDOWS_8 = {*ACCESS_BITS, "bit-flip-list", "dpc-watchdog-isr-stack", "dpc-watchdog-own-stack"}
_SINCE = {**dict.fromkeys(_WINDOWS_8, 9200), **dict.fromkeys(("exception-stack", "exception-stack-watchdog"), 19041)}

#: Every name, whichever machines have it.
HARD_FAULTS = tuple(dict.fromkeys((*_HARD_X64, *_HARD_X86)))


def hard_scenarios(profile: Profile) -> dict[str, Callable[[World], Crash]]:
    """The hard crashes that a machine can have."""
    known = _HARD_X64 if profile.bits == 64 else _HARD_X86
    return {name: made for name, made in known.items() if profile.build >= _SINCE.get(name, 0)}
