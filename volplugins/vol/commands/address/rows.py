"""Rows of windows.kd.address: a process's user addresses from end to end, or sums over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from volplugins.address.protection import word_of
from volplugins.address.region import UNKNOWN, Region
from volplugins.address.rule_marks import RuleMarks
from volplugins.address.summary import Sum, summarise
from volplugins.kernel.process import Process
from volplugins.vol.scene.address_maps import AddressMaps, ProcessMap
from volplugins.vol.scene.process_selection import Progress, choose, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene


class AddressRow(NamedTuple):
    """One region; sizes in bytes, ``end`` exclusive; None and empty texts: not known or not meant."""

    pid: int | None
    process: str
    start: int | None
    end: int | None
    size: int | None
    type: str
    state: str
    protect: str
    actual: str
    usage: str
    commit: int | None
    resident: int | None
    in_dump: int | None
    detail: str
    note: str


class SummaryRow(NamedTuple):
    """One sum; sizes in bytes, percentages as text with two digits."""

    pid: int | None
    process: str
    by: str
    name: str
    regions: int | None
    size: int | None
    percent_busy: str
    percent_total: str
    largest: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are wanted; each list holds words of its column, lower case; an empty one takes all."""

    who: Sequence[str] = ()
    scan: bool | None = None
    usage: Sequence[str] = ()
    type: Sequence[str] = ()
    state: Sequence[str] = ()
    protect: Sequence[str] = ()

    def takes(self, region: Region) -> bool:
        """Whether the region is to be shown."""
        return (
            _among(region.usage, self.usage)
            and _among(region.type, self.type)
            and _among(region.state, self.state)
            and _among(word_of(region.protect), self.protect)
        )


def _among(word: str, wanted: Sequence[str]) -> bool:
    return not wanted or word.lower() in wanted


def failure_row(why: str, process: Process | None = None) -> AddressRow:
    """A row that says what could not be done."""
    pid, name = (process.pid, process.name) if process is not None else (None, "error")
    return AddressRow(pid, name, None, None, None, "", "", "", "", "", None, None, None, "", why)


def summary_failure_row(why: str, process: Process | None = None) -> SummaryRow:
    """The same for sums."""
    pid, name = (process.pid, process.name) if process is not None else (None, "error")
    return SummaryRow(pid, name, "", "", None, None, "", "", None, why)


def address_rows(
    scene: CrashScene, wanted: Wanted, marks: RuleMarks | None = None, progress: Progress | None = None
) -> Iterator[AddressRow]:
    """The regions of every process, or of those chosen."""

    def of_process(found: ProcessMap, taken: str) -> Iterator[AddressRow]:
        for region in found.regions:
            if wanted.takes(region):
                row = _row(found, region, marks)
                yield row._replace(note="; ".join(part for part in (taken, row.note) if part))
                taken = ""

    yield from _each(scene, wanted, progress, of_process, failure_row)


def summary_rows(scene: CrashScene, wanted: Wanted, progress: Progress | None = None) -> Iterator[SummaryRow]:
    """Sums over the regions of every process, or of those chosen."""

    def of_process(found: ProcessMap, taken: str) -> Iterator[SummaryRow]:
        for each in summarise(found.regions, wanted.takes):
            row = _sum(found.process, each)
            yield row._replace(note="; ".join(part for part in (taken, row.note) if part))
            taken = ""

    yield from _each(scene, wanted, progress, of_process, summary_failure_row)


def _each(  # type: ignore[no-untyped-def]
    scene: CrashScene,
    wanted: Wanted,
    progress: Progress | None,
    of_process: Callable[[ProcessMap, str], Iterable],  # type: ignore[type-arg]
    failure: Callable[..., object],
):
    """The rows of each process chosen, then what was wrong with it, then what was wrong with the choice."""
    if scene.dump.triage is not None or scene.space is None:
        yield failure("user memory is not in this kind of dump")
        return
    gathered = gather(scene, wanted.scan, progress)
    maps = AddressMaps(scene, gathered.processes)
    chosen, problems = choose(gathered.processes, wanted.who)
    for number, (process, note) in enumerate(chosen):
        if progress is not None:
            progress(100.0 * number / len(chosen), f"Address space of {process.name}")
        found = maps.of(process)
        yield from of_process(found, note)
        for why in found.notes:
            yield failure(why, process)
    for problem in (*problems, *gathered.notes):
        yield failure(problem)
    if not gathered.processes:
        yield failure("; ".join(scene.notes) or "no process is in the list")


def _row(found: ProcessMap, region: Region, marks: RuleMarks | None) -> AddressRow:
    names, note = marks.of(found.space, region) if marks is not None and region.spans else ([], "")
    detail = "; ".join(part for part in (region.detail, f"rules: {', '.join(names)}" if names else "") if part)
    unknown = region.state == UNKNOWN
    return AddressRow(
        found.process.pid, found.process.name, region.start, region.end, region.size, region.type, region.state,
        word_of(region.protect), ",".join(word_of(number) for number in region.actual), region.usage,
        None if unknown else region.commit, None if unknown else region.resident, None if unknown else region.in_dump,
        detail, "; ".join(part for part in (*region.notes, note) if part),
    )  # fmt: skip


def _sum(process: Process, each: Sum) -> SummaryRow:
    busy = f"{each.percent_busy:.2f}" if each.percent_busy is not None else ""
    return SummaryRow(
        process.pid, process.name, each.by, each.name, each.count, each.size, busy, f"{each.percent_total:.2f}",
        each.largest, f"largest at {each.largest_start:#x}",
    )  # fmt: skip
