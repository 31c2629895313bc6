"""What was tried on the way to the kernel, and how much time there is for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

SECONDS = 20.0
_SHOWN = 3  # places of a line
Tried = tuple[str, tuple[int, ...]]  # what was tried, and the places


@dataclass(slots=True)
class SearchLog:
    """The record of one search.

    Attributes:
        seconds: how long the search may take in all.
        clock: gives the time in seconds.
        led: what had been tried when the kernel was found, as ``restore`` takes it.
    """

    seconds: float = SECONDS
    clock: Callable[[], float] = time.monotonic
    led: tuple[Tried, ...] = ()
    _tried: dict[str, list[int]] = field(default_factory=dict)
    _start: float = field(init=False)

    def __post_init__(self) -> None:
        self._start = self.clock()

    def next_part(self) -> None:
        """What follows the search for the kernel has as long again: a slow file is not to cost it its own time."""
        self._start = self.clock()

    def add(self, text: str, *where: int) -> None:
        """Note what was tried and what came of it; the same at several places is one line."""
        self._tried.setdefault(text, []).extend(where)

    def restore(self, tried: Iterable[Tried]) -> None:
        """Note what an earlier search had tried."""
        for text, where in tried:
            self.add(text, *where)

    def found(self) -> None:
        """Note that the kernel was found by what has been tried."""
        self.led = tuple((text, tuple(where)) for text, where in self._tried.items())

    @property
    def tried(self) -> list[str]:
        """What was tried, in order, with the places."""
        return [text + _places(where) for text, where in self._tried.items()]

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return self.clock() - self._start > self.seconds


def _places(where: list[int]) -> str:
    if not where:
        return ""
    more = f" and {len(where) - _SHOWN} more" if len(where) > _SHOWN else ""
    return f" ({', '.join(f'{each:#x}' for each in where[:_SHOWN])}{more})"
