"""I/O requests that threads wait for: by the event that is set when a request is done, else by the thread's own list.

A thread waits for IRP.UserEvent, for the event in the file object of a synchronous file (FILE_OBJECT.Event, wdm.h, at
the same place in every build), or, in the kernel, for an event on its own stack whose request its list alone names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from volplugins.io.device_lookup import DeviceLookup
from volplugins.io.holder import holder_of
from volplugins.io.request import Request, State
from volplugins.io.request_sources import RequestSources, Source
from volplugins.waits.held import Held
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import Kind

FILE_EVENT = {64: 0x98, 32: 0x5C}
_EXECUTIVE = (0, 7)
_UNDER_WAY = (State.PENDING, State.ACTIVE, State.CANCELLED)
_MOST_READ = 1 << 18
# drivers that pass on what another machine has to answer
REDIRECTORS = frozenset(
    f"\\{where}\\{name}"
    for where in ("filesystem", "driver")
    for name in "mrxsmb mrxsmb10 mrxsmb20 mrxdav rdbss mup dfsc rdpdr nfsrdr webclient csc dfsdriver".split()
)


@dataclass(slots=True)
class RequestWaits:
    """The requests under way, by what is waited for and by whose they are."""

    sources: RequestSources | None
    devices: DeviceLookup | None
    _by_event: dict[int, list[Request]] = field(default_factory=dict)
    _by_thread: dict[int, list[Request]] = field(default_factory=dict)
    _gathered: bool = False

    def held(self, waiter: Waiter, waited: int) -> Held | None:
        """The request that a thread waits for by waiting for ``waited``; None where it waits for none."""
        if not self._gathered:
            self._gather()
        request, how = self._of_event(waiter, waited), "the request sets the event that is waited for"
        if request is None and waiter.reason in _EXECUTIVE and waiter.thread.holds(waited):
            own = self._by_thread.get(waiter.ethread, ())
            request, how = (own[0], "the only request in its thread's list") if len(own) == 1 else (None, "")
        return self._told(request, how) if request is not None else None

    def _of_event(self, waiter: Waiter, waited: int) -> Request | None:
        """Of several requests of one file the thread's own, before those that were cancelled."""
        found = self._by_event.get(waited, ())
        own = (each for each in found if each.thread == waiter.ethread and each.state is not State.CANCELLED)
        return next(own, None) or next((each for each in found if each.thread == waiter.ethread), None) or _first(found)

    def _gather(self) -> None:
        self._gathered = True
        if self.sources is None or not self.sources.reader.known:
            return
        at = FILE_EVENT[self.sources.bits]
        for irp in list(self.sources.found)[:_MOST_READ]:
            request = self.sources.reader.read(irp) if irp not in self.sources.free else ""
            if not isinstance(request, Request) or request.state not in _UNDER_WAY:
                continue
            if request.user_event:
                self._by_event.setdefault(request.user_event, []).append(request)
            current = request.shown
            for file in {request.file, current.file if current is not None else 0} - {0}:
                self._by_event.setdefault(file + at, []).append(request)
            for each in self.sources.sightings(irp):
                if each.source is Source.THREAD:
                    self._by_thread.setdefault(each.owner, []).append(request)

    def _told(self, request: Request, how: str) -> Held:
        assert self.devices is not None
        holder = holder_of(request, self.devices)
        file = self.devices.file(request.file) if request.file else None
        remote = any(name.lower() in REDIRECTORS for name in (holder.driver, holder.next) if name)
        asks = request.shown.major_name if request.shown is not None else ""
        held_by = f"held by {holder.driver}" if holder.driver else "which driver holds it is not known"
        below = f"below it {holder.next}" if holder.next else ""
        found = Held(
            request.irp, Kind.IRP, name=file.name if file is not None else "", driver=holder.driver, remote=remote,
        )  # fmt: skip
        return found.noting(asks, held_by, below, how)


def _first(found: Sequence[Request]) -> Request | None:
    return found[0] if found else None
