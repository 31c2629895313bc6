"""How well a frame of the crashing stack is proved: by itself, and by the frames below it that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

from volplugins.stack.frame import Frame, Trust


class Proof(IntEnum):
    """Best last. ``CHECKED``: a word of the stack or of the EBP chain that follows a call; ``NONE``: unchecked."""

    NONE = 0
    CHECKED = 1
    EXACT = 2


# registers that were saved whole, and what the processor wrote down itself: what was before does not matter
_ANEW = frozenset({Trust.CONTEXT, Trust.TRAP_FRAME, Trust.SWITCH_FRAME, Trust.TASK_STATE, Trust.SHADOW_STACK})


def proved(frames: Iterable[Frame]) -> Iterator[tuple[Frame, Proof]]:
    """Each frame with its proof: one that was reached from a scanned frame is no better than that."""
    base = Proof.EXACT
    for frame in frames:
        if frame.trust in _ANEW:
            base = Proof.EXACT
        elif frame.trust is Trust.SCAN:
            base = Proof.CHECKED if frame.call_checked is True else Proof.NONE
        yield frame, min(base, _own(frame))


def _own(frame: Frame) -> Proof:
    """What the frame's own kind is worth."""
    if frame.trust in (Trust.SCAN, Trust.FRAME_POINTER):
        return Proof.CHECKED if frame.call_checked is True else Proof.NONE
    return Proof.EXACT
