"""A process's user range from end to end: every VAD cut into regions, and the free gaps between them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from volplugins.address.cells import Cell
from volplugins.address.disagreement import ImageSections, disagreement
from volplugins.address.page_codes import WITHOUT_EXECUTION
from volplugins.address.page_runs import PageRun, PageRuns
from volplugins.address.pieces import Gaps, Piece, Source, actual_of, pieces
from volplugins.address.protection import GUARD, READONLY, can_execute, with_execute
from volplugins.address.prototypes import Prototypes, left_out
from volplugins.address.region import COMMIT, FREE, IMAGE, MAPPED, PRIVATE, RESERVE, Region
from volplugins.address.section_files import NOTHING, Section, SectionFiles
from volplugins.address.uses import SHARED_DATA, Use
from volplugins.kernel.vads import AWE, IMAGE_MAP, PHYSICAL, ROTATE, TYPE_NAMES, Vad
from volplugins.memory.reader import PAGE_SIZE

_MOST_NOTED = 4  # pages named in one note


@dataclass(slots=True)
class AddressMap:
    """Everything that the regions of one process are made from.

    Attributes:
        cells: the ranges, cut at their uses; ascending, without overlap.
        limit: the highest user address and one.
        runs: pages by the index of their cell.
        no_execute: whether the page tables can withhold execution.
        notes: what was left out on the whole.
    """

    cells: Sequence[Cell]
    limit: int
    runs: PageRuns
    gaps: Gaps
    sections: SectionFiles
    prototypes: Prototypes
    images: ImageSections
    no_execute: bool
    notes: tuple[str, ...] = ()

    def regions(self) -> Iterator[Region]:
        """The rows, ascending; their sizes add up to the whole range."""
        at = 0
        strays = self.runs.by_range.get(-1, [])
        for vad, numbered in groupby(enumerate(self.cells), key=lambda each: each[1].vad):
            if vad.start > at:
                yield self._free(at, vad.start, strays)
            yield from self._of_vad(vad, numbered)
            at = vad.end
        if at < self.limit:
            yield self._free(at, self.limit, strays)

    def _free(self, start: int, end: int, strays: list[PageRun]) -> Region:
        """A free gap; pages that are mapped there all the same are named."""
        low, high = start // PAGE_SIZE, end // PAGE_SIZE
        first, last = (bisect_left(strays, page, key=lambda run: run.start) for page in (low, high))
        inside = strays[first:last]
        notes = []
        if inside:
            count = sum(run.end - run.start for run in inside)
            verb = "is" if count == 1 else "are"
            notes.append(
                f"{_pages(count)} {verb} mapped though no VAD holds {'it' if count == 1 else 'them'}: {_first(inside)}"
            )
        resident, held = (sum(getattr(run, name) for run in inside) * PAGE_SIZE for name in ("resident", "in_dump"))
        return Region(start, end, "", FREE, None, (), "Free", resident, held, "", tuple(notes))

    def _of_vad(self, vad: Vad, cells: Iterator[tuple[int, Cell]]) -> Iterator[Region]:
        section = self.sections.of(vad)
        untouched, reservable = _untouched(vad), _by_page_file(vad, section)
        source = Source(
            vad.start // PAGE_SIZE, untouched, self.gaps, self.prototypes.array(vad) if reservable else None
        )
        found: Iterator[tuple[Piece, Use | None]] = (
            (piece, cell.use)
            for index, cell in cells
            for piece in pieces(cell.start, cell.end, self._runs(index, vad), source)
        )
        if vad.start <= SHARED_DATA < vad.end:
            found = _with_shared_data(found)
        own = _by_kind(vad, section)
        for use, group in _grouped(found):
            named = use or own
            yield self._region(vad, section, named if named.usage else replace(named, usage=own.usage), group)

    def _runs(self, index: int, vad: Vad) -> Sequence[PageRun]:
        """The runs of a cell; whether pages may execute is the range's to say where their entries cannot."""
        runs = self.runs.by_range.get(index, ())
        if self.no_execute:
            return runs
        for run in runs:
            if run.code & WITHOUT_EXECUTION:
                run.code &= ~WITHOUT_EXECUTION
                run.code = with_execute(run.code) if can_execute(vad.protection or 0) else run.code
        return runs

    def _region(self, vad: Vad, section: Section, use: Use, group: Sequence[Piece]) -> Region:
        runs = [piece.run for piece in group if piece.run is not None]
        kind = _type(vad)
        actual = actual_of(group)
        resident, held, paged = (sum(getattr(run, name) for run in runs) for name in ("resident", "in_dump", "paged"))
        notes = [piece.why for piece in group[:1] if piece.why]
        if paged:
            notes.append(f"{_pages(paged)} paged out")
        if not runs and not notes and group[0].state == COMMIT:
            notes.append("no page used yet")
        if kind == PRIVATE and use.usage == "SharedData" and runs and not resident:
            notes.append("no entry: the kernel maps it when it is touched")
        notes += [note for note in (section.note, left_out(vad)) if note]
        path = self.images.name(section, vad) if kind == IMAGE else section.path
        region = Region(
            group[0].start * PAGE_SIZE, group[-1].end * PAGE_SIZE, kind, group[0].state, vad.protection, actual,
            use.usage, resident * PAGE_SIZE, held * PAGE_SIZE, _detail(vad, path, use, runs), tuple(notes),
            tuple((run.start * PAGE_SIZE, run.end * PAGE_SIZE) for run in runs if run.resident),
        )  # fmt: skip
        odd = disagreement(region, vad, runs, self.images.of(section, vad) if kind == IMAGE else None, self.no_execute)
        return replace(region, notes=(*odd, *notes)) if odd else region


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


