"""Findings of I/O requests: completion routines in no module, lists that hold freed requests, lists that break."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import LIST_BROKEN, REQUEST_FREED, ROUTINE_OUTSIDE_MODULES
from volplugins.io.request import Request, State
from volplugins.io.request_sources import RequestSources, Source
from volplugins.io.words.functions import MAXIMUM_FUNCTION
from volplugins.loader.module import ModuleTable

# what holds requests; a search of memory holds none
_LISTS = (Source.THREAD, Source.DEVICE, Source.FILE, Source.POWER)
# what is left of a request that was completed is called by nobody
_UNDER_WAY = (State.PENDING, State.ACTIVE, State.CANCELLED)
_MOST_READ = 20_000


def of_requests(sources: RequestSources, modules: ModuleTable) -> Iterator[Finding]:
    """The findings, of the first 20,000 requests; without a list of modules nothing is said of what lies outside."""
    for irp in list(sources.found)[:_MOST_READ]:
        more = f"windows.kd.irps --irp {irp:#x} --locations"
        held = [each for each in sources.sightings(irp) if each.source in _LISTS]
        if irp in sources.free and held:
            evidence = f"IRP {irp:#x} lies in a pool block that is free, and is in a list ({held[0].source.word})"
            yield Finding(REQUEST_FREED, Subject(address=irp), evidence, more)
        elif irp not in sources.free and len(modules):
            request = sources.reader.read(irp)
            if isinstance(request, Request) and request.state in _UNDER_WAY:
                yield from _routines(request, modules, more)
    for problem in sources.problems:
        yield Finding(LIST_BROKEN, Subject(), problem, "windows.kd.irps")
    for irp, why in sources.missing.items():
        evidence = f"a list of requests leads to {irp:#x}: {why}"
        yield Finding(LIST_BROKEN, Subject(address=irp), evidence, f"windows.kd.irps --irp {irp:#x}")


def _routines(request: Request, modules: ModuleTable, more: str) -> Iterator[Finding]:
    """The first routine, of those still to be called, that lies in no module; a location of no function is damage."""
    for location in request.locations:
        routine = location.completion
        called = location.number >= request.location and location.major <= MAXIMUM_FUNCTION
        if called and routine and modules.at(routine) is None:
            where = f"completion routine {routine:#x} of stack location {location.number}"
            evidence = f"IRP {request.irp:#x}: {where} lies in no module"
            yield Finding(ROUTINE_OUTSIDE_MODULES, Subject(address=request.irp), evidence, more)
            return
