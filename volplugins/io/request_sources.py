"""Where requests are found, each once, with every place that knows of it: lists of threads, devices and files, the
power manager's lists, parameters of a bugcheck, and memory itself.

ETHREAD.IrpList holds ThreadListEntry of requests; DEVICE_OBJECT has CurrentIrp, and a queue whose entries are
DeviceQueueEntry of requests; FILE_OBJECT.IrpList (from Vista on) holds ThreadListEntry of those that belong to no
thread, of a file bound to a completion port; POP_IRP_DATA.Irp is in the power manager's lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice
from typing import NamedTuple

from volplugins.io.file_object import FILE_TYPE
from volplugins.io.linked_list import ListWalk
from volplugins.io.request import Request, RequestReader, State
from volplugins.io.request_scan import ScannedRequest
from volplugins.io.shared_lists import SharedLists
from volplugins.kernel.io_layouts import IoLayouts
from volplugins.kernel.members import read_member
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Structure, read_structure

MOST_REQUESTS = 1 << 18  # that are told apart; more are counted by what makes them alike
MOST_GROUPED = 1 << 20  # that are read for it; the rest of a list is counted by its links alone
MOST_LINKS = 1 << 26  # of all lists together
MOST_AGAIN = 1 << 16  # of lists that lead into others, of all together
MOST_SIGHTINGS = 64  # of one request
MOST_HITS = 1 << 21  # of a search of memory
_MOST_KINDS = 4096
_MOST_FILES = 1 << 16
_MOST_PROBLEMS = 256


class Source(IntEnum):
    """Who knows of a request, best first."""

    THREAD = 0
    DEVICE = 1
    FILE = 2
    POWER = 3
    BUGCHECK = 4
    SCAN = 5

    @property
    def word(self) -> str:
        """As the contract has it."""
        return self.name.lower()


class Sighting(NamedTuple):
    """One place that leads to a request: ``owner`` is the thread, device, file or list head, 0 for none."""

    source: Source
    owner: int
    text: str = ""


class Alike(NamedTuple):
    """What requests have in common that are only counted."""

    major: int
    minor: int
    device: int
    file: int
    thread: int
    state: State
    source: Source


@dataclass(frozen=True, slots=True)
class PowerRecord:
    """What the power manager keeps of a power request: its devices, and since when it watches (as it counts time)."""

    record: int
    pdo: int
    target: int
    current: int
    watchdog_start: int


@dataclass(slots=True)
class RequestSources:
    """Gathers the requests of one kernel. Nothing here raises ReadError.

    Attributes:
        found: sightings by address, best first only after ``sightings``.
        missing: of entries that lead to no request: why.
        free: requests in blocks of pool that are free.
        power: the power manager's records by request.
        uncounted: of lists too long to be looked at one by one: requests by what makes them alike.
        beyond: lists whose rest was counted by its links alone: owner to count.
        problems: what is wrong with lists, in words.
    """

    memory: MemoryReader
    layouts: IoLayouts
    bits: int
    found: dict[int, tuple[Sighting, ...]] = field(default_factory=dict)
    missing: dict[int, str] = field(default_factory=dict)
    free: set[int] = field(default_factory=set)
    power: dict[int, PowerRecord] = field(default_factory=dict)
    uncounted: Counter[Alike] = field(default_factory=Counter)
    beyond: Counter[Sighting] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    reader: RequestReader = field(init=False)
    _files: dict[int, None] = field(default_factory=dict)
    _grouped: int = 0
    _crowded: bool = False
    _shared: SharedLists = field(init=False)

    def __post_init__(self) -> None:
        self._shared = SharedLists(MOST_LINKS, again=MOST_AGAIN)
        self.reader = RequestReader(self.memory, self.layouts, self.bits)

    def sightings(self, irp: int) -> tuple[Sighting, ...]:
        """Every place that leads to this request, best first."""
        return tuple(sorted(self.found.get(irp, ()), key=lambda each: each.source))

    def thread(self, ethread: int) -> None:
        """The requests in a thread's list."""
        if self.reader.known and self.layouts.thread.has("IrpList"):
            head = ethread + self.layouts.thread.offset("IrpList")
            self._list(
                Sighting(Source.THREAD, ethread), head, self.reader.list_entry, f"IrpList of thread {ethread:#x}"
            )

    def file(self, file: int) -> None:
        """The requests in a file object's list; none where what is there is no file object."""
        if self.reader.known and self.layouts.file.has("IrpList") and self._is_file(file):
            head = file + self.layouts.file.offset("IrpList")
            self._list(Sighting(Source.FILE, file), head, self.reader.list_entry, f"IrpList of file object {file:#x}")

    def _is_file(self, file: int) -> bool:
        try:
            return int.from_bytes(self.memory.read(file, 2), "little") == FILE_TYPE
        except ReadError:
            return False

    def files_met(self) -> None:
        """The lists of all files that requests name."""
        for file in list(self._files):
            self.file(file)

    def device(self, device: int) -> None:
        """The request that a device works on, and those in its queue."""
        layout = self.layouts.device_object
        if not self.reader.known or not layout.has("CurrentIrp") or not layout.has("DeviceListHead"):
            return
        current = read_member(self.memory, device, layout, "CurrentIrp")  # where absent, whoever lists devices says so
        if current:
            self._take(current, Sighting(Source.DEVICE, device, "CurrentIrp"))
        head, text = device + layout.offset("DeviceListHead"), f"queue of device {device:#x}"
        self._list(Sighting(Source.DEVICE, device, "queue"), head, self.reader.queue_entry, text)

    def power_list(self, head: int, name: str) -> None:
        """The requests of one of the power manager's lists."""
        layout = self.layouts.power_irp
        if not layout.has("Irp") or not self.reader.known:
            return
        walk = ListWalk(self.memory, head, self.bits, MOST_REQUESTS, shared=self._shared)
        for entry in walk.entries():
            try:
                record = read_structure(self.memory, entry - layout.offset("Link"), layout)
            except ReadError as error:
                self._problem(f"{name}: {entry:#x} cannot be read ({error.reason})")
                continue
            irp = record.unsigned("Irp")
            if irp:
                self.power.setdefault(irp, _power_record(record))
                self._take(irp, Sighting(Source.POWER, record.address, name))
        self._problems(name, walk)

    def named(self, irp: int, text: str) -> None:
        """A request that something else names, such as a parameter of a bugcheck."""
        self._take(irp, Sighting(Source.BUGCHECK, 0, text))

    def scanned(self, hits: Iterable[ScannedRequest]) -> None:
        """Requests that memory holds."""
        for number, hit in enumerate(hits):
            if number >= MOST_HITS:
                self._problem(f"memory holds more than {MOST_HITS} requests: it was not searched to its end")
                return
            if hit.free and len(self.free) < MOST_REQUESTS:
                self.free.add(hit.irp)
            self._take(hit.irp, Sighting(Source.SCAN, 0, hit.tag))

    def _list(self, sighting: Sighting, head: int, at: int, name: str) -> None:
        """Requests whose entries, ``at`` bytes into each, are linked into the list at ``head``."""
        walk = ListWalk(self.memory, head, self.bits, MOST_LINKS, shared=self._shared)
        entries = walk.entries()
        for entry in islice(entries, MOST_GROUPED):
            self._take(entry - at, sighting)
            if self._grouped >= MOST_GROUPED:
                break
        rest = sum(1 for _ in entries)
        if rest:
            self.beyond[sighting] += rest
        self._problems(name, walk)

    def _take(self, irp: int, sighting: Sighting) -> None:
        known = self.found.get(irp)
        if known is not None:
            self._sight(irp, known, sighting)
            return
        if not self.reader.known:
            return
        request = self.reader.read(irp) if irp >> (self.bits - 1) == 1 else "is no kernel address"
        if isinstance(request, Request):
            for file in _files_of(request):
                if len(self._files) < _MOST_FILES:
                    self._files.setdefault(file)
        if len(self.found) < MOST_REQUESTS:
            self.found[irp] = (sighting,)
            if isinstance(request, str):
                self.missing[irp] = request
        elif isinstance(request, Request) and not (sighting.source is Source.SCAN and request.linked):
            self._count(request, sighting)  # a linked one is counted by its list

    def _sight(self, irp: int, known: tuple[Sighting, ...], sighting: Sighting) -> None:
        """One more place that leads to a request that others have led to."""
        if sighting in known:
            return
        if len(known) < MOST_SIGHTINGS:
            self.found[irp] = (*known, sighting)
            return
        if not self._crowded:
            self.problems.append(f"more than {MOST_SIGHTINGS} places lead to {irp:#x}: the rest is left out")
        self._crowded = True

    def _count(self, request: Request, sighting: Sighting) -> None:
        """Count a request that is one too many to be kept."""
        self._grouped += 1
        shown = request.shown
        major, minor, device, file = (shown.major, shown.minor, shown.device, shown.file) if shown else (0, 0, 0, 0)
        kind = Alike(major, minor, device, request.file or file, request.thread, request.state, sighting.source)
        if kind in self.uncounted or len(self.uncounted) < _MOST_KINDS:
            self.uncounted[kind] += 1
        else:
            self.uncounted[Alike(major, 0, 0, 0, 0, request.state, sighting.source)] += 1

    def _problems(self, name: str, walk: ListWalk) -> None:
        for problem in walk.problems:
            self._problem(f"{name}: {problem}")

    def _problem(self, text: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(text)
        elif len(self.problems) == _MOST_PROBLEMS:
            self.problems.append("more lists are damaged")


def _files_of(request: Request) -> Iterator[int]:
    if request.file:
        yield request.file
    for location in request.locations:
        if location.file:
            yield location.file


def _power_record(record: Structure) -> PowerRecord:
    pdo, target, current, start = (
        record.unsigned(each) for each in ("Pdo", "TargetDevice", "CurrentDevice", "WatchdogStart")
    )
    return PowerRecord(record.address, pdo, target, current, start)
