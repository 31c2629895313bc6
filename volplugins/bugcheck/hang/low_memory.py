"""Whether memory has run out: commit, RAM and nonpaged pool, as far as counters that fit each other say."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.hang.cause import Cause, Kind, Told
from volplugins.bugcheck.hang.memory_counters import Counted, available, committed, nonpaged_pool
from volplugins.bugcheck.hang.sources import HangSources
from volplugins.bugcheck.suspects.suspects import Confidence

_FULL = 0.97  # of the commit limit, or of nonpaged pool: new memory fails soon
_NOTHING_LEFT = 0.995
_FEW = 0.004  # of RAM that is free or can be freed at once


def told_memory(sources: HangSources) -> Iterator[Told]:
    """A row for each counter that is known."""
    commit, free, pool = committed(sources), available(sources), nonpaged_pool(sources)
    if commit is not None:
        value = f"{commit.pages} of {commit.of} pages are committed ({100 * commit.pages // commit.of} %)"
        yield Told("COMMIT", value, _sure(commit), commit.source)
    if free is not None:
        value = f"{free.pages} of {free.of} pages are available"
        low = free.pages <= _FEW * free.of
        yield Told("AVAILABLE_PAGES", value, Confidence.MEDIUM if low else None, free.source)
    if pool is not None:
        value = f"{pool.pages} of {pool.of} pages of nonpaged pool are in use ({100 * pool.pages // pool.of} %)"
        yield Told("NONPAGED_POOL", value, _sure(pool), pool.source)


def memory_causes(sources: HangSources) -> Iterator[Cause]:
    """Memory that is nearly used up."""
    for told in told_memory(sources):
        if told.confidence is not None:
            yield Cause(Kind.MEMORY, f"memory is low: {told.value}", told.confidence)


def unknown_memory(sources: HangSources) -> str:
    """Which counters this target does not give, in words; empty where all are known."""
    known = {
        "commit": committed(sources),
        "available pages": available(sources),
        "nonpaged pool": nonpaged_pool(sources),
    }
    missing = [name for name, counted in known.items() if counted is None]
    if not missing:
        return ""
    return (
        f"whether memory is low is not known of {', '.join(missing)}: no counter that fits is where this build has it"
    )


def _sure(used: Counted) -> Confidence | None:
    """How sure a part that is used up holds the machine up: from nothing left on whoever asks for more fails."""
    part = used.pages / used.of
    return Confidence.HIGH if part >= _NOTHING_LEFT else Confidence.MEDIUM if part >= _FULL else None
