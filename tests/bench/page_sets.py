"""The valid pages of one process as two programs see them, and what they differ in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

_PAGE = 0x1000
_MOST_SAID = 8
Numbers = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Pages:
    """The user pages that are valid: virtual page numbers in order, and which of them the dump holds."""

    virtual: Numbers
    physical: Numbers
    held: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.virtual)

    @classmethod
    def of(cls, path: Path, directory: str) -> Pages:
        """Those of a page directory in a dump, by our own map of it."""
        from volplugins.dumpfile.dump import open_dump
        from volplugins.dumpfile.source import FileSource
        from volplugins.kernel.directories.page_map import PageMap, physical_of
        from volplugins.kernel.directories.top import read_top
        from volplugins.paging.mode import PagingMode

        virtual, physical = [], []
        with FileSource(str(path)) as source:
            memory = open_dump(source).memory
            top = read_top(memory, PagingMode.X64, int(directory, 16))
            for leaves in PageMap(memory, top).user():
                steps = np.arange(leaves.size // _PAGE, dtype=np.uint64)
                numbers = physical_of(PagingMode.X64, leaves) >> np.uint64(12)
                virtual.append(((leaves.virtual >> np.uint64(12))[:, None] + steps).ravel())
                physical.append((numbers[:, None] + steps).ravel())
            at, frames = np.concatenate(virtual), np.concatenate(physical)
            order = np.argsort(at)
            distinct, back = np.unique(frames[order], return_inverse=True)
            held = np.array([_held(memory, int(frame)) for frame in distinct], dtype=bool)[back]
        return cls(at[order], frames[order], held)


def _held(memory: object, frame: int) -> bool:
    from volplugins.memory.reader import ReadError

    try:
        memory.read(frame * _PAGE, 1)  # type: ignore[attr-defined]
    except ReadError:
        return False
    return True


def differences(ours: Pages, theirs: Sequence[Sequence[int]]) -> tuple[list[str], str]:
    """What is said about differences that have a reason, and about those that have none (empty: there are none).

    Args:
        theirs: ranges as address, bytes, and how many of their pages the program itself says are not valid ones.
    """
    said: list[str] = []
    unexplained: list[str] = []
    ranges = [np.arange(at // _PAGE, (at + size) // _PAGE, dtype=np.uint64) for at, size, _ in theirs]
    everything = np.concatenate([*ranges, np.zeros(0, dtype=np.uint64)])
    missing = ~np.isin(ours.virtual, everything)
    if (missing & ours.held).any():
        unexplained.append(f"lacks {_shown(ours.virtual[missing & ours.held])}")
    if (left := missing & ~ours.held).any():
        said.append(f"leaves out {left.sum()} valid pages whose memory is not in the dump: {_shown(ours.virtual[left])}"
                    f", physical {_shown(ours.physical[left])}")  # fmt: skip
    more, at = ~np.isin(everything, ours.virtual), 0
    for numbers, (_, _, not_valid) in zip(ranges, theirs, strict=True):
        extra = numbers[more[at : at + len(numbers)]]
        at += len(numbers)
        if len(extra) != not_valid:
            unexplained.append(f"counts {_shown(extra)} in {_shown(numbers)}, and calls {not_valid} there not valid")
    if more.any() and not unexplained:
        said.append(f"counts {more.sum()} pages that are not valid, which it says itself (pages-sw)")
    return said, "; ".join(unexplained[:_MOST_SAID])


def _shown(numbers: Numbers) -> str:
    """Page numbers as ranges of addresses."""
    if not len(numbers):
        return "nothing"
    numbers = np.sort(numbers)
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    starts, ends = numbers[np.r_[0, breaks + 1]], numbers[np.r_[breaks, len(numbers) - 1]]
    parts = [f"0x{int(a) << 12:x} to 0x{(int(b) << 12) + 0xFFF:x}" for a, b in zip(starts, ends, strict=True)]
    return ", ".join(parts[:_MOST_SAID]) + (f" and {len(parts) - _MOST_SAID} more" if len(parts) > _MOST_SAID else "")
