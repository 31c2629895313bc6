"""Two dumps compared by their results: two of one machine, before and after, or two of one failure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from volplugins.corpus.changes import Facts, Keyed, Section, compared, numbered
from volplugins.corpus.result_folder import ResultFolder
from volplugins.report.shown_text import shown

_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+")
_MODULE = {"version": "Version", "timestamp": "Timestamp", "checksum": "CheckSum", "pdb": "GuidAge", "path": "Path"}
_DEVICE = {"service": "Service", "state": "State", "problem": "Problem", "stack": "Stack"}


@dataclass(frozen=True, slots=True)
class Difference:
    """What two dumps have in common and what they have not.

    Attributes:
        before, after: what crashed on either side.
        computer, boot, failure: whether the machine's name, its run and the signature are the same; None: not known.
        sections: in the order in which they are told.
        notes: what of a side was not compared, a line each.
    """

    before: Facts
    after: Facts
    computer: bool | None
    boot: bool | None
    failure: bool | None
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()


SCHEMA = "volplugins.diff/1"


def difference(before: ResultFolder, after: ResultFolder) -> Difference:
    """Compare them; never raises for what the folders hold."""
    boot = before.same_boot(after)
    sections = (
        _crash(before, after),
        _stack(before, after),
        _section("modules", "Kernel modules", "file name", _kernel_modules, before, after),
        _section("user-modules", "Images of user memory", "path", _user_modules, before, after),
        _processes(before, after, bool(boot)),
        _section("services", "Services", "name", _services, before, after),
        _section("drivers", "Driver objects", "name", _drivers, before, after),
        _section("devices", "Devices", "instance path", _devices, before, after),
        _findings(before, after),
    )
    signatures = [side.crash().get("signature") for side in (before, after)]
    return Difference(
        before.crash(), after.crash(), before.same_computer(after), boot,
        signatures[0] == signatures[1] if all(signatures) else None, sections, _notes(before, after),
    )  # fmt: skip


def _notes(before: ResultFolder, after: ResultFolder) -> tuple[str, ...]:
    """What was left of each side; to be asked when all has been compared."""
    return tuple(f"{name}: {text}" for name, side in (("before", before), ("after", after)) for text in side.left)


Thing = tuple[Hashable, str, Facts]


def _section(
    name: str, title: str, matched: str, things: Callable[[ResultFolder], Iterable[Thing]], before: ResultFolder,
    after: ResultFolder,
) -> Section:  # fmt: skip
    return compared(Section(name, title, matched), numbered(things(before)), numbered(things(after)))


def _crash(before: ResultFolder, after: ResultFolder) -> Section:
    """Each fact of the crash by itself."""

    def facts(side: ResultFolder) -> Keyed:
        return {name: (name, {"value": _plain(value)}) for name, value in side.crash().items() if name != "dump"}

    return compared(Section("bugcheck", "Bugcheck and machine", "field"), facts(before), facts(after))


def _stack(before: ResultFolder, after: ResultFolder) -> Section:
    """The crashing stacks, frame by frame, by function: displacements differ between builds."""

    def frames(side: ResultFolder) -> Iterator[Thing]:
        for symbol in side.stack():
            name = symbol.rpartition("+")[0] if "!" in symbol else symbol
            yield name, name, {}

    return compared(Section("stack", "Crashing stack", "function"), numbered(frames(before)), numbered(frames(after)))


def _kernel_modules(side: ResultFolder) -> Iterator[Thing]:
    for row in side.kernel_modules():
        yield shown(row.get("Module")).lower(), shown(row.get("Module")), _chosen(row, _MODULE)


def _user_modules(side: ResultFolder) -> Iterator[Thing]:
    """Each image once, however many processes have it."""
    return side.first("lm", _images(side))


def _images(side: ResultFolder) -> Iterator[Thing]:
    seen = set()
    for row in side.user_modules():
        facts = {name: value for name, value in _chosen(row, _MODULE).items() if name != "path"}
        path = shown(row.get("Path") or row.get("Module"))
        one = path.lower(), *facts.values()
        if one not in seen:
            seen.add(one)
            yield path.lower(), path, facts


def _processes(before: ResultFolder, after: ResultFolder, boot: bool) -> Section:
    """Of one run of a machine by id and time of creation; else by name and command line, as often as they are there."""

    def things(side: ResultFolder) -> Iterator[Thing]:
        for row in side.processes():
            name, line = shown(row.get("Name")), shown(row.get("CommandLine"))
            told = {
                "pid": _plain(row.get("PID")),
                "created": _plain(row.get("CreateTime")),
                "command_line": line or None,
            }
            if boot:
                what = f"{name} {shown(row.get('PID'))}"
                state = {"life": _plain(row.get("Life")), "page_directory": _plain(row.get("PageDirectory"))}
                yield (repr(row.get("PID")), repr(row.get("CreateTime")), name), what, told | state
            else:
                yield (name.lower(), line.lower()), name, told

    matched = "id, time of creation and name" if boot else "name and command line"
    section = Section("processes", "Processes", matched)
    return compared(section, numbered(things(before)), numbered(things(after)), presence=not boot)


def _services(side: ResultFolder) -> Iterator[Thing]:
    """Services that device nodes name, with how many devices each has."""
    counts: dict[str, int] = {}
    for row in side.devices():
        service = shown(row.get("Service"))
        if service:
            counts[service] = counts.get(service, 0) + 1
    for service, count in sorted(counts.items()):
        yield service.lower(), service, {"devices": count}


def _drivers(side: ResultFolder) -> Iterator[Thing]:
    for row in side.drivers():
        name = shown(row.get("Driver"))
        yield name.lower(), name, {"module": _plain(row.get("Module"))}


def _devices(side: ResultFolder) -> Iterator[Thing]:
    for row in side.devices():
        name = shown(row.get("Instance") or row.get("PDO"))
        yield name.lower(), name, _chosen(row, _DEVICE)


def _findings(before: ResultFolder, after: ResultFolder) -> Section:
    """By what they say but for its numbers: addresses are others in every run."""

    def things(side: ResultFolder) -> Iterator[Thing]:
        for one in side.findings():
            evidence = shown(one.get("evidence"))
            parts = [shown(one.get(name)) for name in ("kind", "process", "module")]
            facts = {name: _plain(one.get(name)) for name in ("severity", "pid", "evidence", "next")}
            yield (*(part.lower() for part in parts), _NUMBER.sub("#", evidence)), " ".join(filter(None, parts)), facts

    section = Section("findings", "Findings", "kind, process, module and evidence without its numbers")
    return compared(section, numbered(things(before)), numbered(things(after)), presence=True)


def _chosen(row: Facts, names: dict[str, str]) -> dict[str, Any]:
    return {name: _plain(row.get(column)) for name, column in names.items()}


def _plain(value: Any) -> Any:
    """A value that a page and a program take: numbers and truth stay, what is no number is none, all else is text."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float)) else shown(value)
