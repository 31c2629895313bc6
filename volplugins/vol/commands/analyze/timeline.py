"""The crash and the start of the machine before it, from the dump's header and its analysis."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.codes import bugcheck_name
from volplugins.dumpfile.header import DumpHeader
from volplugins.vol.output.timeline import Clock, Event, Kind, event


def crash_events(header: DumpHeader, signature: str) -> Iterator[Event]:
    """Crash and boot; none where the header holds no time.

    Args:
        signature: FAILURE_SIGNATURE; empty where it could not be worked out.
    """
    clock = Clock(header.system_time)
    code = header.bugcheck_code
    parts = (f"Crash {code:#x}", bugcheck_name(code) or "", signature)
    yield from event(" ".join(part for part in parts if part), Kind.CREATED, clock.crash, "happened")
    if header.system_time and header.system_uptime:
        booted = clock.time(header.system_time - header.system_uptime)
        yield from event("Boot (SystemTime - SystemUpTime)", Kind.CREATED, booted, "at")
