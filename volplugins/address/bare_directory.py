"""The user addresses of a page directory of which nothing else is known: what its page tables alone say of them."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.address.page_codes import UNTOLD, WITHOUT_EXECUTION
from volplugins.address.page_runs import PageRun
from volplugins.address.pieces import Piece, Source, actual_of, pieces
from volplugins.address.protection import with_execute
from volplugins.address.region import UNKNOWN, Region
from volplugins.address.regions import AddressMap
from volplugins.memory.reader import PAGE_SIZE

_ALONE = "by the page tables alone: no process has this directory as its own, so there are no VADs"
_NO_PROTOTYPE = "the prototype entries that these lead to are known by the VADs"
_NO_ENTRY = "no page has an entry; without VADs free, reserved and committed are not told apart"


def bare_regions(found: AddressMap) -> Iterator[Region]:
    """A region per run of pages with one protection, and one per gap between them; the first says what is missing.

    Their sizes add up to the whole range, as those of a process do.
    """
    runs = found.runs.by_range.get(-1, [])
    if not found.no_execute:
        for run in runs:
            _let_execute(run)
    note: tuple[str, ...] = (_ALONE,)
    for piece in pieces(0, found.limit // PAGE_SIZE, runs, Source(0, UNKNOWN, found.gaps)):
        yield _region(piece, note)
        note = ()


def _let_execute(run: PageRun) -> None:
    """Page tables that cannot withhold execution allow it, and no range says that it was not meant."""
    if run.code & WITHOUT_EXECUTION:
        run.code = with_execute(run.code & ~WITHOUT_EXECUTION)


def _region(piece: Piece, note: tuple[str, ...]) -> Region:
    start, end = piece.start * PAGE_SIZE, piece.end * PAGE_SIZE
    if piece.run is None:
        return Region(start, end, "", UNKNOWN, None, (), "Unknown", 0, 0, "", (*note, piece.why or _NO_ENTRY))
    resident, held, paged = piece.run.resident, piece.run.in_dump, piece.run.paged
    out: tuple[str, ...] = (f"{paged} page{'s' if paged > 1 else ''} paged out",) if paged else ()
    out += (_NO_PROTOTYPE,) if piece.run.code == UNTOLD else ()
    spans = ((start, end),) if resident else ()
    return Region(
        start, end, "", piece.state, None, actual_of([piece]), "Unknown", resident * PAGE_SIZE, held * PAGE_SIZE, "",
        (*note, *out), spans,
    )  # fmt: skip
