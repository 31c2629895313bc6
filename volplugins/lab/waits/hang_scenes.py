"""Hangs by name: each a machine that somebody crashed by hand because it did not answer, or that still runs so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volplugins.lab.crashes.crash import Crash
from volplugins.lab.crashes.running import in_driver
from volplugins.lab.crashes.scenarios_x64 import SCENARIOS_X64
from volplugins.lab.crashes.scenarios_x86 import SCENARIOS_X86
from volplugins.lab.machine.profiles import Profile
from volplugins.lab.waits.busy_processors import keyboard_on_busy
from volplugins.lab.waits.hang import Hang
from volplugins.lab.waits.hang_writing import begin_hang
from volplugins.lab.waits.message_queues import message_queues
from volplugins.lab.waits.scenes_of_locks import LATEST, LOCKS, NEWER, OLDER, WIDE
from volplugins.lab.waits.scenes_of_owners import OWNERS
from volplugins.lab.waits.scenes_of_processors import PROCESSORS
from volplugins.lab.waits.scenes_of_requests import REQUESTS
from volplugins.lab.world.world import World

Scene = Callable[[Hang], None]
_VISTA, _SEVEN, _FAST = 6000, range(7600, 7602), 17763
#: Of Windows 7: its window manager alone is published with types.
SEVEN: Mapping[str, Scene] = {"message-queues": message_queues}
_SCENES: Mapping[str, Scene] = {
    **OWNERS, **LOCKS, **NEWER, **OLDER, **SEVEN, **LATEST, **WIDE, **PROCESSORS, **REQUESTS,
}  # fmt: skip
PREFIX, RUNNING = "hang-", "-running"

#: Every name: what hangs and was crashed by hand, and the same on machines that run (images only).
HANGS = tuple(PREFIX + name for name in _SCENES)
RUNNING_HANGS = tuple(name + RUNNING for name in HANGS)


#: Scenes whose owners are told by the lock entries of threads, which Windows 11 keeps elsewhere.
OF_LOCK_ENTRIES, _ENTRIES_ELSEWHERE = ("push-locks",), 22000


def hang_scenarios(profile: Profile) -> dict[str, Callable[[World], Crash]]:
    """The hangs that a machine can have."""
    usual = SCENARIOS_X64 if profile.bits == 64 else SCENARIOS_X86
    lacking = {*(NEWER if profile.build < _VISTA else OLDER), *(WIDE if profile.bits == 32 else ()),
               *(LATEST if profile.build < _FAST else ()), *(() if profile.build in _SEVEN else SEVEN),
               *(OF_LOCK_ENTRIES if profile.build >= _ENTRIES_ELSEWHERE else ())}  # fmt: skip
    made: dict[str, Callable[[World], Crash]] = {}
    for name, scene in _SCENES.items():
        if name in lacking:
            continue
        made[PREFIX + name] = _with(scene, keyboard_on_busy if name == "inversion" else usual["keyboard"])
        made[PREFIX + name + RUNNING] = _with(scene, in_driver)
    return made


def _with(scene: Scene, ending: Callable[[World], Crash]) -> Callable[[World], Crash]:
    def play(world: World) -> Crash:
        hang = begin_hang(world)
        scene(hang)
        return ending(world)

    return play
