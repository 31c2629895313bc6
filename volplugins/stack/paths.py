"""The likeliest way through the words of a stack that may be return addresses: dynamic search over all of it.

A step is worth what its caller's call says, roughly as the logarithm of how much oftener that is seen at true frames
than at words that old calls left: these, too, lead to one another, so that a proof is worth little beside a disproof.
Where little code can be read, a word that nothing is known of is worth a little: all of them are kept.
docs/confidence.md has what that gives on stacks whose truth is known.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from volplugins.stack.frame import Frame
from volplugins.stack.links import Callee, Link

_CALLS = {Link.PROVES: 1.0, Link.FITS: 0.8, Link.DOUBTFUL: -3.0, Link.DISPROVES: -20.0}
# where the code around most words is there, most that go through pointers are old, and what is not there was discarded
_WORTH_READ = {**_CALLS, Link.NEUTRAL: -0.3, Link.UNREAD: -0.5}
_WORTH_UNREAD = {**_CALLS, Link.NEUTRAL: 0.3, Link.UNREAD: 0.2}
_TOO_CLOSE = -6.0  # the caller lies within what the function's prolog takes
_IN_PLACE = 1.5  # x64: right above what the function's prolog takes; on x86 arguments lie between
_WIDTH_64 = 8
# each byte that no frame accounts for: below a trap frame, and at the top of the stack, which begins with a gap
TRAP_FRAME, TOP = -0.007, -0.002
_TOO_FAR = -30.0  # a stack whose first functions are missing
_WINDOW = 64  # words ahead among which a caller is looked for
MOST_WORDS = 1024  # in one search; the next begins at the last of them
_IMPOSSIBLE = -1e9


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may be a return address.

    Attributes:
        frame: the frame it makes.
        callee: its function, as what the next caller calls.
        depth: bytes that its prolog takes: a lower bound of where its own caller is.
        exact: (instruction pointer, stack pointer) of its caller by unwind data; None where that has nothing to say.
        ends: whether unwind data lead to the end of the stack, or to a frame of the processor.
    """

    frame: Frame
    callee: Callee
    depth: int = 0
    exact: tuple[int, int] | None = None
    ends: bool = False


class Paths:
    """The best way from every candidate to the end of the stack.

    Args:
        candidates: by ascending stack pointer.
        link: what the call before a candidate says of a function below.
        end: what it is worth that the stack ends right above a frame.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        width: int,
        link: Callable[[Candidate, Callee], Link],
        end: Callable[[int], float],
    ) -> None:
        self.candidates = candidates
        self._width, self._link, self._end_above = width, link, end
        self._places = [each.frame.sp for each in candidates]
        unread = sum(each.frame.call_checked is None for each in candidates)
        self._worth_of = _WORTH_READ if 2 * unread < len(candidates) else _WORTH_UNREAD
        self._worth = [_IMPOSSIBLE] * len(candidates)
        for place in range(len(candidates) - 1, -1, -1):
            self._worth[place] = self._best(place + 1, candidates[place])[0]

    def after(self, start: Candidate) -> Candidate | None:
        """The caller of ``start``, which is none of the candidates; None where the stack ends."""
        found = self._best(bisect_left(self._places, start.frame.sp + self._width), start)[1]
        return self.candidates[found] if found is not None else None

    def _best(self, above: int, here: Candidate) -> tuple[float, int | None]:
        """Worth of the best way from ``here``, and the candidate it goes to: one from place ``above`` on."""
        best, choice = self._end(here), None
        for place in self._ahead(above, here):
            worth = self._step(here, self.candidates[place]) + self._worth[place]
            if worth > best:
                best, choice = worth, place
        return best, choice

    def _ahead(self, above: int, here: Candidate) -> Iterator[int]:
        """Places of the candidates that may have called ``here``: the next ones, and those behind its prolog's part."""
        yield from range(above, min(above + _WINDOW, len(self.candidates)))
        behind = bisect_left(self._places, here.frame.sp + here.depth + self._width)
        yield from range(max(behind, above + _WINDOW), min(behind + _WINDOW, len(self.candidates)))

    def _end(self, here: Candidate) -> float:
        if here.ends:
            return 0.0
        if here.exact is not None:
            return _IMPOSSIBLE
        return self._end_above(here.frame.sp)

    def _step(self, here: Candidate, following: Candidate) -> float:
        frame = following.frame
        if here.ends:
            return _IMPOSSIBLE
        if here.exact is not None:
            return _CALLS[Link.PROVES] if here.exact == (frame.ip, frame.sp) else _IMPOSSIBLE
        return self._worth_of[self._link(following, here.callee)] + self._by_depth(here, frame.sp - self._width)

    def _by_depth(self, here: Candidate, place: int) -> float:
        """What the prolog of ``here`` says of a return address at ``place``."""
        over = place - here.frame.sp - here.depth
        if over < 0:
            return _TOO_CLOSE
        return _IN_PLACE if not over and here.depth and self._width == _WIDTH_64 else 0.0


def end_below(above: int, reach: int, byte: float) -> float:
    """What an end of the stack is worth that lies ``above`` bytes over a frame, ``reach`` at the most."""
    return above * byte if above <= reach else _TOO_FAR
