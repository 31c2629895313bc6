"""The counters of a processor's block, looked for where the block of an unknown update may have them.

KernelTime, UserTime, DpcTime and InterruptTime follow each other on x64 (public symbol tables of 3790 to 22000), and
the first two together are about the ticks since boot, without those of sleep, on every processor.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace

from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout
from volplugins.processors.source import ProcessorSource

_BEFORE, _BEHIND = 0x1000, 0x4000  # of where the table has them
_FEWEST, _MOST = 0.9, 1.001  # of the ticks since boot awake
_LATE = 64
_FEWEST_TICKS = 64 * 60  # a minute: before, other small numbers pass for counters
_MEMBERS = ("KernelTime", "UserTime", "DpcTime", "InterruptTime")


def found_counters(source: ProcessorSource, layout: Layout) -> Layout | None:
    """The layout with its counters where they fit every processor; None where no place or more than one does."""
    clock = source.clock
    if source.bits != 64 or clock is None or clock.awake_ticks < _FEWEST_TICKS or not source.processors:
        return None
    expected = layout.offset("KernelTime")
    first, words = expected - _BEFORE, (_BEFORE + _BEHIND) // 4
    fitting: set[int] | None = None
    for processor in source.processors:
        try:
            data = source.memory.read(processor.prcb + first, 4 * words)
        except ReadError:
            return None
        places = _places(struct.unpack(f"<{words}I", data), clock.awake_ticks)
        fitting = places if fitting is None else fitting & places
        if not fitting:
            return None
    if fitting is None or len(fitting) != 1:
        return None
    at = first + 4 * fitting.pop()
    counters = {name: (at + 4 * number, 4) for number, name in enumerate(_MEMBERS)}
    return replace(layout, members={**layout.members, **counters}, size=max(layout.size, at + 16))


def _places(words: Sequence[int], ticks: int) -> set[int]:
    """Indexes at which four words can be the counters of one processor."""
    low, high = _FEWEST * ticks - _LATE, _MOST * ticks + _LATE
    return {
        index
        for index in range(len(words) - 3)
        if words[index] and low <= words[index] + words[index + 1] <= high
        and words[index + 2] + words[index + 3] <= words[index] and words[index + 1]
    }  # fmt: skip
