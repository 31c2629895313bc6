"""Rows of windows.kd.address: a process's user addresses from end to end, or sums over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.address.protection import ALLOWED, WORDS, word_of
from volplugins.address.region import STATES, TYPES, UNKNOWN, USAGES, Region
from volplugins.address.rule_marks import RuleMarks
from volplugins.address.summary import Sum, summarise
from volplugins.kernel.process import Process
from volplugins.vol.commands.address.kept_sums import KeptSums
from volplugins.vol.commands.address.row import AddressRow, SummaryRow, failure_row, summary_failure_row
from volplugins.vol.output.wrong_use import check_words
from volplugins.vol.scene.address_maps import AddressMaps, ProcessMap
from volplugins.vol.scene.given_directory import select
from volplugins.vol.scene.process_selection import Progress, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


DUMP_WIDE = "*"  # in the column Process: a row about all of them


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are wanted; each list holds words of its column, in any letter case; an empty one takes all.

    ``actual`` takes a region where one of its protections is among the words. ``dirbase``: the
    directory that processes are read through.
    """

    who: Sequence[str] = ()
    scan: bool | None = None
    usage: Sequence[str] = ()
    type: Sequence[str] = ()
    state: Sequence[str] = ()
    protect: Sequence[str] = ()
    actual: Sequence[str] = ()
    dirbase: str | None = None

    def check(self) -> None:
        """Raise WrongUse for a word that no column has."""
        check_words("--usage", self.usage, USAGES)
        check_words("--type", self.type, TYPES)
        check_words("--state", self.state, STATES)
        check_words("--protect", self.protect, WORDS, ALLOWED)
        check_words("--actual", self.actual, WORDS, ALLOWED)

    def takes(self, region: Region) -> bool:
        """Whether the region is to be shown."""
        return (
            self._takes_kind(region)
            and _among(word_of(region.protect), self.protect)
            and (not self.actual or self.allows_now(region, self.actual))
        )

    def by_actual(self, region: Region) -> bool:
        """Whether the region would be shown if --protect were --actual."""
        return self._takes_kind(region) and self.allows_now(region, self.protect)

    def allows_now(self, region: Region, words: Sequence[str]) -> bool:
        """Whether the page tables give some page of the region one of these protections."""
        return any(_among(word_of(number), words) for number in region.actual)

    @property
    def whole(self) -> bool:
        """Whether all regions of all processes are wanted."""
        chosen = (self.who, self.usage, self.type, self.state, self.protect, self.actual, self.dirbase)
        return not any(chosen)

    def _takes_kind(self, region: Region) -> bool:
        return _among(region.usage, self.usage) and _among(region.type, self.type) and _among(region.state, self.state)


class ActualCount:
    """Counts what --protect alone leaves out: regions that the page tables protect so, whatever their range says."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._asked = bool(wanted.protect) and not wanted.actual
        self.regions, self.shown = 0, 0

    def of(self, regions: Iterable[Region]) -> Iterator[Region]:
        """The regions, each looked at on the way."""
        for region in regions:
            if self._asked and self._wanted.by_actual(region):
                self.regions += 1
                self.shown += self._wanted.takes(region)
            yield region

    def note(self) -> str:
        """What was found, in a sentence; empty where nobody asked for a protection, or asked for the actual one."""
        if not self._asked:
            return ""
        words = " ".join(word.upper() for word in self._wanted.protect)
        found = f"by Actual {self.regions} regions are {words} ({self.shown} of them are shown here)"
        return f"--protect goes by what ranges were made with; {found}: --actual {words}"


def _among(word: str, wanted: Sequence[str]) -> bool:
    return not wanted or word.lower() in [each.lower() for each in wanted]


def address_rows(
    scene: CrashScene, wanted: Wanted, marks: RuleMarks | None = None, progress: Progress | None = None
) -> Iterator[AddressRow]:
    """The regions of every process, or of those chosen."""

    count, whole = ActualCount(wanted), wanted.whole
    kept = KeptSums(scene, whole)

    def of_process(found: ProcessMap, taken: str) -> Iterator[AddressRow]:
        for region in kept.noting(found, count.of(found.regions)):
            if whole or wanted.takes(region):
                row = _row(found, region, marks)
                yield row._replace(note="; ".join(part for part in (taken, row.note) if part)) if taken else row
                taken = ""

    yield from _each(scene, wanted, progress, of_process, failure_row)
    if count.note():
        yield failure_row(count.note())._replace(process=DUMP_WIDE)


def summary_rows(scene: CrashScene, wanted: Wanted, progress: Progress | None = None) -> Iterator[SummaryRow]:
    """Sums over the regions of every process, or of those chosen."""

    count = ActualCount(wanted)

    def of_process(found: ProcessMap, taken: str) -> Iterator[SummaryRow]:
        return of_sums(found.process, summarise(count.of(found.regions), wanted.takes), taken)

    def of_sums(process: Process, sums: Iterable[Sum], taken: str) -> Iterator[SummaryRow]:
        for each in sums:
            row = _sum(process, each)
            yield row._replace(note="; ".join(part for part in (taken, row.note) if part))
            taken = ""

    yield from _each(scene, wanted, progress, of_process, summary_failure_row, of_sums)
    if count.note():
        yield summary_failure_row(count.note())._replace(process=DUMP_WIDE)


def _each(  # type: ignore[no-untyped-def]
    scene: CrashScene,
    wanted: Wanted,
    progress: Progress | None,
    of_process: Callable[[ProcessMap, str], Iterable],  # type: ignore[type-arg]
    failure: Callable[..., object],
    of_sums: Callable[[Process, Iterable[Sum], str], Iterable] | None = None,  # type: ignore[type-arg]
):
    """The rows of each process chosen, then what was wrong with it, then what was wrong with the choice.

    ``of_sums`` makes them of sums, where these are known already.
    """
    if scene.target.triage is not None or scene.space is None:
        yield failure("user memory is not in this kind of dump")
        return
    gathered = gather(scene, wanted.scan, progress)
    maps = AddressMaps(scene, gathered.processes)
    selection = select(gathered.processes, wanted.who, wanted.dirbase)
    chosen, kept = selection.mapped(), KeptSums(scene, wanted.whole)
    for number, (process, note) in enumerate(chosen):
        if progress is not None:
            progress(100.0 * number / len(chosen), f"Address space of {process.name}")
        known = kept.of(process) if of_sums is not None else None
        if known is not None and of_sums is not None:
            yield from of_sums(process, known.sums, note)
            notes: Sequence[str] = known.notes
        else:
            found = maps.of(process)
            yield from of_process(found, note)
            notes = found.notes
        for why in notes:
            yield failure(why, process)
    for problem in (*selection.problems, *gathered.notes):
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
