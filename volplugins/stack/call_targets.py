"""Where the direct calls of one section lead to within it, gathered piece by piece."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CALL = 5  # bytes of E8 and its displacement
_PENDING = 1 << 18  # targets that wait before they are put among the others

_Targets = npt.NDArray[np.uint32]
_Flags = npt.NDArray[np.bool_]


class CallTargets:
    """Targets of calls, each once, and whether several calls lead there; offsets are from the section's start.

    Args:
        size: the section's bytes, 2 GiB at most.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        # twice the place, and one more where several calls lead there: ascending, each place once
        self._kept: _Targets = np.zeros(0, dtype=np.uint32)
        self._pending: list[_Targets] = []  # the same, each piece by itself
        self._waiting = 0

    def __len__(self) -> int:
        """How many places are kept, each counted once.

        Those that still wait to be put among them, half as many and one piece's at most, are not counted: they may be
        there already.
        """
        return len(self._kept)

    def add(self, code: npt.NDArray[np.uint8], start: int) -> None:
        """Take the calls in ``code``, which lies at ``start``; one that is not whole there is none."""
        at = np.flatnonzero(code[: max(len(code) - CALL + 1, 0)] == 0xE8)
        words = np.zeros(len(at), dtype=np.uint32)
        for place in range(4):
            words |= code[at + 1 + place].astype(np.uint32) << np.uint32(8 * place)
        targets = at + words.view(np.int32) + (start + CALL)
        inside = targets[(targets >= 0) & (targets < self._size)].astype(np.uint32)
        self._pending.append(_each_once(inside << np.uint32(1)))
        self._waiting += len(self._pending[-1])
        if self._waiting > len(self._kept) // 2 + _PENDING:
            self._merge()

    def merged(self) -> tuple[_Targets, _Flags]:
        """The targets, ascending, and whether more than one call leads to each."""
        self._merge()
        return self._kept >> np.uint32(1), (self._kept & np.uint32(1)).astype(np.bool_)

    def _merge(self) -> None:
        together = np.concatenate([self._kept, *self._pending])
        self._pending.clear()
        self._kept = _each_once(together)
        self._waiting = 0


def _each_once(places: _Targets) -> _Targets:
    """Of doubled places, marked or not, each once: marked where it is there several times, or marked once.

    Args:
        places: is sorted in place.
    """
    places.sort()
    last = np.ones(len(places), dtype=np.bool_)
    last[:-1] = (places[1:] ^ places[:-1]) > 1
    first = np.ones(len(places), dtype=np.bool_)
    first[1:] = last[:-1]
    kept = places[last]  # the marked one, where both are there
    kept |= ~first[last]
    return kept
