"""Pages of a map joined to runs: those that follow one another in both address spaces, with the same flags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from volplugins.kernel.directories.page_map import Leaves, physical_of
from volplugins.paging.mode import PagingMode

_U = np.uint64


@dataclass(frozen=True, slots=True)
class Run:
    """Pages that follow one another in both address spaces, with the same flags.

    ``size`` is in bytes; ``entry`` is that of the first page; ``page_size`` that of each page.
    """

    virtual: int
    physical: int
    size: int
    entry: int
    page_size: int


# bits of an entry that tell neighbours apart: flags below the frame number, and no-execute
_KIND = _U(0x8000_0000_0000_0FFF)


def runs(mode: PagingMode, found: Iterator[Leaves], mask: int = 0) -> Iterator[Run]:
    """The pages of ``found``, neighbours joined, in the order in which they come."""
    pending: Run | None = None
    for leaves in found:
        for run in _runs_of(mode, leaves, mask):
            if pending is not None and _continues(pending, run):
                pending = Run(
                    pending.virtual, pending.physical, pending.size + run.size, pending.entry, pending.page_size
                )
                continue
            if pending is not None:
                yield pending
            pending = run
    if pending is not None:
        yield pending


def _continues(left: Run, right: Run) -> bool:
    joined = left.virtual + left.size == right.virtual and left.physical + left.size == right.physical
    return joined and left.page_size == right.page_size and not (left.entry ^ right.entry) & int(_KIND)


def _runs_of(mode: PagingMode, leaves: Leaves, mask: int) -> Iterator[Run]:
    physical = physical_of(mode, leaves, mask)
    kind = leaves.entries & _KIND
    step = _U(leaves.size)
    follows = (
        (leaves.virtual[1:] == leaves.virtual[:-1] + step)
        & (physical[1:] == physical[:-1] + step)
        & (kind[1:] == kind[:-1])
    )
    starts = np.concatenate([np.zeros(1, np.int64), np.flatnonzero(~follows) + 1])
    sizes = np.diff(np.append(starts, len(physical))) * leaves.size
    columns = (leaves.virtual[starts], physical[starts], sizes, leaves.entries[starts])
    for virtual, first, size, entry in zip(*(column.tolist() for column in columns), strict=True):
        yield Run(virtual, first, size, entry, leaves.size)
