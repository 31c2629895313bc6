"""Rows of windows.kd.irps: what is under way first, oldest first, and of that first what others than Microsoft hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from volplugins.io.holder import setter
from volplugins.io.request import Request, StackLocation
from volplugins.io.words.functions import major_function, minor_function
from volplugins.vol.commands.irps.facts import Teller, Told
from volplugins.vol.commands.irps.groups import Group, Groups
from volplugins.vol.commands.irps.notes import location_note, request_note
from volplugins.vol.commands.irps.row import IrpRow, failure_row
from volplugins.vol.scene.io_requests import IoRequests, io_requests
from volplugins.vol.scene.process_selection import Progress, choose

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MOST_KEPT = 1 << 14  # requests that are kept between putting them in order and showing them


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown.

    Attributes:
        who: only requests of these processes. ``drivers``: only those held by drivers that fit one of these patterns.
        addresses: only these requests, known or not. ``wrong``: texts that were given as addresses and are none.
        locations: every stack location too. ``grouped``: equal ones once.
    """

    who: Sequence[str] = ()
    drivers: Sequence[str] = ()
    addresses: Sequence[int] = ()
    wrong: Sequence[str] = ()
    locations: bool = False
    grouped: bool = False
    scan: bool | None = None


def irps_rows(scene: CrashScene, wanted: Wanted, progress: Progress | None = None) -> Iterator[IrpRow]:
    """The rows; then what was left out, and what could not be followed."""
    yield from (failure_row(f"{text}: no address") for text in wanted.wrong)
    if wanted.wrong and not wanted.addresses:
        return
    found = io_requests(scene, wanted.scan, progress)
    chosen, problems = choose(found.processes.processes, wanted.who)
    pids = {process.pid for process, _ in chosen} if wanted.who else None
    maker = _Rows(scene, found, wanted)
    told = maker.fitting(wanted.addresses or found.sources.found, pids)
    yield from maker.grouped(told, pids) if wanted.grouped else maker.single(told)
    for problem in (*problems, *maker.left_out(), *found.notes):
        yield failure_row(problem)
    if not found.sources.found and not wanted.addresses:
        yield failure_row("; ".join(scene.notes) or "no request was found")


class _Rows:
    """Makes the rows of one run."""

    def __init__(self, scene: CrashScene, found: IoRequests, wanted: Wanted) -> None:
        self._scene, self._found, self._wanted = scene, found, wanted
        self._teller = Teller(scene, found)

    def fitting(self, irps: Iterable[int], pids: set[int | None] | None) -> Iterator[Told]:
        """What is told of the requests that were asked for."""
        for irp in irps:
            told = self._teller.tell(irp)
            if (pids is None or told.pid in pids) and self._held(told):
                yield told

    def _held(self, told: Told) -> bool:
        names = (told.holder.driver.lower(), told.holder.driver.rpartition("\\")[2].lower())
        patterns = [pattern.lower().removesuffix(".sys") for pattern in self._wanted.drivers]
        return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)

    def single(self, requests: Iterable[Told]) -> Iterator[IrpRow]:
        """A row each, and one per location where they are asked for."""
        ordered: list[tuple[tuple[int, bool, float, int], int, Told | None]] = []
        for told in requests:
            ordered.append((told.order, told.irp, told if len(ordered) < _MOST_KEPT else None))
        for _, irp, kept in sorted(ordered, key=lambda each: each[:2]):
            told = kept or self._teller.tell(irp)
            yield self._row(told, request_note(self._scene, self._found, told))
            if self._wanted.locations and told.request is not None:
                yield from self._locations(told.request)

    def _row(self, told: Told, note: str) -> IrpRow:
        request, owner = told.request, told.owner
        shown = request.shown if request is not None else None
        process = owner.process.name if owner is not None and owner.process is not None else ""
        return IrpRow(
            0, told.pid, process, owner.thread.tid if owner is not None else None, told.irp, told.source,
            shown.major_name if shown is not None else "", shown.minor_name if shown is not None else "",
            told.holder.driver, told.holder.device or None, told.file, told.state,
            told.age.seconds if told.age is not None else None,
            f"{request.location}/{request.count}" if request is not None else "",
            self._routine(request.current) if request is not None else "", note,
        )  # fmt: skip

    def _routine(self, location: StackLocation | None) -> str:
        routine = location.completion if location is not None else 0
        return self._scene.symbolizer.locate(routine).text() if routine else ""

    def _locations(self, request: Request) -> Iterator[IrpRow]:
        """The stack locations, the lowest driver's first."""
        devices = self._found.devices
        for location in request.locations:
            file = devices.file(location.file) if location.file else None
            note = location_note(self._scene, request, location, setter(request, location, devices))
            used = location.used
            yield IrpRow(
                1, None, "", None, request.irp, "", location.major_name if used else "", location.minor_name,
                devices.driver_name(location.device), location.device or None, file.name if file is not None else "",
                "", None, f"{location.number}/{request.count}", self._routine(location), note,
            )  # fmt: skip

    def grouped(self, requests: Iterable[Told], pids: set[int | None] | None) -> Iterator[IrpRow]:
        """A row per kind of request, the largest first."""
        groups = Groups()
        for told in requests:
            groups.add(told)
        for alike, count in self._found.sources.uncounted.items():
            pid = self._teller.pid_of(alike.thread)
            if not self._wanted.addresses and not self._wanted.drivers and (pids is None or pid in pids):
                groups.add_counted(alike, pid, count)
        for group in sorted(groups.groups.values(), key=lambda each: -each.count):
            yield self._group(group)
        if groups.left_out:
            yield failure_row(f"{groups.left_out} requests are of further kinds, which are not shown")

    def _group(self, group: Group) -> IrpRow:
        if group.first is not None:
            note = request_note(self._scene, self._found, group.first)
            return self._row(group.first, "; ".join(part for part in (group.note, note) if part))
        alike, devices = group.alike, self._found.devices
        assert alike is not None  # a group has a first, or what was counted
        file = devices.file(alike.file) if alike.file else None
        return IrpRow(
            0, self._teller.pid_of(alike.thread), "", None, None, alike.source.word, major_function(alike.major),
            minor_function(alike.major, alike.minor), devices.driver_name(alike.device), alike.device or None,
            file.name if file is not None else "", alike.state.value, None, "", "", group.note,
        )  # fmt: skip

    def left_out(self) -> Iterator[str]:
        """What was counted only."""
        sources = self._found.sources
        only = sum(sources.uncounted.values())
        if only and not self._wanted.grouped:
            yield f"{only} more requests are not shown one by one (--group counts them)"
        for sighting, count in sources.beyond.items():
            where = f"{sighting.source.word} {sighting.owner:#x}"
            yield f"{where}: {count} more requests follow in its list, which were counted only"