def _type(vad: Vad) -> str:
    if vad.kind == IMAGE_MAP:
        return IMAGE
    return PRIVATE if vad.private else MAPPED


def _by_page_file(vad: Vad, section: Section) -> bool:
    """Whether the page file backs the section: its pages need not be committed, and its prototype entries tell."""
    return vad.kind != IMAGE_MAP and section.backed_by_file is False


def _untouched(vad: Vad) -> str:
    """The state of a page whose entry is zero."""
    if vad.kind == AWE:
        return RESERVE
    if vad.private and vad.kind not in (PHYSICAL, ROTATE):
        return COMMIT if vad.committed else RESERVE
    return COMMIT


def _by_kind(vad: Vad, section: Section) -> Use:
    """The use that the VAD itself tells."""
    if vad.kind == IMAGE_MAP:
        return Use(vad.start, 0, "Image", "")
    if vad.kind in (PHYSICAL, ROTATE):
        return Use(vad.start, 0, "Other", "")
    if vad.private:
        return Use(vad.start, 0, "Unknown", "")
    if section.backed_by_file or (section is not NOTHING and section.backed_by_file is None and vad.kind == 0):
        return Use(vad.start, 0, "MappedFile" if section.backed_by_file else "Unknown", "")
    return Use(vad.start, 0, "PageFileSection", "")


def _detail(vad: Vad, path: str, use: Use, runs: Sequence[PageRun]) -> str:
    parts = [use.detail, path]
    if vad.kind in TYPE_NAMES and vad.kind != IMAGE_MAP:
        parts.append(TYPE_NAMES[vad.kind])
    if use.usage in ("Stack", "Stack32"):
        guards = [run for run in runs if run.code < 32 and run.code & 0x18 == GUARD]
        if guards:
            parts.append(f"guard page {_first(guards)}")
    return "; ".join(part for part in parts if part)


def _with_shared_data(found: Iterator[tuple[Piece, Use | None]]) -> Iterator[tuple[Piece, Use | None]]:
    """KUSER_SHARED_DATA's page needs no entry: the page fault handler gives it to whoever touches it, to read only.

    It is one page; what else its range holds is reserved ("Windows Internals": the range of shared user data).
    """
    page = SHARED_DATA // PAGE_SIZE
    for piece, use in found:
        if piece.run is not None or piece.why or not piece.start <= page < piece.end:
            yield piece, use
            continue
        if piece.start < page:
            yield replace(piece, end=page), use
        yield Piece(page, page + 1, COMMIT, PageRun(page, page + 1, READONLY, 0, 0, 0)), use
        if page + 1 < piece.end:
            yield replace(piece, start=page + 1), use


def _first(runs: Sequence[PageRun]) -> str:
    """Where the first few runs begin, and how many more there are."""
    more = f" and {len(runs) - _MOST_NOTED} more" if len(runs) > _MOST_NOTED else ""
    return ", ".join(f"{run.start * PAGE_SIZE:#x}" for run in runs[:_MOST_NOTED]) + more


def _grouped(found: Iterator[tuple[Piece, Use | None]]) -> Iterator[tuple[Use | None, list[Piece]]]:
    """Neighbours of one state and use together."""
    use: Use | None = None
    group: list[Piece] = []
    for piece, own in found:
        if group and (own is not use or piece.state != group[0].state or piece.why != group[0].why):
            yield use, group
            group = []
        use = own
        group.append(piece)
    if group:
        yield use, group
