"""The crash and the start of the machine before it, as the target records them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.bugcheck.words.codes import bugcheck_name
from volplugins.target.target import Target
from volplugins.vol.output.timeline import Clock, Event, Kind, event
from volplugins.vol.scene.crash_scene import analysis_of

if TYPE_CHECKING:
    from volplugins.vol.commands.shell import Request


def events(request: Request) -> Iterator[Event]:
    """The crash, with its signature where that can be worked out, and the boot before it."""
    target = request.target()
    try:
        signature = analysis_of(request.scene(request.images())).signature
    except Exception:  # the target alone is enough for the times
        signature = ""
    yield from crash_events(target, signature)


def crash_events(target: Target, signature: str) -> Iterator[Event]:
    """Crash and boot; none where the target has no time.

    Args:
        signature: FAILURE_SIGNATURE; empty where it could not be worked out.
    """
    clock = Clock(target.system_time)
    if target.crashed:
        code = target.bugcheck.code
        parts = (f"Crash {code:#x}", bugcheck_name(code) or "", signature)
        yield from event(" ".join(part for part in parts if part), Kind.CREATED, clock.crash, "happened")
    if target.system_time and target.system_uptime:
        booted = clock.time(target.system_time - target.system_uptime)
        yield from event("Boot (SystemTime - SystemUpTime)", Kind.CREATED, booted, "at")
