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
        size: the section's bytes.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._places: _Targets = np.zeros(0, dtype=np.uint32)
        self._often: _Flags = np.zeros(0, dtype=np.bool_)
        self._pending: list[tuple[_Targets, _Flags]] = []
        self._waiting = 0

    def __len__(self) -> int:
        """How many places are kept, those twice that more than one piece leads to."""
        return len(self._places) + self._waiting

    def add(self, code: npt.NDArray[np.uint8], start: int) -> None:
        """Take the calls in ``code``, which lies at ``start``; one that is not whole there is none."""
        at = np.flatnonzero(code[: max(len(code) - CALL + 1, 0)] == 0xE8)
        words = np.zeros(len(at), dtype=np.uint32)
        for place in range(4):
            words |= code[at + 1 + place].astype(np.uint32) << np.uint32(8 * place)
        targets = at + words.view(np.int32) + (start + CALL)
        inside = targets[(targets >= 0) & (targets < self._size)].astype(np.uint32)
        places, calls = np.unique(inside, return_counts=True)
        self._pending.append((places, calls > 1))
        self._waiting += len(places)
        if self._waiting > len(self._places) + _PENDING:
            self._merge()

    def merged(self) -> tuple[_Targets, _Flags]:
        """The targets, ascending, and whether more than one call leads to each."""
        self._merge()
        return self._places, self._often

    def _merge(self) -> None:
        places = np.concatenate([self._places, *(places for places, _ in self._pending)])
        often = np.concatenate([self._often, *(often for _, often in self._pending)])
        order = np.argsort(places, kind="stable")
        places, often = places[order], often[order]
        first = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1]))) if len(places) else order
        calls = np.diff(np.append(first, len(places)))
        self._places = places[first]
        self._often = (calls > 1) | np.logical_or.reduceat(often, first) if len(places) else often
        self._pending.clear()
        self._waiting = 0
