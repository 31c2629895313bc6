"""Whether memory has run out: the memory manager's counters, where the debugger data block leads to them.

KDDEBUGGER_DATA64 (wdbgexts.h) has the addresses of MmAvailablePages, MmNumberOfPhysicalPages, MmTotalCommitLimit and
MmTotalCommittedPages. Windows 10 moved some of them into one structure, whose layout no public table gives: then they
are absent or do not fit each other, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.hang.cause import Cause, Kind, Told
from volplugins.bugcheck.hang.sources import HangSources
from volplugins.bugcheck.suspects import Confidence
from volplugins.memory.reader import ReadError

_LEAST_PAGES = 1024  # no Windows runs in less than four megabytes: a smaller number is none of RAM
_FULL = 0.97  # of the commit limit: new memory fails soon
_FEW = 0.004  # of RAM that is free or can be freed at once


def told_memory(sources: HangSources) -> Iterator[Told]:
    """The counters that fit."""
    committed, limit, available, pages = _counters(sources)
    if committed is not None and limit is not None:
        value = f"{committed} of {limit} pages are committed ({100 * committed // limit} %)"
        sure = Confidence.MEDIUM if committed >= _FULL * limit else None
        yield Told("COMMIT", value, sure, "MmTotalCommittedPages, MmTotalCommitLimit")
    if available is not None and pages is not None:
        value = f"{available} of {pages} pages are available"
        sure = Confidence.MEDIUM if available <= _FEW * pages else None
        yield Told("AVAILABLE_PAGES", value, sure, "MmAvailablePages, MmNumberOfPhysicalPages")


def memory_causes(sources: HangSources) -> Iterator[Cause]:
    """Memory that is nearly used up."""
    for told in told_memory(sources):
        if told.confidence is not None:
            yield Cause(Kind.MEMORY, f"memory is low: {told.value}", told.confidence)


def _counters(sources: HangSources) -> tuple[int | None, int | None, int | None, int | None]:
    """Committed pages and their limit, available pages and all; both of a pair are None where they do not fit."""
    names = ("MmTotalCommittedPages", "MmTotalCommitLimit", "MmAvailablePages", "MmNumberOfPhysicalPages")
    committed, limit, available, pages = (_number(sources, name) for name in names)
    if committed is None or limit is None or not _LEAST_PAGES <= committed <= limit:
        committed = limit = None
    if available is None or pages is None or pages < _LEAST_PAGES or not 0 < available <= pages:
        available = pages = None
    return committed, limit, available, pages


def _number(sources: HangSources, name: str) -> int | None:
    data, scene = sources.scene.debugger_data, sources.scene
    address = data.addresses.get(name, 0) if data is not None else 0
    if not address:
        return None
    try:
        return int.from_bytes(scene.memory.read(address, scene.bits // 8), "little")
    except ReadError:
        return None
