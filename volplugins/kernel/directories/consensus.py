"""What a sound directory of this kernel looks like, by agreement of many: System's own may be the damaged one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from volplugins.kernel.directories.top import COMPARED, Top
from volplugins.paging.mode import PagingMode

_Words = npt.NDArray[np.uint64]
_FEWEST = 3  # directories that must agree before System's is called wrong
MOST_COMPARED = 64


def self_map_slot(tops: Sequence[Top]) -> int | None:
    """x64: the entry by which most of these tables lead to themselves; None where none does, or in other modes."""
    slots: Counter[int] = Counter()
    for top in tops:
        if top.mode in (PagingMode.X64, PagingMode.X64_LA57):
            own = np.uint64(top.physical & ~0xFFF | 1)
            same = (top.entries & np.uint64(top.mode.facts.frame_mask | 1)) == own
            slots.update(np.flatnonzero(same[256:]).tolist()[:1])
    return slots.most_common(1)[0][0] + 256 if slots else None


def agreed(system: Top, others: Sequence[Top]) -> Top:
    """System's top table, with those kernel entries replaced in which most of the others agree on another value.

    Session, hyperspace and self-map entries differ by design; nothing compares them.
    """
    fitting = [top for top in others if top.physical != system.physical and not top.missing][:MOST_COMPARED]
    if len(fitting) < _FEWEST:
        return system
    if system.mode is PagingMode.PAE:
        directories = list(system.directories)
        for number in range(system.user_end >> 30, len(directories)):
            mine, theirs = system.directories[number], [top.directories[number] for top in fitting]
            there, first = [each for each in theirs if each is not None], system.kernel_from(number)
            if mine is not None and len(there) >= _FEWEST:
                entries = mine.copy()
                entries[first:] = _by_majority(mine[first:], [each[first:] for each in there])
                directories[number] = entries
        return replace(system, directories=tuple(directories))
    half = system.user_entries
    entries = system.entries.copy()
    entries[half:] = _by_majority(system.entries[half:], [top.entries[half:] for top in fitting])
    return replace(system, entries=entries)


def _by_majority(mine: _Words, theirs: Sequence[_Words]) -> _Words:
    """``mine``, but for places where more than half of ``theirs`` hold one and the same other value."""
    columns = np.stack([words & np.uint64(COMPARED) for words in theirs])
    # a value that more than half hold is the middle one of each sorted column
    middle = np.sort(columns, axis=0)[len(theirs) // 2]
    majority = (columns == middle).sum(axis=0) * 2 > len(theirs)
    differs = majority & (middle != (mine & np.uint64(COMPARED)))
    return np.where(differs, middle, mine)
