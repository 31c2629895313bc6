"""Every page that a directory maps, in address order, gathered as numpy arrays a batch of tables at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.kernel.directories.census import LARGE, PROTOTYPE, TRANSITION, VALID, Pages
from volplugins.kernel.directories.top import X86_SELF_MAP, Top
from volplugins.paging.mode import Level, PagingMode

_BATCH = 1024  # tables gathered in one go: 4 MiB
MAX_TABLES = 1 << 20
_Words = npt.NDArray[np.uint64]
_U = np.uint64


@dataclass(frozen=True, slots=True)
class Leaves:
    """Pages of one size: virtual addresses (canonical), their entries, and the size in bytes."""

    virtual: _Words
    entries: _Words
    size: int


def user_leaves(pages: Pages, top: Top) -> Iterator[Leaves]:
    """The pages of the user half: valid ones, large ones, and those in transition."""
    entries = top.entries.copy()
    entries[_user_count(top.mode) :] = 0
    yield from _walk(pages, top.mode, entries, None)


def kernel_leaves(pages: Pages, top: Top, slot: int | None) -> Iterator[Leaves]:
    """The pages of the kernel half, without the self-map.

    Args:
        slot: x64: number of the self-map entry.
    """
    entries = top.entries.copy()
    entries[: _user_count(top.mode)] = 0
    if top.mode is PagingMode.X86:
        entries[X86_SELF_MAP] = 0
    elif top.mode is not PagingMode.PAE and slot is not None:
        entries[slot] = 0
    hidden = (0xC0000000, 0xC0800000) if top.mode is PagingMode.PAE else None
    yield from _walk(pages, top.mode, entries, hidden)


def _user_count(mode: PagingMode) -> int:
    return {PagingMode.X86: 512, PagingMode.PAE: 2}.get(mode, 256)


def _walk(pages: Pages, mode: PagingMode, top: _Words, hidden: tuple[int, int] | None) -> Iterator[Leaves]:
    levels = mode.facts.levels
    used = np.flatnonzero(top)
    virtual = used.astype(_U) << _U(levels[0].shift)
    yield from _below(pages, mode, 0, virtual, top[used], hidden, [MAX_TABLES])


def _below(
    pages: Pages,
    mode: PagingMode,
    depth: int,
    virtual: _Words,
    entries: _Words,
    hidden: tuple[int, int] | None,
    left: list[int],
) -> Iterator[Leaves]:
    """Pages and tables that ``entries`` of one level lead to; recursion is as deep as the mode has levels."""
    level = mode.facts.levels[depth]
    if level.shift == 12:
        yield from _leaves(mode, level, virtual, entries)
        return
    valid = (entries & _U(VALID)) != 0
    if level.may_be_large:
        large = valid & ((entries & _U(LARGE)) != 0)
        if large.any():
            yield Leaves(_canonical(mode, virtual[large]), entries[large], 1 << level.shift)
        valid &= ~large
    moving = ((entries & _U(VALID | PROTOTYPE)) == 0) & ((entries & _U(TRANSITION)) != 0)
    wanted = np.flatnonzero(valid | moving)
    if hidden is not None and level.shift == 21:
        wanted = wanted[(virtual[wanted] < _U(hidden[0])) | (virtual[wanted] >= _U(hidden[1]))]
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH][: max(left[0], 0)]
        if not len(batch):
            return
        left[0] -= len(batch)
        yield from _tables(pages, mode, depth, virtual[batch], entries[batch], hidden, left)


def _tables(
    pages: Pages,
    mode: PagingMode,
    depth: int,
    virtual: _Words,
    entries: _Words,
    hidden: tuple[int, int] | None,
    left: list[int],
) -> Iterator[Leaves]:
    """One batch of tables: read at once, their entries that are not zero taken in address order."""
    frames = ((entries & _U(mode.facts.frame_mask)) >> _U(12)).astype(np.int64)
    data, there = pages.read_pages(frames)
    kind = np.dtype("<u4") if mode.facts.entry_size == 4 else np.dtype("<u8")
    rows = data[there].view(kind)
    row, column = np.nonzero(rows)
    following = mode.facts.levels[depth + 1]
    below = virtual[there][row] + (column.astype(_U) << _U(following.shift))
    yield from _below(pages, mode, depth + 1, below, rows[row, column].astype(_U), hidden, left)


def _leaves(mode: PagingMode, level: Level, virtual: _Words, entries: _Words) -> Iterator[Leaves]:
    mapped = ((entries & _U(VALID)) != 0) | (
        ((entries & _U(VALID | PROTOTYPE)) == 0) & ((entries & _U(TRANSITION)) != 0)
    )
    if mapped.any():
        yield Leaves(_canonical(mode, virtual[mapped]), entries[mapped], 1 << level.shift)


def _canonical(mode: PagingMode, virtual: _Words) -> _Words:
    width = mode.facts.address_bits
    if width == 32:
        return virtual
    high = (virtual >> _U(width - 1)) != 0
    return np.where(high, virtual | _U((1 << 64) - (1 << width)), virtual)


def physical_of(mode: PagingMode, leaves: Leaves) -> _Words:
    """Physical addresses of the pages."""
    frames: _Words = leaves.entries & _U(mode.facts.frame_mask & ~(leaves.size - 1))
    if mode is PagingMode.X86 and leaves.size > 0x1000:
        frames = frames | (((leaves.entries >> _U(13)) & _U(0xFF)) << _U(32))
    return frames
